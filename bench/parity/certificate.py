"""The certificate of a workload: what was compared, on what it depends, and what was found."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.core.serialization import (
    DecodeError,
    Document,
    Layout,
    decode_json,
    items_of,
    rename_keys,
)
from bench.core.text import BenchError
from bench.parity.fingerprint import FunctionFingerprint
from bench.parity.quantity import ComparedQuantity

#: Raised whenever the file's fields, the stages, the subject or the tolerance change.
CERTIFICATE_VERSION: Final = 4

#: What this checkout reads; the rules of 3 are those of 4, and two of its fields had other names.
READABLE_CERTIFICATE_VERSIONS: Final = (3, 4)


class CertificateError(BenchError, ValueError):
    """A certificate is damaged or of another version."""


class PairVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the quantities of two backends say.

    Where they differ, `stage` and `name` are of the first quantity that does, in the order of
    STAGES and of the computation, which takes the model backwards for gradients; `by` tells how far
    in a phrase. One whose float64 results differ is named before any that differs by rounding
    alone. `max_bound_fraction` is the largest fraction of its bound that any quantity reached, None
    where one has no bound.
    """

    backends: tuple[str, str]
    verdict: Literal["certified", "differs"]
    quantities: int
    max_bound_fraction: float | None
    stage: str | None = None
    name: str | None = None
    by: str | None = None

    @property
    def text(self) -> str:
        """`certified`, or `differs: STAGE NAME by HOW FAR`."""
        if self.verdict == "certified":
            return "certified"
        return f"differs: {self.stage} {self.name} by {self.by}"


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One workload on some backends, each of which is one of its subjects.

    It says something of these subjects alone. The rest is how it was made: on which images and how
    many at a time, from weights of which seed, with how many steps of training. `failures` says in
    a phrase why a backend could not be compared.
    """

    certificate_version: int
    workload: str
    subjects: tuple[FunctionFingerprint, ...]
    pairs: tuple[PairVerdict, ...]
    failures: dict[str, str]
    dataset: str
    dataset_fingerprint: str
    batch_size: int
    seed: int
    steps: int
    made_at: str
    commit: str | None


def judge_quantities(quantities: Iterable[ComparedQuantity]) -> tuple[PairVerdict, ...]:
    """Return the verdict of each pair of backends, in the order in which the pairs come."""
    pairs: dict[tuple[str, str], list[ComparedQuantity]] = {}
    for quantity in quantities:
        pairs.setdefault(quantity.backends, []).append(quantity)
    return tuple(_verdict(backends, own) for backends, own in pairs.items())


def _verdict(backends: tuple[str, str], own: Sequence[ComparedQuantity]) -> PairVerdict:
    parts = [quantity.part for quantity in own]
    fraction = None if None in parts else max(part for part in parts if part is not None)
    differing = [quantity for quantity in own if not quantity.same]
    if not differing:
        return PairVerdict(
            backends=backends, verdict="certified", quantities=len(own), max_bound_fraction=fraction
        )
    first = _first(differing)
    return PairVerdict(
        backends=backends,
        verdict="differs",
        quantities=len(own),
        max_bound_fraction=fraction,
        stage=first.stage,
        name=first.label,
        by=first.what or _how_far(first),
    )


def _first(differing: Sequence[ComparedQuantity]) -> ComparedQuantity:
    others = [quantity for quantity in differing if not quantity.rounds_alone] or differing
    stage = [quantity for quantity in others if quantity.stage == others[0].stage]
    return stage[-1] if others[0].stage == "gradient" else stage[0]


def _how_far(quantity: ComparedQuantity) -> str:
    alone = " by rounding alone" if quantity.rounds_alone else ""
    return f"{quantity.worst:.2g}{alone} where {quantity.allowed:.2g} is allowed"


def decode_certificate(content: bytes, where: str) -> Certificate:
    """Return the certificate in a file's content; CertificateError names `where` it is unusable."""
    try:
        version = CERTIFICATE_LAYOUT.version_of(content)
        if version not in READABLE_CERTIFICATE_VERSIONS:
            readable = " and ".join(map(str, READABLE_CERTIFICATE_VERSIONS))
            raise CertificateError(
                f"{where} has certificate version {version}, this checkout reads {readable}; "
                "certify the workload again."
            )
        return CERTIFICATE_LAYOUT.decode(content)
    except DecodeError as error:
        raise CertificateError(f"{where} is not a certificate: {error}.") from error


def encode_certificates(certificates: Sequence[Certificate]) -> str:
    """Return the certificates as one indented JSON array that ends in a newline."""
    content = msgspec.json.encode(certificates, order="deterministic")
    return msgspec.json.format(content, indent=1).decode() + "\n"


def decode_certificates(content: bytes, where: str) -> list[Certificate]:
    """Return the certificates in a certificates.json; CertificateError names `where` one is not."""
    try:
        parts = decode_json(content, list[msgspec.Raw])
    except DecodeError as error:
        raise CertificateError(f"{where} holds no certificates: {error}.") from error
    return [decode_certificate(bytes(part), where) for part in parts]


def _upgrade(document: Document) -> None:
    for pair in items_of(document, "pairs"):
        rename_keys(pair, {"says": "verdict", "closest": "max_bound_fraction"})


#: How certificates are stored.
CERTIFICATE_LAYOUT: Final = Layout(
    Certificate, "certificate_version", CERTIFICATE_VERSION, _upgrade
)


def read_certificates(reports: Path) -> tuple[list[Certificate], list[str]]:
    """Return the usable certificates of a reports folder, oldest first, and what others lack."""
    found, unusable = [], []
    for path in sorted((reports / "certificates").glob("*/*/certificate.json")):
        try:
            found.append(decode_certificate(path.read_bytes(), str(path)))
        except (CertificateError, OSError) as error:
            unusable.append(str(error))
    return sorted(found, key=lambda certificate: certificate.made_at), unusable


def parity(certificates: Sequence[Certificate], subjects: tuple[str, str]) -> str:
    """Return what the newest certificate says of two subjects, given by their sha256.

    `certified`, `differs: …`, or `not certified` where none is of both.
    """
    for certificate in sorted(certificates, key=lambda found: found.made_at, reverse=True):
        named = {subject.sha256: subject.backend for subject in certificate.subjects}
        backends = {named[subject] for subject in subjects if subject in named}
        for pair in certificate.pairs:
            if set(pair.backends) == backends:
                return pair.text
    return "not certified"


def is_current(certificates: Sequence[Certificate], subject: str) -> str:
    """Return what the newest certificate says of one subject beside all others of it.

    `certified`, the first `differs: …`, or `not certified` where none is of it.
    """
    for certificate in sorted(certificates, key=lambda found: found.made_at, reverse=True):
        named = {found.sha256: found.backend for found in certificate.subjects}
        own = [pair for pair in certificate.pairs if named.get(subject) in pair.backends]
        if own:
            return next((pair.text for pair in own if pair.verdict == "differs"), "certified")
    return "not certified"

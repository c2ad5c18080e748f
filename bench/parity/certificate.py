"""The certificate of a workload: its subjects, its conditions and the verdicts per pair."""

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

#: Versions that this checkout reads. Version 3 has the rules of 4 and other names for two fields.
READABLE_CERTIFICATE_VERSIONS: Final = (3, 4)


class CertificateError(BenchError, ValueError):
    """A certificate is damaged or of another version."""


class PairVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict on two backends, from all their quantities.

    If they differ, `stage` and `name` are those of the first differing quantity, in the order of
    STAGES and of the computation, which runs backwards through the model for gradients. `by` is the
    size of the difference in a phrase. Quantities whose float64 results differ come before those
    that differ only by rounding. `max_bound_fraction` is the largest fraction of its bound that any
    quantity reached; None if a quantity has no bound.
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
    """One workload on several backends, each of which is one of its subjects.

    The certificate holds only for these subjects. The other fields are the conditions of the
    comparison: dataset, batch size, seed of the weights and steps of training. `failures` gives the
    reason, in a phrase, why a backend could not be compared.
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
    """Return the verdict of each pair of backends, in the order of their first quantities."""
    pairs: dict[tuple[str, str], list[ComparedQuantity]] = {}
    for quantity in quantities:
        pairs.setdefault(quantity.backends, []).append(quantity)
    return tuple(_verdict(backends, each) for backends, each in pairs.items())


def _verdict(backends: tuple[str, str], quantities: Sequence[ComparedQuantity]) -> PairVerdict:
    fractions = [quantity.bound_fraction for quantity in quantities]
    largest = None if None in fractions else max(each for each in fractions if each is not None)
    differing = [quantity for quantity in quantities if not quantity.same]
    if not differing:
        return PairVerdict(
            backends=backends,
            verdict="certified",
            quantities=len(quantities),
            max_bound_fraction=largest,
        )
    first = _first(differing)
    return PairVerdict(
        backends=backends,
        verdict="differs",
        quantities=len(quantities),
        max_bound_fraction=largest,
        stage=first.stage,
        name=first.label,
        by=first.mismatch or _how_far(first),
    )


def _first(differing: Sequence[ComparedQuantity]) -> ComparedQuantity:
    named = [quantity for quantity in differing if not quantity.rounds_alone] or differing
    stage = [quantity for quantity in named if quantity.stage == named[0].stage]
    return stage[-1] if named[0].stage == "gradient" else stage[0]


def _how_far(quantity: ComparedQuantity) -> str:
    alone = " by rounding alone" if quantity.rounds_alone else ""
    return f"{quantity.worst:.2g}{alone} where {quantity.allowed:.2g} is allowed"


def decode_certificate(content: bytes, where: str) -> Certificate:
    """Return the certificate in a file's content; CertificateErrors name `where`, the file."""
    try:
        version = CERTIFICATE_LAYOUT.version_of(content)
        if version not in READABLE_CERTIFICATE_VERSIONS:
            readable = " and ".join(map(str, READABLE_CERTIFICATE_VERSIONS))
            raise CertificateError(
                f"{where} has certificate version {version}, but this checkout reads {readable}; "
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
    """Return the certificates of a certificates.json; CertificateErrors name `where`, the file."""
    try:
        parts = decode_json(content, list[msgspec.Raw])
    except DecodeError as error:
        raise CertificateError(f"{where} does not contain certificates: {error}.") from error
    return [decode_certificate(bytes(part), where) for part in parts]


def _upgrade(document: Document) -> None:
    for pair in items_of(document, "pairs"):
        rename_keys(pair, {"says": "verdict", "closest": "max_bound_fraction"})


#: The stored form of certificates.
CERTIFICATE_LAYOUT: Final = Layout(
    Certificate, "certificate_version", CERTIFICATE_VERSION, _upgrade
)


def read_certificates(reports: Path) -> tuple[list[Certificate], list[str]]:
    """Return the usable certificates of a reports folder, oldest first, and errors of others."""
    usable, errors = [], []
    for path in sorted((reports / "certificates").glob("*/*/certificate.json")):
        try:
            usable.append(decode_certificate(path.read_bytes(), str(path)))
        except (CertificateError, OSError) as error:
            errors.append(str(error))
    return sorted(usable, key=_made_at), errors


def _made_at(certificate: Certificate) -> str:
    return certificate.made_at


def parity(certificates: Sequence[Certificate], subjects: tuple[str, str]) -> str:
    """Return the verdict of the newest certificate on two subjects, given by their sha256.

    It is `certified`, `differs: …`, or `not certified` if no certificate covers both.
    """
    for certificate in sorted(certificates, key=_made_at, reverse=True):
        named = {subject.sha256: subject.backend for subject in certificate.subjects}
        backends = {named[subject] for subject in subjects if subject in named}
        for pair in certificate.pairs:
            if set(pair.backends) == backends:
                return pair.text
    return "not certified"


def subject_parity(certificates: Sequence[Certificate], subject: str) -> str:
    """Return the verdict of the newest certificate on one subject and all its other subjects.

    It is `certified`, the first `differs: …`, or `not certified` if no certificate covers it.
    """
    for certificate in sorted(certificates, key=_made_at, reverse=True):
        named = {each.sha256: each.backend for each in certificate.subjects}
        pairs = [pair for pair in certificate.pairs if named.get(subject) in pair.backends]
        if pairs:
            return next((pair.text for pair in pairs if pair.verdict == "differs"), "certified")
    return "not certified"

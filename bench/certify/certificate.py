"""The certificate of a workload: what was compared, on what it depends, and what was found."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.certify.compare import Quantity
from bench.record import Scalar

#: Raised whenever the file's fields, the stages or the tolerance change.
CERTIFICATE_VERSION: Final = 1

#: Resolved settings that change what is computed: a certificate holds for these alone.
DECIDING: Final = ("dtype_policy", "floatx", "epsilon", "data_format", "tf32")


class PairVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the quantities of two backends say.

    Where they differ, `stage` and `name` are of the first quantity that does, in the order of
    STAGES and of the model, and `by` tells how far in a phrase. `closest` is the largest part of
    its bound that any quantity took.
    """

    backends: tuple[str, str]
    says: Literal["certified", "differs"]
    quantities: int
    closest: float
    stage: str | None = None
    name: str | None = None
    by: str | None = None


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One workload on some backends; `versions` and `settings` are by backend.

    It holds for the same source, number of parameters, versions and deciding settings only.
    `failures` says in a phrase why a backend could not be compared.
    """

    certificate_version: int
    workload: str
    workload_source: str
    parameters: int
    dataset: str
    dataset_fingerprint: str
    batch_size: int
    seed: int
    steps: int
    device: str
    made_at: str
    commit: str | None
    machine: dict[str, Scalar]
    versions: dict[str, dict[str, str]]
    settings: dict[str, dict[str, Scalar]]
    pairs: tuple[PairVerdict, ...]
    failures: dict[str, str]


class CertificateError(ValueError):
    """A certificate is damaged or of another version."""


def judge_quantities(quantities: Iterable[Quantity]) -> tuple[PairVerdict, ...]:
    """Return the verdict of each pair of backends, in the order in which the pairs come."""
    pairs: dict[tuple[str, str], list[Quantity]] = {}
    for quantity in quantities:
        pairs.setdefault(quantity.backends, []).append(quantity)
    return tuple(_verdict(backends, own) for backends, own in pairs.items())


def _verdict(backends: tuple[str, str], own: Sequence[Quantity]) -> PairVerdict:
    closest = max((quantity.part for quantity in own), default=0.0)
    first = next((quantity for quantity in own if not quantity.same), None)
    if first is None:
        return PairVerdict(
            backends=backends, says="certified", quantities=len(own), closest=closest
        )
    return PairVerdict(
        backends=backends,
        says="differs",
        quantities=len(own),
        closest=closest,
        stage=first.stage,
        name=first.name.partition(":")[2] or first.name,
        by=first.what or f"{first.worst:.2g} where {first.allowed:.2g} is allowed",
    )


def decode_certificate(content: bytes, where: str) -> Certificate:
    """Return the certificate in a file's content; CertificateError names `where` it is unusable."""
    try:
        version = msgspec.json.decode(content, type=_Version).certificate_version
        if version != CERTIFICATE_VERSION:
            raise CertificateError(
                f"{where} is of certificate version {version}; this harness reads "
                f"{CERTIFICATE_VERSION}: certify the workload again."
            )
        return msgspec.json.decode(content, type=Certificate)
    except msgspec.MsgspecError as error:
        raise CertificateError(f"{where} is damaged: {error}.") from error


class _Version(msgspec.Struct):
    certificate_version: int


def read_certificates(reports: Path) -> tuple[list[Certificate], list[str]]:
    """Return all usable certificates of a reports folder, and a sentence for each unusable one."""
    found, unusable = [], []
    for path in sorted((reports / "certificates").glob("*/certificate.json")):
        try:
            found.append(decode_certificate(path.read_bytes(), str(path)))
        except (CertificateError, OSError) as error:
            unusable.append(str(error))
    return found, unusable


def parity(
    certificates: Sequence[Certificate], above: Mapping[str, object], below: Mapping[str, object]
) -> str:
    """Return `certified`, `differs: …` or `not certified` for two rows of cells.csv.

    Only a certificate counts that holds for both rows: all that it depends on is the same there.
    The newest one of those speaks.
    """
    backends = (above["backend"], below["backend"])
    for certificate in sorted(certificates, key=lambda found: found.made_at, reverse=True):
        if not all(_holds(certificate, row) for row in (above, below)):
            continue
        for pair in certificate.pairs:
            if set(pair.backends) == set(backends):
                differs = f"differs: {pair.stage} {pair.name} by {pair.by}"
                return "certified" if pair.says == "certified" else differs
    return "not certified"


def _holds(certificate: Certificate, row: Mapping[str, object]) -> bool:
    backend = str(row["backend"])
    settings = certificate.settings.get(backend)
    versions = certificate.versions.get(backend)
    if settings is None or versions is None:
        return False
    facts = {
        "workload": certificate.workload,
        "workload_source": certificate.workload_source,
        "parameters": certificate.parameters,
        "device": certificate.device,
        "keras_version": versions.get("keras"),
        "backend_version": versions.get(backend) or versions.get(f"{backend}-cpu"),
        **{f"settings_{name}": settings.get(name) for name in DECIDING},
    }
    return all(str(row[name]) == str(value) for name, value in facts.items())

"""Something in a reports folder that is not as it should be."""

from collections.abc import Callable, Container
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from bench.core.cell import PROTOCOL_VERSION, digest
from bench.core.record import READABLE_VERSIONS, Record, RecordError, decode_record
from bench.core.serialization import DecodeError, decode_json
from bench.parity.certificate import (
    READABLE_CERTIFICATE_VERSIONS,
    CertificateError,
    decode_certificate,
)
from bench.regression.store import READABLE_GATE_VERSIONS, GatePlan
from bench.runner.race_plan import RACE_VERSION, RacePlan
from bench.system.interpreter import digest_versions

#: `broken` cannot be used or contradicts itself, `left over` is the trace of a write that was cut
#: off: both are set aside by a repair. `foreign` is not ours to judge and stays.
State = Literal["broken", "left over", "foreign"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One file and why it is not as it should be, in a phrase.

    `path` is relative to the reports folder. `kept` is what a repair leaves in its place: the
    whole lines before one that was cut off; None where nothing is left.
    """

    path: Path
    state: State
    why: str
    kept: bytes | None = None


#: Returns the value in a document, or raises DecodeError.
Decode = Callable[[bytes], object]

#: Returns the flaw of a file of this path (relative to the reports folder) and content, or None.
Examine = Callable[[Path, bytes], Problem | None]


def examine_record(path: Path, content: bytes) -> Problem | None:
    """Return what is wrong with a record: its text, its name, its run, or that it was edited."""
    if (other := _other_version(path, content, "record_version", READABLE_VERSIONS)) is not None:
        return other
    try:
        record = decode_record(content, "it")
    except RecordError as error:
        return _broken(path, str(error).rstrip("."))
    if record.file_name != path.name:
        return _broken(path, f"it holds the record {record.file_name}")
    run = path.parts[1] if path.parts[0] == "runs" else record.run_id
    if record.run_id != run:
        return _broken(path, f"it is a record of run {record.run_id}")
    if record.protocol_version == PROTOCOL_VERSION and _digest(record, content) != record.digest:
        return _broken(path, "it was edited: its digest is that of other facts")
    return None


def _digest(record: Record, content: bytes) -> str:
    """Return the digest of a record; of an older one the cell lacks what cells have got since."""
    return digest(
        decode_json(content, dict[str, Any])["cell"],
        workload_source=record.workload_source,
        dataset_fingerprint=record.dataset.fingerprint,
        versions=digest_versions(record.cell.backend, record.versions),
        environment=record.environment,
        instrumented=record.instrumented,
    )


def examine_certificate(path: Path, content: bytes) -> Problem | None:
    """Return what is wrong with a certificate."""
    readable = READABLE_CERTIFICATE_VERSIONS
    if (other := _other_version(path, content, "certificate_version", readable)) is not None:
        return other
    try:
        decode_certificate(content, "it")
    except CertificateError as error:
        return _broken(path, str(error).rstrip("."))
    return None


def examine_gate(path: Path, content: bytes) -> Problem | None:
    """Return what is wrong with the plan of a gate."""
    if (other := _other_version(path, content, "gate_version", READABLE_GATE_VERSIONS)) is not None:
        return other
    return _undecodable(path, content, partial(decode_json, kind=GatePlan))


def examine_race(path: Path, content: bytes) -> Problem | None:
    """Return what is wrong with the book of a race."""
    if (other := _other_version(path, content, "race_version", (RACE_VERSION,))) is not None:
        return other
    return _undecodable(path, content, partial(decode_json, kind=RacePlan))


def examine_lines(decode: Decode) -> Examine:
    """Return what examines a file to which lines of JSON are appended, each read by `decode`.

    A last line that was cut off is set aside alone; a damaged one in the middle was not cut off,
    and the file cannot be trusted.
    """

    def examine(path: Path, content: bytes) -> Problem | None:
        lines = content.splitlines(keepends=True)
        wrong = [n for n, line in enumerate(lines, 1) if _undecodable(path, line, decode)]
        if wrong and wrong != [len(lines)]:
            return _broken(path, f"line {wrong[0]} is damaged")
        if content and not content.endswith(b"\n"):
            whole = lines[:-1] if wrong else [*lines[:-1], lines[-1] + b"\n"]
            return _broken(path, "its last line was cut off", b"".join(whole))
        if wrong:
            return _broken(path, "its last line is damaged", b"".join(lines[:-1]))
        return None

    return examine


def _undecodable(path: Path, content: bytes, decode: Decode) -> Problem | None:
    try:
        decode(content)
    except DecodeError as error:
        return _broken(path, f"it cannot be read ({error})")
    return None


def _other_version(
    path: Path, content: bytes, field: str, readable: Container[int]
) -> Problem | None:
    """Return that a file is of a version that only another checkout can judge, or None."""
    try:
        version = decode_json(content, dict[str, Any]).get(field)
    except DecodeError:
        return None
    if not isinstance(version, int) or version in readable:
        return None
    why = f"it is of version {version}, which another checkout of the harness wrote"
    return Problem(path=path, state="foreign", why=why)


def _broken(path: Path, why: str, kept: bytes | None = None) -> Problem:
    return Problem(path=path, state="broken", why=why, kept=kept)

"""The checks of each kind of file in a reports folder, and the problem they report."""

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
from bench.runner.race_plan import RACE_LAYOUT, READABLE_RACE_VERSIONS
from bench.system.interpreter import digest_versions

#: A `broken` file cannot be used or contradicts itself; a `left over` file is the remainder of an
#: interrupted write. A repair sets both aside. A `foreign` file cannot be judged and stays.
State = Literal["broken", "left over", "foreign"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One file and its problem; `why` is a phrase.

    `path` is relative to the reports folder. `kept` is the content that a repair leaves in place:
    the complete lines before a truncated one, or None if nothing stays.
    """

    path: Path
    state: State
    why: str
    kept: bytes | None = None


#: Returns the value in a document, or raises DecodeError.
Decode = Callable[[bytes], object]

#: Returns the problem of a file, given its path below the reports folder and its content, or None.
Examine = Callable[[Path, bytes], Problem | None]


def examine_record(path: Path, content: bytes) -> Problem | None:
    """Return the problem of a record: its text, its name, its run or its digest; or None."""
    if (other := _other_version(path, content, "record_version", READABLE_VERSIONS)) is not None:
        return other
    try:
        record = decode_record(content, "it")
    except RecordError as error:
        return _broken(path, str(error).rstrip("."))
    if record.file_name != path.name:
        return _broken(path, f"it contains the record {record.file_name}")
    run = path.parts[1] if path.parts[0] == "runs" else record.run_id
    if record.run_id != run:
        return _broken(path, f"it is a record of run {record.run_id}")
    if record.protocol_version == PROTOCOL_VERSION and _digest(record, content) != record.digest:
        return _broken(path, "it was edited, because its digest does not match its content")
    return None


def _digest(record: Record, content: bytes) -> str:
    """Return the digest of a record, over the stored fields of its cell; older ones have fewer."""
    return digest(
        decode_json(content, dict[str, Any])["cell"],
        workload_source=record.workload_source,
        dataset_fingerprint=record.dataset.fingerprint,
        versions=digest_versions(record.cell.backend, record.versions),
        environment=record.environment,
        instrumented=record.instrumented,
    )


def examine_certificate(path: Path, content: bytes) -> Problem | None:
    """Return the problem of a certificate, or None."""
    readable = READABLE_CERTIFICATE_VERSIONS
    if (other := _other_version(path, content, "certificate_version", readable)) is not None:
        return other
    try:
        decode_certificate(content, "it")
    except CertificateError as error:
        return _broken(path, str(error).rstrip("."))
    return None


def examine_gate(path: Path, content: bytes) -> Problem | None:
    """Return the problem of the plan of a gate, or None."""
    if (other := _other_version(path, content, "gate_version", READABLE_GATE_VERSIONS)) is not None:
        return other
    return _undecodable(path, content, partial(decode_json, kind=GatePlan))


def examine_race(path: Path, content: bytes) -> Problem | None:
    """Return the problem of the plan of a race, or None."""
    if (other := _other_version(path, content, "race_version", READABLE_RACE_VERSIONS)) is not None:
        return other
    return _undecodable(path, content, RACE_LAYOUT.decode)


def examine_lines(decode: Decode) -> Examine:
    """Return the check of a file of JSON lines, each of which `decode` reads.

    A truncated last line is set aside alone. A damaged line in the middle is not the result of a
    truncation, so the whole file is broken.
    """

    def examine(path: Path, content: bytes) -> Problem | None:
        lines = content.splitlines(keepends=True)
        wrong = [n for n, line in enumerate(lines, 1) if _undecodable(path, line, decode)]
        if wrong and wrong != [len(lines)]:
            return _broken(path, f"line {wrong[0]} is damaged")
        if content and not content.endswith(b"\n"):
            complete = lines[:-1] if wrong else [*lines[:-1], lines[-1] + b"\n"]
            return _broken(path, "its last line is truncated", b"".join(complete))
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
    """Return the problem of a file whose version this checkout cannot judge, or None."""
    try:
        version = decode_json(content, dict[str, Any]).get(field)
    except DecodeError:
        return None
    if not isinstance(version, int) or version in readable:
        return None
    why = f"it has version {version}, which a different version of the harness wrote"
    return Problem(path=path, state="foreign", why=why)


def _broken(path: Path, why: str, kept: bytes | None = None) -> Problem:
    return Problem(path=path, state="broken", why=why, kept=kept)

"""Every document that an earlier version stored still reads, and gives the same values."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from bench.core.paths import CHECKOUT
from bench.core.record import READABLE_VERSIONS, RECORD_VERSION, decode_record, encode_record
from bench.core.serialization import DecodeError, Layout
from bench.integrity.readers import examine_race
from bench.parity.certificate import (
    READABLE_CERTIFICATE_VERSIONS,
    CertificateError,
    decode_certificate,
    decode_certificates,
)
from bench.profiling.samples import FILE, READABLE_LAYERS_VERSIONS, read_samples
from bench.regression.pair import PAIR_LAYOUT, PAIR_VERSION
from bench.regression.store import READABLE_GATE_VERSIONS, GateStore
from bench.runner.race_plan import READABLE_RACE_VERSIONS, read_race_plan
from bench.storage.sessions import SESSION_VERSION, read_sessions, start_session
from validation.gate.simulation import SUITE_LAYOUT, SUITE_VERSION

EARLIER = CHECKOUT / "tests" / "fixtures" / "earlier"


def _read_gate(content: bytes, folder: Path) -> object:
    (folder / "gate.json").write_bytes(content)
    return GateStore(folder).plan()


def _read_pair(content: bytes, folder: Path) -> object:
    (folder / "pairs.jsonl").write_bytes(content)
    [pair] = GateStore(folder).pairs()
    return pair


def _read_session(content: bytes, folder: Path) -> object:
    (folder / "sittings.jsonl").write_bytes(content)
    [session] = read_sessions(folder)
    return session


def _read_samples(content: bytes, folder: Path) -> object:
    (folder / FILE).write_bytes(content)
    [samples] = read_samples(folder)
    return samples


def _read_race(content: bytes, folder: Path) -> object:
    (folder / "race.json").write_bytes(content)
    return read_race_plan(folder)


class Stored(NamedTuple):
    """How a kind of document is read, its version's field, and today's names of renamed fields."""

    read: Callable[[bytes, Path], object]
    version: str
    readable: tuple[int, ...]
    names: Mapping[str, str] = {}


KINDS = {
    "record": Stored(
        lambda content, _: decode_record(content, "it"),
        "record_version",
        READABLE_VERSIONS,
        {
            "race.sitting": "race.session",
            **{
                f"result.epochs.{name}": f"result.epochs.logs.{name}"
                for name in ("loss", "accuracy", "val_loss", "val_accuracy")
            },
        },
    ),
    "certificate": Stored(
        lambda content, _: decode_certificate(content, "it"),
        "certificate_version",
        READABLE_CERTIFICATE_VERSIONS,
        {"pairs.says": "pairs.verdict", "pairs.closest": "pairs.max_bound_fraction"},
    ),
    "gate": Stored(_read_gate, "gate_version", READABLE_GATE_VERSIONS),
    "pair": Stored(
        _read_pair,
        "pair_version",
        (1, PAIR_VERSION),
        {"turns": "slices"},
    ),
    "session": Stored(_read_session, "session_version", (1, SESSION_VERSION)),
    "samples": Stored(
        _read_samples,
        "layers_version",
        READABLE_LAYERS_VERSIONS,
        {
            "timings.part": "timings.scope",
            "timings.timed": "timings.direction",
            "timings.kind": "timings.layer_class",
            "timings.same": "timings.shared_with",
        },
    ),
    "suite": Stored(
        lambda content, _: SUITE_LAYOUT.decode(content),
        "suite_version",
        (1, SUITE_VERSION),
        {"said": "answers"},
    ),
    "race": Stored(_read_race, "race_version", READABLE_RACE_VERSIONS),
}
FILES = sorted(EARLIER.glob("*.json"))


def leaves(value: object, names: Mapping[str, str], path: str = "") -> Iterator[tuple[str, object]]:
    """Yield the path of each value in a document, under today's names, and the value.

    A path has the names and numbers of all keys; `names` are those of paths without numbers.
    """
    if isinstance(value, dict):
        for key, each in value.items():
            former = f"{_unnumbered(path)}{key}"
            yield from leaves(
                each, names, f"{path}{names.get(former, former).removeprefix(_unnumbered(path))}."
            )
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, names, f"{path}{number}.")
        yield path, len(value)
    else:
        yield path, value


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _unnumbered(path: str) -> str:
    return "".join(f"{name}." for name in path.split(".")[:-1] if not name.isdigit())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_earlier_document_gives_the_values_that_it_holds(path: Path, tmp_path: Path) -> None:
    kind = KINDS[path.stem.partition("-")[0]]
    old = json.loads(path.read_bytes())
    value = kind.read(path.read_bytes(), tmp_path)
    found = dict(leaves(json.loads(msgspec.json.encode(value)), {}))
    expected = dict(leaves(old, kind.names))
    versions = {f"{kind.version}.", "sitting_version."}
    assert {key: found.get(key) for key in expected.keys() - versions} == {
        key: expected[key] for key in expected.keys() - versions
    }
    added = {_last(key.rstrip(".")) for key in found.keys() - expected.keys()}
    assert added <= _defaulted(type(value)) | {_last(key.rstrip(".")) for key in versions}


def _defaulted(kind: type) -> set[str]:
    """Return the names of all fields with a default, of a struct and of those within it."""
    names: set[str] = set()
    for each in [kind, *_structs(kind)]:
        names |= {field.name for field in msgspec.structs.fields(each) if not field.required}
    return names


def _structs(kind: type, seen: frozenset[type] = frozenset()) -> Iterator[type]:
    """Yield the structs that the fields of a struct hold."""
    for field in msgspec.structs.fields(kind):
        for each in _parts(field.type):
            if isinstance(each, type) and issubclass(each, msgspec.Struct) and each not in seen:
                yield each
                yield from _structs(each, seen | {each})


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for each in getattr(annotation, "__args__", ()):
        yield from _parts(each)


@pytest.mark.parametrize("name", KINDS)
def test_each_earlier_version_has_a_stored_example(name: str) -> None:
    stored = {int(path.stem.rpartition("-")[2]) for path in EARLIER.glob(f"{name}-*.json")}
    readable = KINDS[name].readable
    assert stored == (set(readable) - {max(readable)} or {max(readable)})


@pytest.mark.parametrize("version", range(1, RECORD_VERSION))
def test_a_record_of_an_earlier_version_is_stored_again_as_one_of_today(version: int) -> None:
    record = decode_record((EARLIER / f"record-{version}.json").read_bytes(), "it")
    again = encode_record(record)
    assert json.loads(again)["record_version"] == RECORD_VERSION
    assert b'"sitting"' not in again
    assert decode_record(again, "it") == record


def test_the_session_of_a_record_is_the_sitting_of_version_4() -> None:
    record = decode_record((EARLIER / "record-4.json").read_bytes(), "it")
    assert record.race is not None
    assert record.race.session == 1


def test_a_resumed_session_follows_those_of_the_former_file(tmp_path: Path) -> None:
    line = (EARLIER / "session-1.json").read_bytes()
    former = tmp_path / "sittings.jsonl"
    former.write_bytes(line.replace(b'"number":1', b'"number":0') + line)
    assert start_session(tmp_path).number == 2
    assert [each.number for each in read_sessions(tmp_path)] == [0, 1, 2]
    assert former.read_bytes().count(b"\n") == 2


def test_certificates_of_a_report_may_be_of_several_versions() -> None:
    old = (EARLIER / "certificate-3.json").read_bytes()
    new = msgspec.json.encode(decode_certificate(old, "it"))
    first, second = decode_certificates(b"[" + old + b"," + new + b"]", "it")
    assert first == second
    with pytest.raises(CertificateError, match=r"certificates\.json does not contain certificates"):
        decode_certificates(b"{}", "certificates.json")


def test_todays_documents_are_not_upgraded() -> None:
    def upgrade(document: dict[str, Any]) -> None:
        raise AssertionError(f"{document} is of today's version")

    layout = Layout(dict[str, int], "version", 2, upgrade, unnamed=1)
    assert layout.decode(b'{"version": 2, "a": 1}') == {"version": 2, "a": 1}


@pytest.mark.parametrize(
    "content",
    [b'{"turns": 1}', b'{"pair_version": 1, "turns": [1]}', b'{"pair_version": "x"}', b"[", b"[]"],
)
def test_a_damaged_earlier_document_is_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        PAIR_LAYOUT.decode(content)


@pytest.mark.parametrize("race", [b"null", b"1", b'"x"', b'{"sitting": "x"}'])
def test_a_race_of_another_type_is_reported_by_decoding(race: bytes) -> None:
    content = json.loads((EARLIER / "record-4.json").read_bytes())
    changed = json.dumps(content | {"race": json.loads(race)}).encode()
    if race == b"null":
        assert decode_record(changed, "it").race is None
    else:
        with pytest.raises(ValueError, match=r"it is not a record: .*race"):
            decode_record(changed, "it")


def test_a_plan_of_steps_is_read_and_found_sound_as_one_of_profile_steps(tmp_path: Path) -> None:
    old = (EARLIER / "race-1.json").read_bytes()
    old = old.replace(b'"command": "race"', b'"command": "steps"')
    assert old.count(b'"steps"') == 1
    (tmp_path / "race.json").write_bytes(old)
    assert read_race_plan(tmp_path).command == "profile-steps"
    assert examine_race(Path("runs/x/race.json"), old) is None

"""The targets that read JSON: records, certificates, gates, proofs, manifests, messages."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench.core.job import Progress
from bench.core.record import RecordError, decode_record, decode_worker_output, encode_record
from bench.core.result import WorkerOutput
from bench.core.serialization import DecodeError, decode_json
from bench.parity.certificate import (
    CertificateError,
    decode_certificate,
    encode_certificates,
    parity,
    subject_parity,
)
from bench.parity.messages import WorkerArraysError, read_worker_arrays
from bench.regression.messages import Message
from bench.regression.outcome import judge_gate
from bench.regression.pytest_plugin.saved_baseline import (
    SavedError,
    baseline_failures,
    parse_baseline,
    same_records,
)
from bench.regression.store import GateStore, GateStoreError
from data.errors import DataError
from data.manifest import read_manifest, write_manifest
from tests.fixtures.certificates import make_certificate
from tests.fixtures.data_places import npz_of
from tests.fixtures.pairs import make_pairs, make_plan
from tests.fixtures.proof_rows import make_context, make_gate
from tests.fixtures.records import make_record, race_records
from tests.fuzz.inputs import json_documents, json_lines, packed
from tests.fuzz.target import Target, file_in
from validation.gate.accuracy import SeedRow
from validation.gate.rows import Context, RealPair
from validation.gate.simulation import RuleAnswers, SuiteRow
from validation.gate.store import SampleStore, SampleStoreError
from validation.overhead.measure import OverheadOutput

encode = msgspec.json.encode

RECORDS = (
    make_record(epochs=1),
    make_record(status="failed", reason="out of memory"),
    *race_records({"jax": 2.0, "jax instrumented": 2.5}, 1),
)
PLAN = make_plan()
PAIRS = make_pairs(PLAN, 2)
SAVED = {
    "datetime": "2026-11-01T12:00:00",
    "benchmarks": [
        {"fullname": "f.py::row[a]", "extra_info": {"machine_id": "m", "environment": {}}},
        {"fullname": "f.py::row[b]", "extra_info": None},
    ],
}
MANIFEST = {
    "version": 1,
    "name": "digits",
    "source": "embedded",
    "official": True,
    "classes": 10,
    "fingerprint": "f" * 64,
    "arrays": {
        name: {"file": f"{name}.npy", "shape": [4, 2], "dtype": "uint8"}
        | {"sha256": "0" * 64, "size_bytes": 136, "mtime_ns": 1}
        for name in ("x_train", "y_train", "x_test", "y_test")
    },
}
PROGRESS = {"epoch": 1, "epochs": 3, "epoch_seconds": 0.5, "loss": 1.0, "val_accuracy": None}
PROOF: dict[type, list[Any]] = {
    Context: [make_context()],
    RealPair: make_gate(pairs=2),
    SeedRow: [
        SeedRow(session="s", backend="jax", side="baseline", seed=0, val_accuracy=0.9, images=9)
    ],
    SuiteRow: [
        SuiteRow(
            rules=1,
            drift="d",
            arm="a",
            suite=0,
            answers=(RuleAnswers("gate", "lock-step", 0, 0, 30, 0, 1.0, "pass"),),
        )
    ],
}
FILES: dict[type, str] = {
    Context: "sessions.jsonl",
    RealPair: "pairs.jsonl",
    SeedRow: "seeds.jsonl",
    SuiteRow: "suites.jsonl",
}


def _read_record(content: bytes, folder: Path) -> None:
    record = decode_record(content, "runs/a.json")
    again = encode_record(record)
    assert encode_record(decode_record(again, "again")) == again


def _read_worker_output(content: bytes, folder: Path) -> None:
    encode(decode_worker_output(content))


def _read_certificate(content: bytes, folder: Path) -> None:
    certificate = decode_certificate(content, "certificate.json")
    subjects = [subject.sha256 for subject in certificate.subjects]
    assert subject_parity([certificate], subjects[0] if subjects else "none")
    assert parity([certificate], (subjects[0], subjects[-1]) if subjects else ("a", "b"))
    assert json.loads(encode_certificates([certificate]))


def _read_plan(content: bytes, folder: Path) -> None:
    file_in(folder, "gate.json", content)
    encode(GateStore(folder).plan())


def _read_pairs(content: bytes, folder: Path) -> None:
    """Read the pairs of a gate and judge them: what was accepted has a verdict."""
    file_in(folder, "pairs.jsonl", content)
    pairs = GateStore(folder).pairs()
    encode(pairs)
    judge_gate(PLAN, pairs, "here")


def _read_proof(kind: type) -> Callable[[bytes, Path], None]:
    def read(content: bytes, folder: Path) -> None:
        file_in(folder, FILES[kind], content)
        book = SampleStore(folder)
        encode(book.rows(kind))
        book.contexts()

    return read


def _read_manifest(content: bytes, folder: Path) -> None:
    file_in(folder, "manifest.json", content)
    write_manifest(read_manifest(folder), folder)


def _read_saved(content: bytes, folder: Path) -> None:
    """Compare rows with a baseline of pytest-benchmark, which itself has read the JSON."""
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError):
        return
    baseline = parse_baseline(loaded)
    rows: dict[str, dict[str, object]] = {"f.py::row[a]": {"machine_id": "m", "environment": {}}}
    for line in baseline_failures(baseline, rows):
        assert line
    same_records(baseline, rows)


def _read_dump(content: bytes, folder: Path) -> None:
    dump = read_worker_arrays(file_in(folder, "dump.npz", content))
    assert isinstance(dump.settings, dict)
    dump.stage("inference")


def _dump_of(settings: bytes) -> bytes:
    return npz_of(**{"settings": list(settings) or [0], "inference/0:dense": [0.5, 1.0]})


JSON_TARGETS = [
    Target("record", json_documents(*map(encode_record, RECORDS)), _read_record, (RecordError,)),
    Target(
        "worker-output",
        json_documents(
            encode(WorkerOutput(result=RECORDS[0].result)), encode(WorkerOutput(reason="killed"))
        ),
        _read_worker_output,
        (RecordError,),
    ),
    Target(
        "progress",
        json_documents(encode(PROGRESS)),
        lambda content, folder: encode(decode_json(content, Progress)),
        (DecodeError,),
    ),
    Target(
        "certificate",
        json_documents(
            encode(make_certificate()), encode(make_certificate(differs=("jax", "torch")))
        ),
        _read_certificate,
        (CertificateError,),
    ),
    Target("gate-plan", json_documents(encode(PLAN)), _read_plan, (GateStoreError,)),
    Target("gate-pairs", json_lines(list(map(encode, PAIRS))), _read_pairs, (GateStoreError,)),
    Target(
        "gate-message",
        json_documents(encode(PAIRS[0].slices[0].baseline), b'{"type":"built"}'),
        lambda content, folder: encode(decode_json(content, Message)),  # type: ignore[arg-type]
        (DecodeError,),
    ),
    *(
        Target(
            f"proof-{kind.__name__.lower()}",
            json_lines(list(map(encode, rows))),
            _read_proof(kind),
            (SampleStoreError,),
        )
        for kind, rows in PROOF.items()
    ),
    Target("manifest", json_documents(encode(MANIFEST)), _read_manifest, (DataError,)),
    Target("saved-baseline", json_documents(encode(SAVED)), _read_saved, (SavedError,)),
    Target(
        "overhead",
        json_documents(b'{"train_images":64,"seconds":[[0.5,0.25],[0.125,1.0]]}'),
        lambda content, folder: encode(decode_json(content, OverheadOutput)),
        (DecodeError,),
    ),
    Target(
        "dump",
        packed(_dump_of, json_documents(b'{"jit_compile":true,"epsilon":1e-07}')),
        _read_dump,
        (WorkerArraysError,),
    ),
]

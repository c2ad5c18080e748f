"""A certificate holds for what it names, and for nothing else."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.parity.certificate import (
    CERTIFICATE_VERSION,
    Certificate,
    CertificateError,
    PairVerdict,
    decode_certificate,
    parity,
    read_certificates,
    subject_parity,
)
from bench.parity.fingerprint import FunctionFingerprint, subject_of
from bench.report.render.certificate import write_certificate
from tests.fixtures.certificates import make_certificate
from tests.fixtures.records import make_record


def _subject(backend: str, **overrides: Any) -> FunctionFingerprint:
    subject = subject_of(make_record(backend=backend, **overrides))
    assert subject is not None
    return subject


def _parity(certificates: list[Certificate], **overrides: Any) -> str:
    pair = (_subject("jax", **overrides).sha256, _subject("torch").sha256)
    return parity(certificates, pair)


def test_a_certificate_is_found_by_what_was_trained() -> None:
    assert _parity([make_certificate()]) == "certified"
    assert _parity([]) == "not certified"
    pair = (_subject("torch").sha256, _subject("jax").sha256)
    assert parity([make_certificate()], pair) == "certified"


@pytest.mark.parametrize(
    "changed",
    [
        {"workload": "lab_deep"},
        {"workload_source": "d" * 64},
        {"parameters": 24_667},
        {"forward_macs": 1},
        {"device": "gpu"},
        {"versions": {"python": "3.11.9", "keras": "3.15.2", "numpy": "2.4.6", "jax": "0.10.2"}},
        {"settings": {"jit_compile": False, "dtype_policy": "float32"}},
        {"environment": {"XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}},
        {"machine": {"machine_id": "ba9876543210"}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_certificate_expires_when_anything_changes_that_it_depends_on(
    changed: dict[str, Any],
) -> None:
    assert _parity([make_certificate()], **changed) == "not certified"


def test_what_changes_speed_alone_does_not_end_a_certificate() -> None:
    faster = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"}
    assert _parity([make_certificate()], environment=faster, seed=3, batch_size=64) == "certified"


def test_the_newest_certificate_counts() -> None:
    newer = make_certificate(differs=("jax", "torch"), made_at="2026-12-01T00:00:00+00:00")
    assert _parity([newer, make_certificate()]).startswith("differs: inference dense by ")
    found = [newer, make_certificate()]
    assert subject_parity(found, _subject("jax").sha256).startswith("differs")
    assert subject_parity(found, _subject("tensorflow").sha256) == "certified"
    assert subject_parity(found, "0" * 64) == "not certified"


def test_a_record_without_a_result_is_no_subject() -> None:
    assert subject_of(make_record(status="failed")) is None


def test_a_certificate_is_read_as_it_was_written(tmp_path: Path) -> None:
    certificate = make_certificate()
    folder = tmp_path / "certificates" / "20261101T120000Z-0a1b" / "lab_baseline"
    path = write_certificate(folder, certificate, [])
    assert path == folder / "certificate.json"
    assert read_certificates(tmp_path) == ([certificate], [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a certificate"),
        (b"\xff", "is not a certificate"),
        (b"[" * 100_000, "is not a certificate"),
        (b"{}", "is not a certificate"),
        (json.dumps({"certificate_version": 99}).encode(), "has certificate version 99"),
        (json.dumps({"certificate_version": CERTIFICATE_VERSION}).encode(), "workload"),
    ],
)
def test_an_unusable_certificate_is_one_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=says):
        decode_certificate(content, "c.json")
    path = tmp_path / "certificates" / "x" / "y" / "certificate.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    found, (reason,) = read_certificates(tmp_path)
    assert found == []
    assert reason.startswith(str(path))


def test_a_verdict_says_where_two_backends_part() -> None:
    assert PairVerdict(
        backends=("a", "b"), verdict="certified", quantities=1, max_bound_fraction=0.5
    ).text == ("certified")
    differs = make_certificate(differs=("jax", "torch")).pairs[1]
    assert differs.text == "differs: inference dense by 0.1 where 1e-06 is allowed"
    assert msgspec.json.decode(msgspec.json.encode(differs), type=PairVerdict) == differs

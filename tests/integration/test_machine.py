"""Facts that git and interpreters print."""

import subprocess

import pytest

from bench.system import machine
from bench.system.diagnostics import examine
from bench.system.machine import git_facts, machine_facts
from tests.fixtures.fake_python import make_fake_python
from tests.fixtures.present import present


@pytest.fixture
def no_memory():
    """Forget the facts before and after a test."""
    for facts in (machine_facts, git_facts):
        facts.cache_clear()
    yield
    for facts in (machine_facts, git_facts):
        facts.cache_clear()


def test_git_tells_commit_and_whether_a_tracked_file_differs(no_memory, monkeypatch, tmp_path):
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(machine, "CHECKOUT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (git_facts().commit, git_facts().dirty) == (None, None)
    (tmp_path / "a").write_text("1")
    for arguments in (["init"], ["add", "a"], ["commit", "-m", "x"]):
        git(*arguments)
    git_facts.cache_clear()
    assert (len(present(git_facts().commit)), git_facts().dirty) == (40, False)
    (tmp_path / "untracked").touch()
    git_facts.cache_clear()
    assert git_facts().dirty is False
    (tmp_path / "a").write_text("2")
    git_facts.cache_clear()
    assert git_facts().dirty is True


def test_without_git_the_commit_is_unknown(no_memory, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert (git_facts().commit, git_facts().dirty) == (None, None)


def test_doctor_names_what_is_installed_and_what_is_missing(tmp_path):
    fake = make_fake_python(tmp_path)
    pythons = {"jax": fake, "tensorflow": fake, "torch": "/no/python"}
    findings = {finding.what: finding for finding in examine(pythons, tmp_path / "reports")}
    assert list(findings)[:3] == ["jax", "tensorflow", "torch"]
    assert (
        findings["jax"].ok
        and "keras 3.15.1, jax 0.10.2, tensorflow 2.21.0; Python 3.11.9" in findings["jax"].seen
    )
    assert not findings["torch"].ok and "/no/python" in findings["torch"].seen
    assert all(finding.seen for finding in findings.values())
    assert not (tmp_path / "reports").exists()


def test_doctor_calls_a_busy_machine_busy(tmp_path, monkeypatch):
    pythons = dict.fromkeys(["jax", "tensorflow", "torch"], make_fake_python(tmp_path))
    for load, ok in [(0.05, True), (1.5, False)]:
        monkeypatch.setattr("bench.system.diagnostics.load_average", lambda load=load: load)
        (finding,) = [f for f in examine(pythons, tmp_path) if f.what == "load"]
        assert finding.ok is ok and f"{load:.2f}" in finding.seen

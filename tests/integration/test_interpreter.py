"""Interpreters: which Python runs a backend, and one sentence where there is none."""

import configparser
import json
import sys
from pathlib import Path

import psutil
import pytest

from bench.core.cell import BACKENDS
from bench.core.paths import CHECKOUT
from bench.system import interpreter as interpreter_module
from bench.system.interpreter import (
    TOX_ENVS,
    InterpreterError,
    digest_versions,
    find_interpreter,
    parse_choices,
    probe_versions,
    tox_env,
    with_tensorflow,
)
from tests.fixtures.fake_python import make_fake_python

ALL = {"python": "3.11.9", "keras": "3.15.1", "jax": "1", "tensorflow-cpu": "2", "torch": "3"}


def make_python(path: Path, answer: str, status: int = 0) -> str:
    """Return the path of a program that gives `answer` to whoever asks for its versions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\necho oh dear >&2; exit {status}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout, and a current Python without any backend."""
    monkeypatch.setattr(interpreter_module, "CHECKOUT", tmp_path)
    current = make_python(tmp_path / "current" / "python", '{"python": "3.11.9"}')
    monkeypatch.setattr(sys, "executable", current)
    return tmp_path


def test_choices_are_read_by_backend():
    assert parse_choices([]) == {}
    assert parse_choices(["jax=/a/python", "torch=/b=c/python", "jax=/d"]) == {
        "jax": "/d",
        "torch": "/b=c/python",
    }


@pytest.mark.parametrize("text", ["jax", "jax=", "=/a/python", "tf=/a/python", "/a/python", ""])
def test_a_choice_that_is_not_one_is_refused_with_the_backends(text):
    with pytest.raises(InterpreterError) as caught:
        parse_choices([text])
    assert str(caught.value) == (
        f"--python {text!r} is not BACKEND=PATH; backends are {', '.join(BACKENDS)}."
    )


def test_the_chosen_interpreter_comes_before_tox_and_tox_before_this_one(checkout, monkeypatch):
    chosen = make_python(checkout / "chosen" / "python", json.dumps(ALL))
    current = make_python(checkout / "this" / "python", json.dumps(ALL))
    monkeypatch.setattr(sys, "executable", current)
    assert find_interpreter("tensorflow", {}).python == current
    tox = make_python(checkout / ".tox" / "tf" / "bin" / "python", json.dumps(ALL))
    assert find_interpreter("tensorflow", {}).python == tox
    assert find_interpreter("tensorflow", {"tensorflow": chosen}).python == chosen
    assert find_interpreter("tensorflow", {"jax": chosen}).python == tox


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_missing_backend_is_one_sentence_with_two_ways_out(checkout, backend):
    with pytest.raises(InterpreterError) as caught:
        find_interpreter(backend, {})
    env = TOX_ENVS[backend]
    assert f"`tox run --notest -e {env}`" in str(caught.value)
    assert f"--python {backend}=PATH." in str(caught.value)


def test_a_gpu_has_tox_environments_of_its_own(checkout):
    make_python(checkout / ".tox" / "tf" / "bin" / "python", json.dumps(ALL))
    with pytest.raises(InterpreterError):
        find_interpreter("tensorflow", {}, "gpu")
    cuda = make_python(checkout / ".tox" / "tf-cuda" / "bin" / "python", json.dumps(ALL))
    assert find_interpreter("tensorflow", {}, "gpu").python == cuda
    chosen = make_python(checkout / "chosen" / "python", json.dumps(ALL))
    assert find_interpreter("tensorflow", {"tensorflow": chosen}, "gpu").python == chosen


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_missing_backend_for_the_gpu_names_its_environment(checkout, backend):
    with pytest.raises(InterpreterError) as caught:
        find_interpreter(backend, {}, "gpu")
    assert f"for the gpu: .tox/{TOX_ENVS[backend]}-cuda does not exist" in str(caught.value)
    assert f"`tox run --notest -e {TOX_ENVS[backend]}-cuda`" in str(caught.value)


def test_every_environment_that_a_message_names_is_in_tox_ini():
    config = configparser.ConfigParser(interpolation=None)
    config.read(CHECKOUT / "tox.ini")
    for device, section in (("cpu", "{jax,tf,torch}"), ("gpu", "{jax,tf,torch}-cuda")):
        commands = config[f"testenv:{section}"]["commands"]
        for backend in BACKENDS:
            factor = tox_env(backend, device).removesuffix("-cuda")
            assert f"{factor}: python -m bench run" in commands
            assert f"--backend {backend} " in commands


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_chosen_interpreter_without_the_backend_is_refused_and_nothing_else_tried(
    checkout, backend
):
    make_python(checkout / ".tox" / TOX_ENVS[backend] / "bin" / "python", json.dumps(ALL))
    without_keras = {name: version for name, version in ALL.items() if name != "keras"}
    for versions in ({"python": "3.11.9", "keras": "3.15.1"}, without_keras):
        probe_versions.cache_clear()
        chosen = make_python(checkout / "chosen", json.dumps(versions))
        with pytest.raises(
            InterpreterError, match=f"does not have both keras and {backend} installed"
        ):
            find_interpreter(backend, {backend: chosen})


def test_the_digest_covers_keras_the_backends_own_packages_and_a_tensorflow_beside_them(checkout):
    versions = {**ALL, "numpy": "2.4.6", "jaxlib": "1"}
    chosen = make_python(checkout / "chosen", json.dumps(versions))
    found = {b: find_interpreter(b, {b: chosen}) for b in BACKENDS}
    both = {"keras": "3.15.1", "tensorflow-cpu": "2"}
    assert found["jax"].digest_versions == {**both, "jax": "1", "jaxlib": "1"}
    assert found["tensorflow"].digest_versions == both
    assert found["torch"].digest_versions == {**both, "torch": "3"}
    assert all(interpreter.versions == versions for interpreter in found.values())


def test_a_program_that_is_not_there_is_refused():
    with pytest.raises(InterpreterError, match=r"^/no/python cannot be run: "):
        probe_versions("/no/python")


def test_a_program_that_fails_is_refused_with_its_last_words(tmp_path):
    python = make_python(tmp_path / "python", "", status=3)
    with pytest.raises(InterpreterError, match=r"does not work as a Python .*: oh dear\.$"):
        probe_versions(python)


@pytest.mark.parametrize("answer", ["", "3.11", "[]", '{"keras": 3}'])
def test_a_program_that_is_no_python_is_refused(tmp_path, answer):
    python = make_python(tmp_path / "python", answer)
    with pytest.raises(InterpreterError, match="does not respond like a Python interpreter"):
        probe_versions(python)


def test_an_answer_that_is_no_text_is_refused(tmp_path):
    python = make_python(tmp_path / "python", "x")
    Path(python).write_text("#!/bin/sh\nprintf '\\377\\376'\n")
    with pytest.raises(InterpreterError, match="does not respond like a Python interpreter"):
        probe_versions(python)


def test_the_real_python_is_probed_without_importing_anything():
    versions = probe_versions(sys.executable)
    assert versions["python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert "numpy" in versions


def test_an_interpreter_is_asked_once_per_process(tmp_path):
    python = make_python(tmp_path / "python", json.dumps(ALL))
    assert probe_versions(python) == ALL
    Path(python).unlink()
    assert probe_versions(python) == ALL


def test_the_fake_python_of_the_other_tests_has_every_backend(tmp_path):
    fake = make_fake_python(tmp_path)
    assert {find_interpreter(b, {b: fake}).python for b in BACKENDS} == {fake}


def test_a_wrapper_whose_child_holds_its_output_delays_nothing_and_leaves_nothing(tmp_path):
    note = tmp_path / "pid"
    script = f'#!/bin/sh\nsleep 1000 &\necho $! > {note}\nexec {sys.executable} "$@"\n'
    python = tmp_path / "python"
    python.write_text(script)
    python.chmod(0o755)
    probe_versions.cache_clear()
    assert "python" in probe_versions(str(python))
    assert not psutil.pid_exists(int(note.read_text()))


def test_an_interpreter_that_never_answers_is_killed_at_its_timeout(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreter_module, "_PROBE_SECONDS", 0.2)
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 1000\n")
    python.chmod(0o755)
    with pytest.raises(InterpreterError, match=r"gave no answer within 0\.2 s, and was killed"):
        find_interpreter("jax", {"jax": str(python)})


def test_tensorflow_is_added_beside_the_other_backends_only(checkout):
    chosen = with_tensorflow({"torch": "/mine/python"})
    assert chosen == {
        "jax": str(checkout / ".tox" / "jax-with-tf" / "bin" / "python"),
        "torch": "/mine/python",
    }
    with pytest.raises(InterpreterError, match=r"run `tox run --notest -e jax-with-tf`\.$"):
        find_interpreter("jax", chosen)


def test_the_digest_covers_a_tensorflow_beside_another_backend():
    versions = {"keras": "3.15.1", "jax": "0.10.2", "jaxlib": "0.10.2", "torch": "2.13.0"}
    assert digest_versions("jax", versions) == {k: v for k, v in versions.items() if k != "torch"}
    beside = {**versions, "tensorflow-cpu": "2.21.0"}
    assert digest_versions("jax", beside)["tensorflow-cpu"] == "2.21.0"

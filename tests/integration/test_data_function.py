"""FILE.py:FUNCTION, a user's own function: run in a process of its own, among its own modules."""

import os
import sys
import textwrap
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench.runner.dataset import prepare_dataset, run_function
from bench.runner.worker_process import WorkerProcess
from data.dataset import open_dataset
from data.errors import (
    UserFunctionError,
    UserFunctionTimeoutError,
    WrongArraysError,
)
from data.prepare import find_source, prepare
from tests.fixtures.fake_python import are_gone
from tests.fixtures.present import one_array
from tests.fixtures.processes import patient

ROOT = Path(__file__).parents[2]
HALVES = """
    import numpy as np
    def make():
        x, y = np.arange(12).reshape(6, 2), np.arange(6) % 3
        return (x, y), (x[:2], y[:2])
"""


@pytest.fixture
def own(tmp_path):
    """A user's folder with HALVES as mine.py."""
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "mine.py").write_text(textwrap.dedent(HALVES))
    return folder


def read(folder, body, function="make"):
    """Return the arrays that a function of mine.py with this content returns."""
    path = folder / "mine.py"
    path.write_text(textwrap.dedent(body))
    run_child = partial(run_function, timeout_seconds=60)
    return find_source(f"{path}:{function}", None, folder, run_child).read()


def returning(expression):
    return f"import numpy as np\ndef make():\n    return {expression}\n"


def refused(folder, body, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        read(folder, body)
    assert f"{folder / 'mine.py'}:make" in str(caught.value) and "\n" not in str(caught.value)


def test_two_halves_are_prepared_like_those_of_keras(own, tmp_path):
    name = f"{own / 'mine.py'}:make"
    dataset = open_dataset(prepare_dataset(name, cache_dir=tmp_path / "cache"))
    x_train, y_test = one_array(dataset.x_train), one_array(dataset.y_test)
    assert np.array_equal(x_train, np.arange(12).reshape(6, 2))
    assert list(y_test) == [0, 1] and y_test.dtype == np.int64
    assert dataset.manifest.name == name and dataset.manifest.classes == 3
    assert dataset.manifest.official is False
    assert dataset.manifest.source == "a user's function (mine.py:make)"  # no local path


def test_x_and_y_alone_are_split(own):
    arrays = read(own, returning("np.arange(10), np.arange(10) * 0.5"))
    assert len(arrays["x_train"]) == 8 and len(arrays["x_test"]) == 2
    assert np.array_equal(arrays["x_test"] * 0.5, arrays["y_test"])


def test_dictionaries_of_inputs_keep_their_names(own):
    halves = "({'a': [1, 2], 'b': [[3], [4]]}, [0, 1]), ({'a': [5], 'b': [[6]]}, [1])"
    arrays = read(own, returning(halves))
    assert list(arrays["x_train"]) == list(arrays["x_test"]) == ["a", "b"]
    assert arrays["x_train"]["a"].shape == (2,) and arrays["x_test"]["b"].shape == (1, 1)


def test_it_is_run_once_until_its_file_changes(own, tmp_path):
    path = own / "mine.py"
    path.write_text(textwrap.dedent(HALVES) + "open(__file__ + '.runs', 'a').write('.')\n")
    name = f"{path}:make"
    first = prepare_dataset(name, cache_dir=tmp_path / "cache")
    assert prepare_dataset(name, cache_dir=tmp_path / "cache") == first
    assert (own / "mine.py.runs").read_text() == "."
    path.write_text(path.read_text() + "# changed\n")
    assert find_source(name, None, tmp_path).key != first.name


def test_it_is_run_again_when_a_file_changes_that_it_imports(own, tmp_path):
    (own / "mine.py").write_text(f"import shift{textwrap.dedent(HALVES)}")
    keys = set()
    for text in ("by = 1", "by = 2"):
        (own / "shift.py").write_text(text)
        keys.add(prepare_dataset(f"{own / 'mine.py'}:make", cache_dir=tmp_path / "cache"))
    assert len(keys) == 2


def test_another_function_of_the_file_is_another_dataset(own, tmp_path):
    keys = {find_source(f"{own / 'mine.py'}:{name}", None, tmp_path).key for name in ("f", "g")}
    assert len(keys) == 2


def test_modules_beside_it_called_data_and_models_are_the_users(own, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (own / "data.py").write_text("X = [1, 2, 3, 4]\n")
    (own / "models").mkdir()
    (own / "models" / "__init__.py").write_text("Y = [0, 1, 0, 1]\n")
    body = "import data, models\ndef make():\n    return (data.X, models.Y), (data.X, models.Y)\n"
    assert list(read(own, body)["x_train"]) == [1, 2, 3, 4]


def test_a_module_of_ours_is_not_found_at_all(own):
    refused(own, "import bench\n", UserFunctionError, "No module named 'bench'")


def test_the_file_is_not_run_in_this_process(own):
    body = "import os, numpy as np\ndef make():\n    return np.full(5, os.getpid()), np.zeros(5)\n"
    assert read(own, body)["x_train"][0] != os.getpid()
    assert "mine" not in sys.modules


def test_processes_that_it_starts_do_not_run_it_again(own):
    body = """
        import multiprocessing
        import numpy as np
        def make():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                return np.array(pool.map(abs, range(-5, 0))), np.zeros(5)
    """
    arrays = read(own, body)
    assert sorted([*arrays["x_train"], *arrays["x_test"]]) == [1, 2, 3, 4, 5]


def test_what_it_prints_is_not_in_the_way_whatever_its_bytes(own, capfd):
    body = """
        import os
        def make():
            os.write(1, b"hello \\xff")
            os.write(2, b"hello \\xff")
            return [1, 2], [0, 1]
    """
    assert len(read(own, body)["x_train"]) == 1
    assert capfd.readouterr().out == ""


def test_an_exception_is_one_sentence_with_the_last_line_of_its_traceback(own, capsys):
    body = "def make():\n    raise ValueError('no such rows.')\n"
    refused(own, body, UserFunctionError, r":make returned no dataset: ValueError: no such rows\.$")
    assert "Traceback (most recent call last)" in capsys.readouterr().err


FAILURES = {
    "a syntax error": ("def make(:\n", "returned no dataset: SyntaxError"),
    "no such function": ("def other():\n    pass\n", "AttributeError: .*no attribute 'make'"),
    "arguments": ("def make(rows):\n    pass\n", "TypeError: .*'rows'"),
    "an exit": ("import sys\ndef make():\n    sys.exit(3)\n", "it exited with 3"),
    "a kill": ("import os\ndef make():\n    os.kill(os.getpid(), 9)\n", "it exited with -9"),
    "an exit as if all were well": ("import os\ndef make():\n    os._exit(0)\n", "exited with 0"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_function_that_does_not_return_gives_one_sentence(own, kind):
    body, sentence = FAILURES[kind]
    refused(own, body, UserFunctionError, sentence)


def test_a_function_that_returns_rubbish_is_told_what_is_allowed(own):
    sentence = r"it returned NoneType, where x, y or \(x_train, y_train\), \(x_test, y_test\) is ex"
    refused(own, "def make(): ...\n", UserFunctionError, sentence)


def test_object_arrays_are_refused(own):
    body = returning("np.array([None, 1]), [0, 1]")
    refused(own, body, UserFunctionError, "ValueError: Object arrays cannot be saved")


def test_wrong_arrays_are_named_with_the_function_that_returned_them(own):
    refused(
        own, returning("['a', 'b'], [0, 1]"), WrongArraysError, "x is str.*, where arrays of num"
    )


LEAVES_CHILD = """
    import os, signal, time
    import numpy as np
    own_session, hangs = {own_session}, {hangs}
    def make():
        told, tells = os.pipe()
        if not os.fork():
            if own_session:
                os.setsid()
            os.write(tells, b"x")
            signal.pause()
        os.read(told, 1)
        signal.pause() if hangs else None
        return np.arange(5), np.arange(5)
"""


@pytest.fixture
def started(monkeypatch):
    """The ids of all processes below this one just before a dataset function's are killed."""
    pids: list[int] = []
    earlier = set(below())  # of other tests in this process, such as a warm starter
    kill = WorkerProcess._kill

    def note_and_kill(self):
        pids.extend(set(below()) - earlier)
        kill(self)

    monkeypatch.setattr(WorkerProcess, "_kill", note_and_kill)
    return pids


def below():
    return [process.pid for process in psutil.Process().children(recursive=True)]


@pytest.mark.parametrize("own_session", [False, True])
def test_a_child_that_holds_its_output_delays_nothing_and_is_killed(own, started, own_session):
    arrays = read(own, LEAVES_CHILD.format(own_session=own_session, hangs=False))
    assert len(arrays["x_train"]) == 4
    assert len(started) >= 1 and are_gone(started)


@pytest.mark.parametrize("own_session", [False, True])
def test_one_that_hangs_ends_at_the_timeout_with_its_child(own, started, tmp_path, own_session):
    body = textwrap.dedent(LEAVES_CHILD.format(own_session=own_session, hangs=True))
    (own / "mine.py").write_text(body)
    name = f"{own / 'mine.py'}:make"
    seconds = patient(3.0)
    sentence = (
        rf"mine\.py:make returned no dataset within the timeout of {seconds:g} s and was killed; "
        r"a dataset function may take as long as one launch\.$"
    )
    for _ in range(2):  # the next cell of the same dataset does not wait for it again
        with pytest.raises(UserFunctionTimeoutError, match=sentence):
            prepare_dataset(name, timeout_seconds=seconds, cache_dir=tmp_path / "cache")
    assert len(started) == 2 and are_gone(started)
    assert not list((tmp_path / "cache").glob("prepared-*/*"))


def test_one_that_cannot_be_started_is_one_sentence(own, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/python")
    refused(own, HALVES, UserFunctionError, "/no/python cannot be started: No such file")


def test_without_a_way_to_end_it_it_is_not_run(own, tmp_path):
    with pytest.raises(UserFunctionError, match=r"call bench\.runner\.dataset"):
        prepare(f"{own / 'mine.py'}:make", cache_dir=tmp_path / "cache")


def test_an_interrupted_function_leaves_no_lock_and_no_half_dataset(own, tmp_path, monkeypatch):
    def interrupt(self, timeout_seconds):
        raise KeyboardInterrupt

    name, cache = f"{own / 'mine.py'}:make", tmp_path / "cache"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(WorkerProcess, "wait", interrupt)
        prepare_dataset(name, cache_dir=cache)
    assert not list(cache.glob("prepared-*/*"))
    assert len(open_dataset(prepare_dataset(name, cache_dir=cache)).x_train) == 6

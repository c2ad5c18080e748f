"""What Linux tells about the worker's process."""

import threading
from pathlib import Path

import pytest

from bench.worker.process_info import (
    cpu_ranges,
    host_allocator,
    keras_json,
    peak_resident_bytes,
    resident_bytes,
    thread_count,
)


def test_the_peak_of_the_resident_set_is_not_below_the_resident_set() -> None:
    held = resident_bytes()
    assert 2**20 < held <= peak_resident_bytes() < 2**40


@pytest.mark.parametrize(
    ("cpus", "text"),
    [
        ((), ""),
        ((3,), "3"),
        ((0, 1), "0-1"),
        ((0, 2), "0,2"),
        ((9, 3, 1, 2, 0, 8), "0-3,8-9"),
    ],
)
def test_cpus_are_written_as_linux_does(cpus: tuple[int, ...], text: str) -> None:
    assert cpu_ranges(cpus) == text


def test_the_threads_of_this_process_are_counted_by_name() -> None:
    done = threading.Event()
    name = Path("/proc/self/comm").read_text().strip()
    before = thread_count(name)
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert thread_count(name) == before + 1  # it inherits the name
    finally:
        done.set()
        thread.join()


def test_a_thread_is_found_by_the_fifteen_characters_that_linux_keeps(tmp_path: Path) -> None:
    for number, name in enumerate(["tf_XLAEigen", "tf_XLAEigen", "python", "a_name_of_fifte"]):
        (tmp_path / "task" / str(number)).mkdir(parents=True)
        (tmp_path / "task" / str(number) / "comm").write_text(f"{name}\n")
    assert thread_count("tf_XLAEigen", tmp_path) == 2
    assert thread_count("a_name_of_fifteen_and_more", tmp_path) == 1
    assert thread_count("llvm-worker-0", tmp_path) == 0


def test_a_thread_that_ends_while_it_is_counted_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "task" / "1").mkdir(parents=True)
    (tmp_path / "task" / "1" / "comm").symlink_to(tmp_path / "gone")
    assert thread_count("python", tmp_path) == 0


def test_an_allocator_that_is_preloaded_is_named(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.write_text("7f00 r-xp 0 08:01 12 /usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4.5\n")
    assert host_allocator(maps) == "tcmalloc"


def test_else_the_c_library_allocates(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.write_text("7f00 r-xp 0 08:01 12 /usr/lib/x86_64-linux-gnu/libc.so.6\n")
    assert "malloc" in host_allocator(maps)
    assert host_allocator(maps) not in ("tcmalloc", "jemalloc", "mimalloc")


def test_an_empty_keras_home_has_no_configuration(tmp_path: Path) -> None:
    assert keras_json({"KERAS_HOME": str(tmp_path)}) == "none"


def test_the_configuration_in_keras_home_is_told_word_for_word(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"floatx": "float16"}')
    assert keras_json({"KERAS_HOME": str(tmp_path)}) == '{"floatx": "float16"}'

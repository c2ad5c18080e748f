"""What a worker reads of its own process: phases, memory, threads, allocator, keras.json."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Literal

#: Allocators that can be preloaded or linked in place of that of the C library.
_ALLOCATORS = ("tcmalloc", "jemalloc", "mimalloc")


def resident_bytes() -> int:
    """Return the resident set of this process."""
    return _status_bytes("VmRSS")


def peak_resident_bytes() -> int:
    """Return the largest resident set of this process.

    VmHWM is read because `ru_maxrss` starts with the parent's resident set at the fork.
    """
    return _status_bytes("VmHWM")


def _status_bytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name} line")


def cpu_ranges(cpus: Iterable[int]) -> str:
    """Return CPU numbers in the notation of Linux, such as "0-3,8"."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def thread_count(name: str, process: Path = Path("/proc/self")) -> int:
    """Return the number of threads named `name`, of which Linux keeps 15 characters."""
    count = 0
    for comm in process.glob("task/*/comm"):
        try:
            count += comm.read_text().rstrip("\n") == name[:15]
        except OSError:  # the thread has ended
            continue
    return count


def host_allocator(maps: Path = Path("/proc/self/maps")) -> str:
    """Return the allocator behind `malloc`: a preloaded one, or the C library and its version."""
    mapped = maps.read_text()
    for name in _ALLOCATORS:
        if f"lib{name}" in mapped:
            return name
    try:
        return f"{os.confstr('CS_GNU_LIBC_VERSION')} malloc"
    except ValueError:  # C libraries other than glibc do not know that name
        return "malloc of an unnamed C library"


def keras_json(environment: Mapping[str, str] = os.environ) -> str:
    """Return the text of the `keras.json` that Keras will read, or "none".

    Call this before Keras is imported, because Keras writes its defaults if the file is missing.
    """
    home = environment.get("KERAS_HOME")
    folder = Path(home) if home else Path("~/.keras").expanduser()
    try:
        return (folder / "keras.json").read_text()
    except FileNotFoundError:
        return "none"


Phase = Literal["harness", "import", "data_open", "build", "fit"]


class Phases:
    """Adds up the seconds of each phase; a phase begins where the previous one ended.

    `begin` and `now` are clock readings at the first line of the worker and at the end of the last
    finished phase. The sum of all `seconds` is exactly their difference.
    """

    def __init__(self, begin: float, clock: Callable[[], float] = perf_counter) -> None:
        """Start the first phase at the clock reading `begin`."""
        self.begin = begin
        self.now = begin
        self.seconds: defaultdict[Phase, float] = defaultdict(float)
        self._clock = clock

    def end(self, phase: Phase) -> None:
        """Add the time since the end of the previous phase to `phase`."""
        now = self._clock()
        self.seconds[phase] += now - self.now
        self.now = now

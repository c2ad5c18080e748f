"""The facts that the result of every launch has: the process's memory and CPU, and its phases."""

import time
from typing import Any

from bench.worker.backend import Backend
from bench.worker.device import device_peak_bytes
from bench.worker.process_info import Phases, peak_resident_bytes


def process_facts(backend: Backend) -> dict[str, Any]:
    """Return the fields of Result on the memory, in bytes, and the CPU seconds of this process."""
    return {
        "baseline_memory_bytes": backend.baseline_bytes,
        "peak_memory_bytes": peak_resident_bytes(),
        "device_peak_memory_bytes": device_peak_bytes(
            backend.name, backend.framework, backend.device
        ),
        "cpu_seconds": time.process_time(),
    }


def phase_facts(phases: Phases) -> dict[str, Any]:
    """Return the fields of Result on the seconds of each phase, and their first and last clock."""
    seconds = phases.seconds
    return {
        "entered_at": phases.begin,
        "left_at": phases.now,
        "harness_seconds": seconds["harness"],
        "import_seconds": seconds["import"],
        "data_open_seconds": seconds["data_open"],
        "build_seconds": seconds["build"],
        "fit_seconds_total": seconds["fit"],
    }

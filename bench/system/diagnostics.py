"""Diagnostics: installed and missing backends, and causes of noise on this machine."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bench.core.cell import BACKENDS
from bench.system.interpreter import InterpreterError, find_interpreter
from bench.system.machine import load_average, machine_facts


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its name, its result, and the observation, with advice if it did not pass."""

    ok: bool
    what: str
    seen: str


def examine(pythons: Mapping[str, str], reports: Path) -> list[Finding]:
    """Return the findings on backends, machine and disk, without changing anything."""
    return [
        *(_backend(backend, pythons) for backend in BACKENDS),
        _cores(),
        _load(),
        _governor(),
        _virtualised(),
        _disk(reports),
    ]


def _backend(backend: str, pythons: Mapping[str, str]) -> Finding:
    try:
        interpreter = find_interpreter(backend, pythons)
    except InterpreterError as error:
        return Finding(ok=False, what=backend, seen=str(error))
    shown = ", ".join(f"{name} {version}" for name, version in interpreter.digest_versions.items())
    python = interpreter.versions["python"]
    return Finding(ok=True, what=backend, seen=f"{shown}; Python {python} at {interpreter.python}")


def _cores() -> Finding:
    facts = machine_facts()
    seen = f"{facts['usable_cpus']} of {facts['logical_cpus']} cores usable, {facts['cpu_model']}"
    return Finding(ok=facts["usable_cpus"] == facts["logical_cpus"], what="cores", seen=seen)


def _load() -> Finding:
    load = load_average()
    seen = f"load average {load:.2f}"
    if load <= 0.3:
        return Finding(ok=True, what="load", seen=f"{seen}: quiet")
    return Finding(
        ok=False, what="load", seen=f"{seen}: other processes disturb timings; stop them first"
    )


def _governor() -> Finding:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    try:
        governor = path.read_text().strip()
    except OSError:
        return Finding(ok=True, what="frequency", seen="no frequency governor is visible")
    good = governor == "performance"
    advice = (
        "" if good else ": the clock rate may change; run `cpupower frequency-set -g performance`"
    )
    return Finding(ok=good, what="frequency", seen=f"governor {governor}{advice}")


def _virtualised() -> Finding:
    try:
        virtual = " hypervisor" in Path("/proc/cpuinfo").read_text()
    except OSError:
        virtual = False
    if not virtual:
        return Finding(ok=True, what="hypervisor", seen="none")
    seen = (
        "a virtual machine: other guests can slow it down unnoticed; rely on ratios, not on seconds"
    )
    return Finding(ok=False, what="hypervisor", seen=seen)


def _disk(reports: Path) -> Finding:
    folder = next(path for path in (reports, *reports.parents) if path.exists())
    free_gib = shutil.disk_usage(folder).free / 2**30
    writable = os.access(folder, os.W_OK)
    seen = f"{free_gib:.1f} GiB free under {folder}" + ("" if writable else ", not writable")
    return Finding(ok=writable and free_gib > 1, what="reports", seen=seen)

"""Facts about this machine and this checkout, found without importing a framework."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psutil

from bench.core.paths import CHECKOUT
from bench.core.record import GitFacts
from bench.core.result import Scalar


@cache
def machine_facts() -> dict[str, Scalar]:
    """Return CPU, memory and system of this machine, and `machine_id`, a short hash of them.

    The id covers only facts that survive a reboot. Records of one machine are thus found again and
    never mixed with those of another.
    """
    facts: dict[str, Scalar] = {
        "cpu_model": _cpu_model(),
        "logical_cpus": psutil.cpu_count() or 1,
        "usable_cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": platform.system(),
        "architecture": platform.machine(),
    }
    identity = repr(sorted(facts.items())).encode()
    return {
        **facts,
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "machine_id": hashlib.sha256(identity).hexdigest()[:12],
    }


def stable_facts(machine: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return the facts that identify a machine, without those that may change at a reboot."""
    return {name: value for name, value in machine.items() if name not in ("kernel", "libc")}


@cache
def git_facts() -> GitFacts:
    """Return the checkout's commit and whether tracked files differ from it."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return GitFacts(commit=None, dirty=None)
    changes = _git("status", "--porcelain", "-uno")
    return GitFacts(commit=commit, dirty=None if changes is None else bool(changes))


def load_average() -> float:
    """Return the mean number of processes that used or waited for a core in the last minute."""
    return os.getloadavg()[0]


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    """Return the output of git in this checkout; None without git or outside a repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(CHECKOUT), *arguments], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None

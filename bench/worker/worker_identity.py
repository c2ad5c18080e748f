"""What a lock-step side finds out about itself, to be held against what the gate expects."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from bench.core.source_hash import files_sha256, source_files
from bench.regression.messages import Identity, SideJob


def find_identity(side: SideJob) -> Identity:
    """Return this process's own values of all that the side's identity names.

    The source is hashed where it was imported from, after the model was built.
    """
    wanted = side.identity
    package = sys.modules.get("models")
    folder = Path(str(package.__path__[0])).parent if package else Path(side.job.source)
    return Identity(
        python=sys.executable,
        versions={name: _version(name) for name in wanted.versions},
        workload_source=files_sha256(source_files(side.job.builder, folder)),
        variables={name: os.environ.get(name, "") for name in wanted.variables},
        work=wanted.work,
    )


def _version(name: str) -> str:
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"

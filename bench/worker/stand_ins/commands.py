"""`wget`, `curl`, `gdown` and `pip install` for the shell commands of a script, without a network.

Executables of these names come first in PATH, so that `os.system`, `subprocess` and `!` find them.
"""

import os
import stat
import sys
from pathlib import Path

from bench.worker.stand_ins.source import USED_VARIABLE

_NAMES = ("wget", "curl", "gdown", "unzip", "pip")

_SCRIPT = """#!{python}
import sys
sys.path.insert(0, {checkout!r})
from bench.worker.stand_ins.command_line import main
sys.exit(main({name!r}, sys.argv[1:], {folder!r}, {log!r}))
"""


def add_commands(folder: Path, home: Path) -> None:
    """Put the commands first in PATH; they note what stood in where `stand_ins_used` reads it."""
    programs = home / ".stand-ins" / "bin"
    programs.mkdir(parents=True)
    log = home / ".stand-ins" / "used"
    log.touch()
    checkout = Path(__file__).resolve().parents[3]
    for name in _NAMES:
        program = programs / name
        program.write_text(
            _SCRIPT.format(
                python=sys.executable,
                checkout=str(checkout),
                name=name,
                folder=str(folder),
                log=str(log),
            )
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ[USED_VARIABLE] = str(log)

"""The table of commands: each command is one row here and the file of its name in this folder.

The command `save-baseline` is `bench/cli/save_baseline.py`, which defines
`add_save_baseline_arguments(parser)` and `save_baseline_command(arguments, console)`. The file is
imported only when the command is called.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import argparse

    from bench.cli.console import CommandConsole


class Command(NamedTuple):
    """A command's name, the group under which `--help` lists it, and its purpose in one line."""

    name: str
    group: str
    purpose: str

    @property
    def stem(self) -> str:
        """The name with underscores, as in the command's file and in its two functions."""
        return self.name.replace("-", "_")

    def add_arguments(self, parser: "argparse.ArgumentParser") -> None:
        """Import the command's file and let it add its options to `parser`."""
        module = import_module(f"bench.cli.{self.stem}")
        getattr(module, f"add_{self.stem}_arguments")(parser)

    def run(self, arguments: "argparse.Namespace", console: "CommandConsole") -> int:
        """Run the command and return its exit code; errors propagate."""
        module = import_module(f"bench.cli.{self.stem}")
        code: int = getattr(module, f"{self.stem}_command")(arguments, console)
        return code


_COMPARE: Final = "Compare backends"
_GATE: Final = "Gate a change"
_CERTIFY: Final = "Certify that backends agree"
_REPORT: Final = "Report"
_MAINTAIN: Final = "Maintain"

COMMANDS: Final = (
    Command("run", _COMPARE, "train the cells that are not stored yet, then report"),
    Command("plan", _COMPARE, "show the launches of `run`, with reasons and estimated times"),
    Command("race", _COMPARE, "time the backends in alternating rounds, for ratios"),
    Command("profile-steps", _COMPARE, "time each training step, in instrumented launches"),
    Command("profile-layers", _COMPARE, "time each layer on each backend"),
    Command("gate", _GATE, "is a candidate slower than a baseline? measured in lock-step"),
    Command("gate-accuracy", _GATE, "is a candidate less accurate than a baseline? over seeds"),
    Command("save-baseline", _GATE, "keep the records of runs as a named baseline"),
    Command("trend", _GATE, "find change points over many gates against one baseline"),
    Command("certify", _CERTIFY, "do the backends compute the same function?"),
    Command("equivalence", _CERTIFY, "do the backends train to the same accuracy? over seeds"),
    Command("report", _REPORT, "write all tables and pages again from the records"),
    Command("compare", _REPORT, "compare two runs, cell by cell"),
    Command("history", _REPORT, "show one cell over all runs, with the changes"),
    Command("list", _MAINTAIN, "list workloads, datasets, suites and backends"),
    Command("doctor", _MAINTAIN, "check for missing parts and for causes of noisy timings"),
    Command("check-store", _MAINTAIN, "check every file of the reports folder; repair it"),
)

#: Command names of earlier versions, for the error message that gives the new name.
RENAMED_COMMANDS: Final = {
    "steps": "profile-steps",
    "layers": "profile-layers",
    "accuracy": "gate-accuracy",
    "baseline": "save-baseline",
    "proof": "python -m validation.gate",
    "overhead": "python -m validation.overhead",
}


def find_command(name: str) -> Command | None:
    """Return the command of this name, or None."""
    return next((command for command in COMMANDS if command.name == name), None)

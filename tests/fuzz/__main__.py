"""`python -m tests.fuzz --minutes N [TARGET …]`: every parser, fed with hostile input at length."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

from bench.core.paths import CHECKOUT
from tests.fuzz.all import TARGETS
from tests.fuzz.session import Session, fuzz, keep


def main() -> int:
    """Fuzz or replay; 1 where a parser did not take an input, 2 for a wrong argument."""
    arguments = _parser().parse_args()
    set_hypothesis_home_dir(CHECKOUT / ".pytest_cache" / "hypothesis")  # as in the tests
    if arguments.replay:
        if len(arguments.targets) != 1:
            print("--replay FILE needs the one TARGET that is to read it.", file=sys.stderr)
            return 2
        with tempfile.TemporaryDirectory() as folder:
            TARGETS[arguments.targets[0]].feed(arguments.replay.read_bytes(), Path(folder))
        print("It is taken.")
        return 0
    sessions = [
        _fuzz(name, 60 * arguments.minutes, arguments.seed, arguments.findings)
        for name in arguments.targets or TARGETS
    ]
    _tell(sessions)
    return int(any(session.findings for session in sessions))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    add = parser.add_argument
    add("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET", help=", ".join(TARGETS))
    add("--minutes", type=float, default=10.0, metavar="N", help="for each target (10)")
    add("--seed", type=int, metavar="N", help="where to begin (the clock's)")
    add("--findings", type=Path, default=Path("fuzz-findings"), metavar="DIR", help="of inputs")
    add("--replay", type=Path, metavar="FILE", help="feed this input alone, errors and all")
    return parser


def _fuzz(name: str, seconds: float, first_seed: int | None, folder: Path) -> Session:
    """Fuzz one target, with a line that is kept current on a terminal."""
    begin = time.monotonic()

    def tell(fed: int, findings: int) -> None:
        if sys.stdout.isatty():
            past = time.monotonic() - begin
            line = f"{name}: {fed:,} examples, {past:.0f} of {seconds:.0f} s, {findings} findings"
            print(f"\r\x1b[K{line}", end="", flush=True)

    print(f"{name}: started, {seconds:.0f} s", flush=True)
    number = time.time_ns() if first_seed is None else first_seed
    session = fuzz(TARGETS[name], seconds, number, tell)
    end = "\n" if sys.stdout.isatty() else ""
    print(f"{end}{name}: {session.examples:,} examples, {len(session.findings)} findings")
    for finding in session.findings:
        path = keep(finding, name, folder)
        print(f"  {finding.error!a}\n  python -m tests.fuzz {name} --replay {path}", flush=True)
    return session


def _tell(sessions: list[Session]) -> None:
    print(f"\n{'target':<20}{'examples':>12}{'seconds':>10}{'findings':>10}")
    for name, examples, seconds, findings in sessions:
        print(f"{name:<20}{examples:>12,}{seconds:>10.0f}{len(findings):>10}")


if __name__ == "__main__":
    sys.exit(main())

"""A session: one target fed for some minutes; what it cannot take is kept, as small as it gets."""

import hashlib
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.target import Target

#: So many examples come from one seed; then the time is looked at and the next seed begins.
EXAMPLES_AT_ONCE = 500
MOST_FINDINGS = 5


class Finding(NamedTuple):
    """An input that a target does not take, and the error it gave."""

    content: bytes
    error: str
    place: str


class Session(NamedTuple):
    """What came out: how many inputs were fed in how many seconds, and which were not taken."""

    target: str
    examples: int
    seconds: float
    findings: list[Finding]


def fuzz(
    target: Target,
    seconds: float,
    first_seed: int,
    tell: Callable[[int, int], None],
    most: int = MOST_FINDINGS,
) -> Session:
    """Feed the target with new inputs until `seconds` have passed; `tell` gets the counts.

    It ends early after `most` findings: more of them are mostly the same.
    """
    begin, fed = monotonic(), 0
    findings: dict[str, Finding] = {}
    number = first_seed
    while (past := monotonic() - begin) < seconds and len(findings) < most:
        examples, finding = _feed(target, number, begin + seconds)
        fed, number = fed + examples, number + 1
        if finding:
            findings.setdefault(finding.place, finding)
        tell(fed, len(findings))
    return Session(target.name, fed, past, list(findings.values()))


def _feed(target: Target, number: int, deadline: float) -> tuple[int, Finding | None]:
    """Feed the examples of one seed; return their count and the smallest input that failed."""
    fed = 0
    failed: list[Finding] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES_AT_ONCE,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def feed(content: bytes) -> None:
        nonlocal fed
        if monotonic() > deadline and fed and not failed:
            return
        fed += 1
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            try:
                target.feed(content, Path(folder))
            except Exception as error:
                failed.append(_finding(content, error))
                raise

    try:
        feed()
    except Exception:
        if not failed:
            raise
    return fed, min(failed, key=lambda finding: len(finding.content), default=None)


def _finding(content: bytes, error: Exception) -> Finding:
    last = traceback.extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__
    return Finding(content, f"{kind}: {error}"[:300], f"{kind} in {last.filename}:{last.lineno}")


def keep(finding: Finding, target: str, folder: Path) -> Path:
    """Write the finding's input to a file that `--replay` takes, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target}-{hashlib.sha256(finding.content).hexdigest()[:8]}"
    path.write_bytes(finding.content)
    return path

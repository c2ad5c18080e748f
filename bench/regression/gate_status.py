"""The exit status of what judges: gates, certificates, equivalence."""

from enum import IntEnum

from bench.regression.outcome import Outcome


class Status(IntEnum):
    """What the shell sees of a verdict; tox hands it on for a single environment."""

    OK = 0
    REGRESSED = 10
    INCONCLUSIVE = 11
    INVALID = 12
    INACCURATE = 13
    DIFFERS = 14


def gate_status(outcome: Outcome) -> Status:
    """Return the status of the worst verdict; what cannot be believed comes first.

    A mean can only raise the alarm: what every cell was shown not to lose, no mean has to show.
    """
    says = {found.says for found in outcome.verdicts}
    if outcome.defects or "invalid" in says or not says:
        return Status.INVALID
    if "regressed" in says or any(mean.says == "regressed" for mean in outcome.means):
        return Status.REGRESSED
    return Status.INCONCLUSIVE if "inconclusive" in says else Status.OK

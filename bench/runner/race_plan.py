"""The plan of a race, written to race.json before its first launch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from bench.core.cell import PROTOCOL_VERSION, Cell
from bench.core.record import DatasetFacts, RacePlace
from bench.core.result import Scalar
from bench.core.serialization import DecodeError, Document, Layout
from bench.runner.plan import PlannedLaunch
from bench.storage.atomic import write_atomic
from bench.storage.sessions import ResumeError, diff_mappings
from bench.system.machine import machine_facts, stable_facts

#: Raised whenever race.json changes; version 1 called the command `profile-steps` `steps`.
RACE_VERSION: Final = 2
READABLE_RACE_VERSIONS: Final = (1, 2)

_FILE: Final = "race.json"

RaceCommand = Literal["race", "profile-steps"]
_FromZero = Annotated[int, msgspec.Meta(ge=0)]


class Contender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One compared cell, with everything that must not change until the race is complete.

    `python` is its interpreter and `versions` are those of the recorded packages there.
    `environment` holds the variables that can change speed or numerics.
    """

    cell: Cell
    instrumented: bool
    digest: str
    python: str
    versions: dict[str, str]
    workload_source: str
    dataset: DatasetFacts
    environment: dict[str, str]


class Launch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One planned launch: the digest of its contender, its repetition and its place in the race."""

    digest: str
    repetition: _FromZero
    round: _FromZero
    position: _FromZero

    @property
    def key(self) -> tuple[str, int]:
        """The key of its record."""
        return self.digest, self.repetition


class Blocked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contender that could not run when the race was started, and the reason."""

    cell: Cell
    instrumented: bool
    why: str


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The user's options besides cells, such as interpreters by backend and a data folder."""

    rounds: int
    timeout_seconds: float
    pythons: dict[str, str]
    data_dir: str | None


class RacePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The plan of one race; `launches` are in order."""

    race_version: int = RACE_VERSION
    run_id: str
    command: RaceCommand
    chosen: Chosen
    protocol_version: int
    machine: dict[str, Scalar]
    contenders: tuple[Contender, ...]
    launches: tuple[Launch, ...]
    blocked: tuple[Blocked, ...]


def _upgrade(document: Document) -> None:
    """Give the command of a plan of version 1 its present name."""
    if document.get("command") == "steps":
        document["command"] = "profile-steps"


RACE_LAYOUT: Final = Layout(RacePlan, "race_version", RACE_VERSION, _upgrade)


def make_race_plan(
    run_id: str, command: RaceCommand, chosen: Chosen, steps: Sequence[PlannedLaunch]
) -> RacePlan:
    """Return the plan of a race of these steps."""
    to_run = [step for step in steps if step.action == "run"]
    contenders = {step.digest: _contender(step) for step in to_run}
    return RacePlan(
        run_id=run_id,
        command=command,
        chosen=chosen,
        protocol_version=PROTOCOL_VERSION,
        machine=machine_facts(),
        contenders=tuple(contenders.values()),
        launches=tuple(_launch(step) for step in to_run),
        blocked=tuple(
            Blocked(cell=step.cell, instrumented=step.instrumented, why=step.why)
            for step in steps
            if step.action == "blocked"
        ),
    )


def save_race_plan(folder: Path, plan: RacePlan) -> None:
    """Write race.json durably into the folder of the run; raises OSError if that fails."""
    write_atomic(folder / _FILE, msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n")


def has_race_plan(folder: Path) -> bool:
    """Return whether the run in `folder` is a race with a plan."""
    return (folder / _FILE).is_file()


def read_race_plan(folder: Path) -> RacePlan:
    """Return the plan of the race in `folder`; raises ResumeError if it cannot be read."""
    path = folder / _FILE
    try:
        content = path.read_bytes()
        version = RACE_LAYOUT.version_of(content)
        if version not in READABLE_RACE_VERSIONS:
            readable = " and ".join(map(str, READABLE_RACE_VERSIONS))
            raise ResumeError(
                f"{path} has version {version}, but this checkout reads versions {readable}; "
                "resume the race with the checkout that started it."
            )
        plan = RACE_LAYOUT.decode(content)
    except OSError as error:
        raise ResumeError(f"{path} cannot be read: {error.strerror}.") from error
    except DecodeError as error:
        raise ResumeError(f"{path} is damaged: {error}.") from error
    known = {contender.digest for contender in plan.contenders}
    if not known.issuperset(launch.digest for launch in plan.launches):
        raise ResumeError(f"{path} is damaged: a launch belongs to none of its contenders.")
    return plan


def planned_steps(plan: RacePlan, drafts: Sequence[PlannedLaunch]) -> list[PlannedLaunch]:
    """Return all steps of the race, made from the current `drafts` of its contenders, in order.

    Raises ResumeError, with the changes named, if anything changed since the race was started.
    """
    changed = list(_changed(plan, drafts))
    if changed:
        raise ResumeError(
            f"{plan.run_id} cannot be resumed, because its rounds would no longer be comparable: "
            f"{'; '.join(dict.fromkeys(changed))}."
        )
    by_digest = {draft.digest: draft for draft in drafts}
    blocked = [
        PlannedLaunch(
            cell=b.cell, repetition=0, action="blocked", why=b.why, instrumented=b.instrumented
        )
        for b in plan.blocked
    ]
    return [
        *blocked,
        *(
            msgspec.structs.replace(
                by_digest[launch.digest],
                repetition=launch.repetition,
                race=RacePlace(round=launch.round, position=launch.position),
            )
            for launch in plan.launches
        ),
    ]


def _changed(plan: RacePlan, drafts: Sequence[PlannedLaunch]) -> Iterator[str]:
    before = {"protocol_version": plan.protocol_version, "machine": stable_facts(plan.machine)}
    now = {"protocol_version": PROTOCOL_VERSION, "machine": stable_facts(machine_facts())}
    yield from diff_mappings(before, now)
    for contender, draft in zip(plan.contenders, drafts, strict=True):
        if draft.action != "run":
            yield f"{contender.cell.id} cannot run now ({draft.why.rstrip('.')})"
        elif contender != (current := _contender(draft)):
            facts = [msgspec.structs.asdict(each) for each in (contender, current)]
            facts = [{**each, "dataset": msgspec.structs.asdict(each["dataset"])} for each in facts]
            backend = contender.cell.backend
            # The digest follows from the other facts. It differs alone if its definition changed.
            changes = [text for text in diff_mappings(*facts) if not text.startswith("digest ")]
            yield from (f"{backend} {text}" for text in changes or [f"{backend} digest"])


def _contender(step: PlannedLaunch) -> Contender:
    if step.interpreter is None or step.dataset is None:
        raise ValueError(f"{step.cell.id} has no interpreter or dataset and cannot be a contender.")
    return Contender(
        cell=step.cell,
        instrumented=step.instrumented,
        digest=step.digest,
        python=step.interpreter.python,
        versions=step.interpreter.versions,
        workload_source=step.workload_source,
        dataset=step.dataset,
        environment=step.environment.performance,
    )


def _launch(step: PlannedLaunch) -> Launch:
    if step.race is None:
        raise ValueError(f"{step.cell.id} has no place in a race.")
    return Launch(
        digest=step.digest,
        repetition=step.repetition,
        round=step.race.round,
        position=step.race.position,
    )

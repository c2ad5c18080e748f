"""The book of a race: what it is to measure, written down before its first launch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from bench.core.cell import PROTOCOL_VERSION, Cell
from bench.core.record import DatasetFacts, RacePlace
from bench.core.result import Scalar
from bench.core.serialization import DecodeError, decode_json
from bench.runner.plan import PlannedLaunch
from bench.storage.atomic import write_atomic
from bench.storage.sessions import ResumeError, diff_mappings
from bench.system.machine import machine_facts, stable_facts

#: Raised whenever race.json changes.
RACE_VERSION: Final = 1

_FILE: Final = "race.json"

RaceCommand = Literal["race", "profile-steps"]
_FromZero = Annotated[int, msgspec.Meta(ge=0)]


class Contender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of what is compared, with all that must not change until the race is complete.

    `python` is the interpreter that was found, `versions` are those of all packages of interest
    there, `environment` holds the variables that can change speed or numerics.
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
    """One planned launch: whose, by its digest, which repetition, and its place in the race."""

    digest: str
    repetition: _FromZero
    round: _FromZero
    position: _FromZero

    @property
    def key(self) -> tuple[str, int]:
        """The key of its record."""
        return self.digest, self.repetition


class Blocked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contender that could not run when the race was begun, and why."""

    cell: Cell
    instrumented: bool
    why: str


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the user chose besides cells: interpreters by backend, a local copy of the data."""

    rounds: int
    timeout_seconds: float
    pythons: dict[str, str]
    data_dir: str | None


class RacePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one race is to measure; `launches` stand in their order."""

    race_version: int = RACE_VERSION
    run_id: str
    command: RaceCommand
    chosen: Chosen
    protocol_version: int
    machine: dict[str, Scalar]
    contenders: tuple[Contender, ...]
    launches: tuple[Launch, ...]
    blocked: tuple[Blocked, ...]


class _Version(msgspec.Struct):
    race_version: int


def make_book(
    run_id: str, command: RaceCommand, chosen: Chosen, steps: Sequence[PlannedLaunch]
) -> RacePlan:
    """Return the book of a race of these steps, as `race_steps` gives them."""
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


def save_race_plan(folder: Path, book: RacePlan) -> None:
    """Write race.json durably into the folder of the run; OSError when that is impossible."""
    write_atomic(folder / _FILE, msgspec.json.format(msgspec.json.encode(book), indent=1) + b"\n")


def has_book(folder: Path) -> bool:
    """Return whether the run in `folder` is a race that has a book."""
    return (folder / _FILE).is_file()


def read_book(folder: Path) -> RacePlan:
    """Return the book of the race in `folder`; ResumeError says why it cannot be read."""
    path = folder / _FILE
    try:
        content = path.read_bytes()
        version = decode_json(content, _Version).race_version
        if version != RACE_VERSION:
            raise ResumeError(
                f"{path} is of version {version}, this harness reads {RACE_VERSION}: "
                "resume it with the checkout that began it."
            )
        # `profile-steps` was called `steps` once.
        content = content.replace(b'"command": "steps"', b'"command": "profile-steps"')
        content = content.replace(b'"command":"steps"', b'"command":"profile-steps"')
        book = decode_json(content, RacePlan)
    except OSError as error:
        raise ResumeError(f"{path} cannot be read: {error.strerror}.") from error
    except DecodeError as error:
        raise ResumeError(f"{path} is damaged: {error}.") from error
    known = {contender.digest for contender in book.contenders}
    if not known.issuperset(launch.digest for launch in book.launches):
        raise ResumeError(f"{path} is damaged: a launch is of none of its contenders.")
    return book


def planned_steps(book: RacePlan, drafts: Sequence[PlannedLaunch]) -> list[PlannedLaunch]:
    """Return all steps of the race, made of today's `drafts` of its contenders in their order.

    ResumeError names what has changed since the race was begun.
    """
    changed = list(_changed(book, drafts))
    if changed:
        raise ResumeError(
            f"{book.run_id} cannot be resumed, for its rounds would not be alike: "
            f"{'; '.join(dict.fromkeys(changed))}."
        )
    by_digest = {draft.digest: draft for draft in drafts}
    blocked = [
        PlannedLaunch(
            cell=b.cell, repetition=0, action="blocked", why=b.why, instrumented=b.instrumented
        )
        for b in book.blocked
    ]
    return [
        *blocked,
        *(
            msgspec.structs.replace(
                by_digest[launch.digest],
                repetition=launch.repetition,
                race=RacePlace(round=launch.round, position=launch.position),
            )
            for launch in book.launches
        ),
    ]


def _changed(book: RacePlan, drafts: Sequence[PlannedLaunch]) -> Iterator[str]:
    before = {"protocol_version": book.protocol_version, "machine": stable_facts(book.machine)}
    now = {"protocol_version": PROTOCOL_VERSION, "machine": stable_facts(machine_facts())}
    yield from diff_mappings(before, now)
    for contender, draft in zip(book.contenders, drafts, strict=True):
        if draft.action != "run":
            yield f"{contender.cell.id} cannot run now ({draft.why.rstrip('.')})"
        elif contender != (found := _contender(draft)):
            facts = [msgspec.structs.asdict(each) for each in (contender, found)]
            facts = [{**each, "dataset": msgspec.structs.asdict(each["dataset"])} for each in facts]
            backend = contender.cell.backend
            # The digest follows from the others; it alone differs when the harness counts anew.
            told = [text for text in diff_mappings(*facts) if not text.startswith("digest ")]
            yield from (f"{backend} {text}" for text in told or [f"{backend} digest"])


def _contender(step: PlannedLaunch) -> Contender:
    if step.interpreter is None or step.dataset is None:
        raise ValueError(f"{step.cell.id} has no interpreter or dataset; it is no contender.")
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

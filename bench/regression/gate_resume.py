"""Gates that were interrupted: which one goes on, and whether it is still what it was begun as."""

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import asdict

from bench.regression.messages import Identity
from bench.regression.store import GATE_VERSION, Book, BookError, Expected, GatePlan
from bench.storage.sessions import ResumeError, changes
from bench.system.machine import lasting_facts


def find_gate(gates: Path, name: str) -> tuple[Book, GatePlan]:
    """Return the book and the plan of the gate `name`, of the newest unfinished one if empty.

    `gates` is the folder of all gates. ResumeError when there is none, or when it has its verdicts;
    BookError when its plan cannot be read.
    """
    known = sorted(path.parent.name for path in gates.glob("*/gate.json"))
    if name and name not in known:
        raise ResumeError(
            f"There is no gate {name!r} in {gates} that could be resumed; the newest are: "
            f"{', '.join(known[-5:]) or 'none'}."
        )
    if name and Book(gates / name).is_judged:
        raise ResumeError(f"{name} is complete: it has its verdicts.")
    for each in [name] if name else reversed(known):
        book = Book(gates / each)
        if not book.is_judged:
            return book, _resumable(book)
    raise ResumeError(f"There is no unfinished gate in {gates} to resume.")


def _resumable(book: Book) -> GatePlan:
    plan = book.plan()
    if plan.gate_version != GATE_VERSION:
        raise BookError(
            f"{book.folder.name} is of gate version {plan.gate_version}, of which {GATE_VERSION} "
            "resumes none: run the gate again."
        )
    return plan


def check_unchanged(begun: GatePlan, now: GatePlan) -> None:
    """Raise ResumeError that names what is no longer as it was when the gate was begun.

    Both are plans of the same cells: `begun` the one that was written down, `now` today's.
    """
    changed = list(dict.fromkeys(_changed(begun, now)))
    if changed:
        raise ResumeError(
            f"{begun.gate_id} cannot be resumed, for its pairs would not be alike: "
            f"{'; '.join(changed)}."
        )


def _changed(begun: GatePlan, now: GatePlan) -> Iterator[str]:
    facts = [
        {"machine": lasting_facts(plan.machine), "dataset": plan.datasets} for plan in (begun, now)
    ]
    yield from changes(*facts)
    found = {each.key: each for each in now.expected}
    for each in begun.expected:
        if each.key in found:
            yield from _changed_sides(each, found[each.key])
        else:
            why = now.unplanned.get(each.cell.id, "it is not planned any more")
            yield f"{each.cell.id} cannot be measured now ({why})"


def _changed_sides(begun: Expected, now: Expected) -> Iterator[str]:
    sides: list[tuple[str, Identity, Identity]] = [
        ("baseline", begun.baseline, now.baseline),
        ("candidate", begun.candidate, now.candidate),
    ]
    for side, was, found in sides:
        yield from (f"the {side}'s {text}" for text in changes(asdict(was), asdict(found)))

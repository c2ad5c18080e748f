"""Races: rounds of alternating order, one row of the comparison after another."""

from pathlib import Path

from bench.core.cell import BACKENDS
from bench.core.record import RacePlace
from bench.runner.interleave import interleaved_launches
from bench.runner.plan import PlannedLaunch, draft_step
from tests.fixtures.fake_python import make_fake_python
from tests.fixtures.steps import make_fake_cell


def contenders(
    folder: Path, batch_sizes: tuple[int, ...] = (4,), *, instrumented: tuple[bool, ...] = (False,)
) -> list[PlannedLaunch]:
    pythons = dict.fromkeys(BACKENDS, make_fake_python(folder))
    return [
        draft_step(
            make_fake_cell(folder, backend=backend, batch_size=batch_size),
            [],
            pythons,
            None,
            instrumented=kind,
        )
        for batch_size in batch_sizes
        for backend in BACKENDS
        for kind in instrumented
    ]


def test_rounds_alternate_so_that_drift_meets_every_backend(tmp_path: Path) -> None:
    steps = interleaved_launches(contenders(tmp_path), rounds=3)
    there, back = list(BACKENDS), list(reversed(BACKENDS))
    assert [step.cell.backend for step in steps] == there + back + there
    assert [step.race for step in steps[2:4]] == [
        RacePlace(round=0, position=2),
        RacePlace(round=1, position=0),
    ]
    assert [step.repetition for step in steps] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_the_race_of_one_row_ends_before_the_next_begins(tmp_path: Path) -> None:
    steps = interleaved_launches(contenders(tmp_path, (4, 8)), rounds=2)
    assert [step.cell.batch_size for step in steps] == [4] * 6 + [8] * 6


def test_an_instrumented_launch_is_a_contender_with_a_digest_of_its_own(tmp_path: Path) -> None:
    steps = interleaved_launches(contenders(tmp_path, instrumented=(False, True)), rounds=1)
    assert [step.instrumented for step in steps] == [False, True] * 3
    assert len({step.digest for step in steps}) == 6

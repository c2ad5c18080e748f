"""Races with a contender that cannot be started."""

from pathlib import Path

from bench.core.cell import BACKENDS
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


def test_a_blocked_contender_is_told_of_once_and_the_others_race(tmp_path: Path) -> None:
    ready = contenders(tmp_path)
    missing = draft_step(ready[0].cell, [], {"jax": "/no/such/python"}, None)
    steps = interleaved_launches([missing, *ready[1:]], rounds=2)
    assert [step.action for step in steps] == ["blocked", "run", "run", "run", "run"]
    assert steps[0].race is None

"""The phases of a worker leave no gap between them."""

from bench.worker.process_info import Phases


def phases_at(*readings: float) -> Phases:
    return Phases(10.0, clock=iter(readings).__next__)


def test_a_phase_runs_from_the_end_of_the_one_before_it() -> None:
    phases = phases_at(11.0, 14.0)
    phases.end("harness")
    phases.end("import")
    assert phases.seconds == {"harness": 1.0, "import": 3.0}


def test_a_phase_that_comes_twice_is_added_up() -> None:
    phases = phases_at(11.0, 14.0, 16.0)
    for name in ("harness", "import", "harness"):
        phases.end(name)
    assert phases.seconds["harness"] == 3.0


def test_all_phases_together_are_the_time_from_begin_to_now() -> None:
    phases = phases_at(11.0, 14.0, 16.0, 21.0)
    for name in ("harness", "import", "build", "fit"):
        phases.end(name)
    assert phases.now == 21.0
    assert sum(phases.seconds.values()) == phases.now - phases.begin


def test_a_phase_that_never_came_took_no_time() -> None:
    assert phases_at().seconds["fit"] == 0

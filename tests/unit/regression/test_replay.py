"""The replay clock gives a stopwatch exactly the samples, and notices when nobody looked."""

import pytest

from bench.regression.pytest_plugin.replay import ReplayClock, ReplayError

_SAMPLES = (1.1, 0.1 + 0.2, 1e-9, 123456.789, 1.1)


def _measure(clock: ReplayClock) -> float:
    clock.rewind()
    start = clock.read()
    clock.play()
    return clock.read() - start


def test_a_stopwatch_measures_every_sample_without_rounding() -> None:
    clock = ReplayClock(_SAMPLES)
    assert tuple(_measure(clock) for _ in _SAMPLES) == _SAMPLES
    assert clock.read_seconds == _SAMPLES


def test_readings_in_between_change_nothing() -> None:
    clock = ReplayClock(_SAMPLES)
    for expected in _SAMPLES:
        clock.read()
        assert _measure(clock) == expected
        assert clock.read() == expected


def test_samples_played_without_a_stopwatch_do_not_count_as_measured() -> None:
    clock = ReplayClock((2.0, 3.0))
    clock.play()
    assert clock.read_seconds == ()
    assert _measure(clock) == 3.0
    assert clock.read_seconds == (3.0,)


def test_a_round_more_than_there_are_samples_is_an_error() -> None:
    clock = ReplayClock((2.0,))
    _measure(clock)
    with pytest.raises(ReplayError, match="All 1 samples are already replayed"):
        _measure(clock)

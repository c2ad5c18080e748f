"""A simulated machine: the duration of a slice, which depends on the process and the time."""

from math import exp, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The drift is drawn on a grid with this spacing and interpolated linearly.
_GRID_SECONDS: Final = 1.0


class Noise(NamedTuple):
    """The noise of a machine; every spread is a standard deviation of logarithms of seconds.

    - `drift`, `drift_seconds`: the machine's speed is a stationary Ornstein-Uhlenbeck process of
      that spread and correlation time.
    - `launch`: the spread between processes of one program, constant for their whole life.
    - `piece`: the spread of a slice around the speed of its process at that time; lognormal.
    - `spike_chance`, `spike`: with this chance a slice is longer by an exponential of this mean, on
      the wall clock only.
    - `clocks`: the additional spread of CPU time.
    - `between_cells`: `launch` and `piece` differ between cells by a factor of this spread.

    The defaults, except for the drift, reproduce this project's own pairs on two noisy cores: their
    slices vary by a tenth, their means by 2.4% (README, "The gate").
    """

    drift: float
    drift_seconds: float
    launch: float = 0.007
    piece: float = 0.07
    spike_chance: float = 0.02
    spike: float = 0.3
    clocks: float = 0.02
    between_cells: float = 0.25


class Program(NamedTuple):
    """A cell's program: its time relative to the baseline, its noise relative to other cells."""

    slower: float
    noisier: float


class SimulatedMachine:
    """A machine whose clock advances only when it is used; equal seeds give equal machines."""

    def __init__(self, noise: Noise, drift_seed: int, seed: int, seconds: float) -> None:
        """Draw `seconds` of drift with `drift_seed`; all else is drawn with `seed`."""
        self._noise = noise
        self._random = np.random.default_rng(seed)
        self._drift = _drift(noise, np.random.default_rng(drift_seed), seconds)
        self._grid = np.arange(len(self._drift)) * _GRID_SECONDS
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        """Advance the machine's clock."""
        self.now += seconds

    def process(self, program: Program) -> float:
        """Return the factor by which a new process of the program is slower than a baseline."""
        deviation = self._random.normal(0.0, self._noise.launch * program.noisier)
        return program.slower * exp(deviation)

    def slices(
        self, number: int, seconds: float, gap: float, noisier: float
    ) -> tuple[Floats, Floats]:
        """Return the seconds of `number` slices by wall and by CPU clock, shape (number,) each.

        A slice takes a baseline `seconds` without noise, and starts `seconds` + `gap` after the
        previous one.
        """
        times = self.now + np.arange(number) * (seconds + gap)
        self.now = float(times[-1]) + seconds + gap
        noise, draw = self._noise, self._random
        logs = np.interp(times, self._grid, self._drift)
        logs += draw.normal(0.0, noise.piece * noisier, number)
        cpu = logs + draw.normal(0.0, noise.clocks, number)
        spikes = draw.exponential(noise.spike, number) * (draw.random(number) < noise.spike_chance)
        return seconds * np.exp(logs + spikes), seconds * np.exp(cpu)


def _drift(noise: Noise, draw: np.random.Generator, seconds: float) -> Floats:
    """Return the logarithm of the machine's slowness on the grid."""
    from scipy.signal import lfilter

    kept = exp(-_GRID_SECONDS / noise.drift_seconds)
    steps = draw.normal(0.0, noise.drift, int(seconds / _GRID_SECONDS) + 2)
    steps[1:] *= sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], steps), dtype=np.float64)

"""A simulated machine: how long a slice takes on it, in which process, and when."""

from math import exp, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The drift is drawn at so many seconds' distance and is straight in between.
_GRID_SECONDS: Final = 1.0


class Noise(NamedTuple):
    """How a machine errs; every spread is a standard deviation of logarithms of seconds.

    - `drift`, `drift_seconds`: the machine's speed is a stationary Ornstein-Uhlenbeck process of
      that spread and correlation time.
    - `launch`: two processes of one program differ by it for their whole life.
    - `piece`: a slice is lognormal around its process and moment.
    - `spike_chance`, `spike`: so many slices are longer by an exponential of that mean, on the
      wall clock alone.
    - `clocks`: what CPU time has of its own.
    - `between_cells`: `launch` and `piece` differ between cells by a factor of this spread.

    The defaults for all but the drift are such that pairs vary like this project's own on two
    noisy cores: their slices by a tenth, their means by 2.4% (README, "The gate").
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
    """A cell's program: so many times as slow as its baseline, so many times as noisy as others."""

    slower: float
    noisier: float


class SimulatedMachine:
    """A machine whose clock only moves when it is used; the same seeds give the same machine."""

    def __init__(self, noise: Noise, drift_seed: int, seed: int, seconds: float) -> None:
        """Draw the drift of so many `seconds` with `drift_seed`, all else with `seed`."""
        self._noise = noise
        self._random = np.random.default_rng(seed)
        self._drift = _drift(noise, np.random.default_rng(drift_seed), seconds)
        self._grid = np.arange(len(self._drift)) * _GRID_SECONDS
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        """Let the machine's clock move."""
        self.now += seconds

    def process(self, program: Program) -> float:
        """Return by what factor a new process of the program is slower than a baseline."""
        own = self._random.normal(0.0, self._noise.launch * program.noisier)
        return program.slower * exp(own)

    def slices(
        self, number: int, seconds: float, gap: float, noisier: float
    ) -> tuple[Floats, Floats]:
        """Return so many slices' seconds on the wall clock and on the CPU's, shape (number,) each.

        Each would take a baseline `seconds` without noise, and starts `seconds` + `gap` after the
        one before.
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

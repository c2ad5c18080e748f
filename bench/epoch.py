"""One pass over the images: its raw clock readings and metrics."""

import math

import msgspec


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One epoch's raw clock readings, in seconds, and metrics.

    `warmup` marks the first epoch: it holds trace and compile costs, so statistics leave it out.
    The accuracies are None for a model that has no accuracy metric. `train_seconds` is the time of
    the pass over the images without what follows it; `validation_seconds` and `loss` are None where
    the task is not `fit`, `val_loss` also where it is `predict`. `tail_seconds` runs from the
    end of validation to the begin of the next epoch, for the last one to its own end;
    `first_step_seconds` from the begin of the epoch to that of its second step, with all that
    starting an epoch costs (None for an epoch of one step). Both are None in records of version 1.
    """

    index: int
    warmup: bool
    train_seconds: float
    validation_seconds: float | None
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    tail_seconds: float | None = None
    first_step_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse clock readings that are not positive and metrics that are not finite."""
        known = [s for s in (self.train_seconds, self.validation_seconds) if s is not None]
        if not all(0 < seconds < math.inf for seconds in known):
            raise ValueError(f"epoch {self.index} has a duration that is not above 0 s")
        for name in ("tail_seconds", "first_step_seconds"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"{name} is {value} in epoch {self.index}")
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value} in epoch {self.index}")


class StepDetail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What only an instrumented launch can tell, at the price of waiting after every step.

    `step_seconds` holds per epoch the seconds of each training step, from its begin to the arrival
    of its logs; `gap_seconds` those between the end of a step and the begin of the next one.
    `feed_seconds` is the time to draw one epoch of batches from the data adapter that `fit` used,
    with no training beside it.
    """

    step_seconds: tuple[tuple[float, ...], ...]
    gap_seconds: tuple[tuple[float, ...], ...]
    feed_seconds: float

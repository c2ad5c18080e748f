"""The headline metric: the log by which a workload is judged, and its better direction."""

import re
from typing import Final, Literal, NamedTuple

from bench.core.result import ACCURACIES, Epoch, Result

#: The direction that a recipe may give; `auto` chooses it by the metric's name.
HeadlineMode = Literal["auto", "max", "min"]
Unit = Literal["points", "percent"]

VAL_ACCURACY: Final = "val_accuracy"
VAL_LOSS: Final = "val_loss"

#: Metrics of which more is better, by a part of their name between underscores. Keras's MeanIoU is
#: logged as `mean_io_u`.
_LARGER: Final = re.compile(
    r"(^|_)(acc|accuracy|auc|precision|recall|f1|fbeta|(mean|m)?iou|io_u|r2|sensitivity|specificity"
    r"|similarity|dice)\d*(_|$)"
)
_SMALLER: Final = re.compile(r"(loss|error)\d*(_\d+)?$")


class Headline(NamedTuple):
    """The name of a log, and whether a larger (`max`) or a smaller value (`min`) is better."""

    metric: str
    mode: Literal["max", "min"]

    @property
    def sign(self) -> int:
        """1 if larger is better, else -1: times it, a larger value is the better one."""
        return 1 if self.mode == "max" else -1

    @property
    def unit(self) -> Unit:
        """The unit of a margin: points of 0.01 for a fraction, else percent of the value."""
        return "points" if mode_of(self.metric) == "max" else "percent"

    def of(self, epoch: Epoch) -> float | None:
        """Return the metric's value in an epoch; None if it is missing, NaN or infinite."""
        if self.metric == VAL_ACCURACY:
            return epoch.val_accuracy
        return epoch.logs.get(self.metric)

    def is_in(self, epoch: Epoch) -> bool:
        """Return whether the epoch has a log of this name, finite or not."""
        usual = ACCURACIES if self.metric == VAL_ACCURACY else ()
        return any(name in epoch.logs for name in (self.metric, *(f"val_{name}" for name in usual)))

    def of_training(self, epoch: Epoch) -> float | None:
        """Return the value on the training images, where the metric is one of validation."""
        if self.metric == VAL_ACCURACY:
            return epoch.accuracy
        name = self.metric.removeprefix("val_")
        return None if name == self.metric else epoch.logs.get(name)

    def best(self, result: Result) -> float | None:
        """Return the best value of all epochs, None if there is none."""
        values = [v for epoch in judged_epochs(result) if (v := self.of(epoch)) is not None]
        return (max if self.mode == "max" else min)(values, default=None)

    def final(self, result: Result) -> float | None:
        """Return the value of the last epoch, None if there is none."""
        epochs = judged_epochs(result)
        return self.of(epochs[-1]) if epochs else None

    def is_better(self, value: float, other: float) -> bool:
        """Return whether `value` is better than `other`; equal values are not."""
        return self.sign * value > self.sign * other


def mode_of(metric: str, mode: HeadlineMode = "auto") -> Literal["max", "min"]:
    """Return the better direction of a metric; `auto` chooses it by the name, as Keras does.

    A name is `max` if a part of it is acc, accuracy, auc, precision, recall, f1, fbeta, iou, r2,
    sensitivity, specificity, similarity or dice. Every other name, and one that ends in `loss` or
    `error`, is `min`.
    """
    if mode != "auto":
        return mode
    name = metric.lower()
    return "max" if _LARGER.search(name) and not _SMALLER.search(name) else "min"


def judged_epochs(result: Result) -> tuple[Epoch, ...]:
    """Return the epochs by which a result is judged: its own, or those of its last phase `fit`."""
    fits = [phase.epochs for phase in result.phases if phase.method == "fit"]
    return result.epochs or (fits[-1] if fits else ())


def headline_of(result: Result) -> Headline | None:
    """Return the metric by which a result is judged, None if it names none and has no default.

    The default is `val_accuracy` if an epoch has it, else `val_loss`. A metric that the result
    names is returned even if no epoch has it; see `missing_headline`.
    """
    named = result.headline
    if named:
        return Headline(named, mode_of(named, result.headline_mode))
    epochs = judged_epochs(result)
    defaults = (Headline(VAL_ACCURACY, "max"), Headline(VAL_LOSS, "min"))
    return next((each for each in defaults if any(map(each.is_in, epochs))), None)


def missing_headline(result: Result) -> str | None:
    """Return the reason, as a phrase, why a result has no final headline value, or None."""
    headline = headline_of(result)
    if headline is not None and headline.final(result) is not None:
        return None
    epochs = judged_epochs(result)
    if headline is not None and epochs and headline.is_in(epochs[-1]):
        return f"{headline.metric} is not finite in the last epoch"
    logs = list(dict.fromkeys(name for epoch in epochs for name in epoch.logs))
    there = f"the logs are {', '.join(logs)}" if logs else "there are no logs"
    metric = headline.metric if headline else f"{VAL_ACCURACY} and no {VAL_LOSS}"
    return f"there is no {metric}; {there}"

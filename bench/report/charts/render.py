"""The figures of one row of the comparison, with what has to be said beside each."""

from typing import Final, NamedTuple

from bench.report.charts import vega as specs


class Chart(NamedTuple):
    """One figure: its heading, how to read it, what to say when `series` has no line for it."""

    title: str
    caption: str
    series: str
    missing: str
    spec: specs.Spec


_OLD: Final = "Records of version 1, or of failed launches alone, cannot tell."

#: The figures of a row by the name under which the page and the tests find them.
CHARTS: Final = {
    "ratios": Chart(
        "Ratios, interleaved",
        "Point: median over the rounds of a race; bar: its 95% interval; dashed: no difference. "
        "Above 1 the first of the two is slower.",
        "ratios",
        "There is no valid race of this row, so no ratio is given.",
        specs.ratios(),
    ),
    "epochs": Chart(
        "Epoch times",
        "Each tick is one epoch; the mark is the median, its bar the 95% interval over launches, "
        "drawn from 6 launches on. The first epoch of a launch, which compiles, is left out.",
        "points",
        "There is no epoch besides the first one.",
        specs.epoch_times(),
    ),
    "loss": Chart(
        "Loss",
        "Training dashed, validation solid; medians over the records, shaded from the smallest to "
        "the largest.",
        "curves",
        "No backend has an ok record.",
        specs.curves("loss"),
    ),
    "accuracy": Chart(
        "Accuracy",
        "As before. Validation can lie above training: it is taken after the epoch, without "
        "dropout.",
        "curves",
        "No backend has an ok record.",
        specs.curves("accuracy"),
    ),
    "elapsed": Chart(
        "Accuracy against time",
        "Further left is sooner. The time is that of training, the first epoch included and "
        "validation left out.",
        "elapsed",
        "The records have no validation accuracy.",
        specs.elapsed(),
    ),
    "phases": Chart(
        "Where the time goes",
        "One launch from start to exit; medians over the records, each phase on its own.",
        "phases",
        _OLD,
        specs.phases(),
    ),
    "memory": Chart(
        "Memory",
        "Largest resident memory of a launch; pale: what it held after importing the backend, "
        "where the record can tell.",
        "memory",
        "No backend has an ok record.",
        specs.memory(),
    ),
    "work": Chart(
        "Work",
        "Achieved in training; the dashed line is the CPU's measured peak for matrix products.",
        "work",
        "The work was not counted: the records are of version 1, have no epoch besides the first, "
        "or a layer has no counting rule.",
        specs.work(),
    ),
}

"""The columns of compare.csv."""

from typing import Final

from bench.core.cell import Cell
from bench.report.tables.columns import RECORD_COLUMNS, Column

COMPARE_COLUMNS: Final = (
    *(
        column
        for column in RECORD_COLUMNS
        if column.name in ("cell_id", "phase", *Cell.__struct_fields__)
    ),
    Column("sides", "string", "`both`, `only A` or `only B`: the runs that have the cell"),
    *(
        column
        for side in "ab"
        for column in (
            Column(f"machine_{side}", "string", f"machine_id of {side.upper()}"),
            Column(f"launches_{side}", "Int64", f"ok records of {side.upper()}"),
            Column(f"failed_{side}", "Int64", f"failed records of {side.upper()}"),
            Column(
                f"epoch_seconds_{side}",
                "Float64",
                f"{side.upper()}'s median over the launches of each one's median steady epoch, "
                "or phase_seconds",
            ),
            Column(f"val_accuracy_{side}", "Float64", f"{side.upper()}'s median over the launches"),
            Column(f"headline_{side}", "Float64", f"{side.upper()}'s median of headline_metric"),
        )
    ),
    Column("across_machines", "boolean", "True: A and B were measured on different machines"),
    Column("changed", "string", "differences between A and B, as `NAME A -> B`"),
    Column(
        "parity",
        "string",
        "`unchanged`, or by certificates the parity of A and of B, each with other backends",
    ),
    Column(
        "time",
        "string",
        "`ok`; else why there is no ratio: `one side`, `mixed` (several digests on one side), "
        "`no time`, `mismatched` (the timing protocol changed), `too few launches` or `unstable`",
    ),
    Column("seconds_ratio", "Float64", "exp of the median difference of log seconds, B's to A's"),
    Column("seconds_ratio_low", "Float64", "lower end of its interval"),
    Column("seconds_ratio_high", "Float64", "upper end of its interval"),
    Column("val_accuracy_difference", "Float64", "median difference of val_accuracy, B's to A's"),
    Column("val_accuracy_difference_low", "Float64", "lower end of its interval"),
    Column("val_accuracy_difference_high", "Float64", "upper end of its interval"),
    Column("headline_metric", "string", "the log by which both are judged; empty if they differ"),
    Column("headline_mode", "string", "its better direction: `max` or `min`"),
    Column("headline_difference", "Float64", "median difference of headline_metric, B's to A's"),
    Column("headline_difference_low", "Float64", "lower end of its interval"),
    Column("headline_difference_high", "Float64", "upper end of its interval"),
    Column("headline_reason", "string", "why a run has no headline value, or both no common one"),
    Column("interval_confidence", "Float64", "confidence level of each interval"),
    Column(
        "gemm_drift",
        "Float64",
        "90th / 10th percentile of both sides' gemm_seconds, - 1; across machines: "
        "the larger side's",
    ),
    Column(
        "copy_drift",
        "Float64",
        "90th / 10th percentile of both sides' copy_seconds, - 1; across machines: "
        "the larger side's",
    ),
)

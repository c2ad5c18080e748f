"""The verdict on one row of the comparison, in plain sentences that need no other context."""

from collections.abc import Sequence
from typing import Final

from bench.core.cell import BACKENDS
from bench.core.headline import VAL_ACCURACY, VAL_LOSS, Headline
from bench.report.render.format import Row
from bench.report.render.headline import floor_of, headline_of_row, headline_text
from bench.report.render.ratios import ratio_text, sessions_note

_UNITS: Final = {"epoch": "an epoch", "phase": "the phase"}
_NO_TIME: Final = {
    "epoch": "No backend has an epoch after the first one, so speed is not compared.",
    "phase": "No backend has a time of this phase, so speed is not compared.",
}
_NAMES: Final = {VAL_ACCURACY: "validation accuracy"}


def summarise_row(row: Row, ratios: Sequence[Row]) -> str:
    """Return sentences on the fastest backend, its lead, parity, headline metric and failures.

    `ratios` are the ratios between backends of the row's newest race, for all quantities. Every
    factor has its interval; without a race there is no factor.
    """
    speed, sessions = _speed(row, ratios), sessions_note(ratios)
    parts = (speed, sessions, _parity(ratios), _judged(row), _failures(row))
    return " ".join(part for part in parts if part)


def _speed(row: Row, ratios: Sequence[Row]) -> str:
    quantity = row["compared"] or "epoch"
    medians = {b: s for b in BACKENDS if (s := row[f"{b}_{quantity}_seconds_median"]) is not None}
    order = sorted(medians, key=lambda backend: medians[backend])
    epochs = [ratio for ratio in ratios if ratio["quantity"] == quantity]
    if not order:
        return _NO_TIME[quantity]
    if row["mismatched"]:
        return f"No fastest backend is named, because they differ in {row['mismatched']}."
    if len(order) == 1:
        return f"Only {order[0]} has {quantity} times (median {medians[order[0]]:.3g} s)."
    if any(ratio["status"] == "ok" for ratio in epochs):
        return _raced(order[0], epochs, _UNITS[quantity])
    if epochs:
        return f"The race gives no ratio. It is {ratio_text(epochs[0])}."
    texts = ", ".join(f"{backend} {medians[backend]:.3g} s" for backend in order)
    return (
        f"Not measured interleaved: {order[0]} has the lowest median {quantity} ({texts}), but the "
        "machine may have changed in between, so no ratio is given."
    )


def _raced(fastest: str, ratios: Sequence[Row], unit: str) -> str:
    """Return each other backend's time as a multiple of the fastest one's, with its interval."""
    clear: list[str] = []
    unclear: list[str] = []
    unknown: list[str] = []
    for ratio in ratios:
        pair = (ratio["numerator"], ratio["denominator"])
        if fastest not in pair:
            continue
        other = pair[0] if pair[1] == fastest else pair[1]
        if ratio["status"] != "ok":
            unknown.append(f"{other} against {fastest}: {ratio_text(ratio)}")
            continue
        ends = (ratio["ratio"], ratio["ratio_low"], ratio["ratio_high"])
        times, low, high = ends if pair[1] == fastest else (1 / ends[0], 1 / ends[2], 1 / ends[1])
        text = f"{other} {times:.2f} [{low:.2f}, {high:.2f}] times as long"
        (clear if low > 1 else unclear).append(text)
    how = f"(interleaved, {ratios[0]['rounds']} rounds, 95% intervals)"
    if clear and not unclear and not unknown:
        return f"{fastest} is the fastest: {unit} takes {_joined(clear)} {how}."
    if not clear and unclear:
        return (
            f"No backend is clearly the fastest: against {fastest}, {unit} takes "
            f"{_joined(unclear)} {how}."
        )
    sentences = []
    if clear:
        sentences.append(f"{fastest} is faster than others: {unit} takes {_joined(clear)} {how}.")
    if unclear:
        sentences.append(f"Not distinguished from it: {_joined(unclear)}.")
    return " ".join([*sentences, *(f"{text}." for text in unknown)])


def _parity(ratios: Sequence[Row]) -> str:
    """Return whether the contenders of a race are certified to compute the same function."""
    verdicts = {
        f"{r['numerator']} / {r['denominator']}": r["parity"] for r in ratios if r["parity"]
    }
    differing = [f"{pair} {text}" for pair, text in verdicts.items() if text.startswith("differs")]
    if differing:
        return f"They do NOT compute the same function: {'; '.join(differing)}."
    if not verdicts:
        return ""
    certified = set(verdicts.values()) == {"certified"}
    return f"{'Certified' if certified else 'Not certified'} to compute the same function."


def _judged(row: Row) -> str:
    """Return the final values of the headline metric, and whether they reach the floor."""
    headline, reason = headline_of_row(row), row["headline_reason"]
    missing = f"No headline metric: {reason}." if reason else ""
    scores = {b: s for b in BACKENDS if (s := row[f"{b}_final_headline"]) is not None}
    if headline is None or not scores or _is_default_loss(headline, row):
        return missing
    texts = ", ".join(f"{backend} {headline_text(score)}" for backend, score in scores.items())
    name = _NAMES.get(headline.metric, headline.metric)
    floor = floor_of(row)
    if floor is None:
        sentence = f"Final {name}: {texts}; no floor is set."
        return f"{sentence} {missing}".strip()
    subject = "Accuracy" if headline.metric == VAL_ACCURACY else headline.metric
    above, below = ("above", "below") if headline.mode == "max" else ("below", "above")
    failed = [backend for backend, score in scores.items() if headline.is_better(floor, score)]
    if failed:
        verb = "is" if len(failed) == 1 else "are"
        why = f"{_joined(failed)} {verb} {below} the floor of {floor:g}"
        return f"{subject} did NOT hold: {why} ({texts})."
    return f"{subject} held: {texts}, all at or {above} the floor of {floor:g}."


def _is_default_loss(headline: Headline, row: Row) -> bool:
    """Return whether no floor applies to a validation loss, which the tables show anyway."""
    return headline.metric == VAL_LOSS and floor_of(row) is None


def _failures(row: Row) -> str:
    failed = [
        f"{backend} ({count} of {count + row[f'{backend}_records']} launches)"
        for backend in BACKENDS
        if (count := row[f"{backend}_failed_records"])
    ]
    return f"Failed: {_joined(failed)}." if failed else ""


def _joined(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"

"""The text of the ratios of a race, the same in Markdown, on the page and on a terminal."""

from collections.abc import Mapping, Sequence

from bench.report.render.format import Row


def ratio_text(ratio: Row) -> str:
    """Return `1.52 [1.44, 1.60], 10 rounds`, or the reason why there is no ratio."""
    failed = f", {ratio['rounds_failed']} failed" if ratio["rounds_failed"] else ""
    sessions = f" in {ratio['sessions']} sessions" if ratio["sessions"] > 1 else ""
    rounds = f"{ratio['rounds']} round{'' if ratio['rounds'] == 1 else 's'}{sessions}{failed}"
    if ratio["status"] == "ok":
        interval = f"[{ratio['ratio_low']:.2f}, {ratio['ratio_high']:.2f}]"
        return f"{ratio['ratio']:.2f} {interval}, {rounds}"
    reasons = {
        "unstable": f"unstable: {_drift_text(ratio)}",
        "too few rounds": f"too few rounds for an interval: {rounds}",
        "mismatched": f"mismatched: they differ in {ratio['mismatched']}",
    }
    return reasons[ratio["status"]]


def sessions_note(ratios: Sequence[Row]) -> str:
    """Return `Measured in 2 sessions: …` for one race; empty if it has a single session."""
    if not ratios or ratios[0]["sessions"] < 2:
        return ""
    return f"Measured in {ratios[0]['sessions']} sessions: {ratios[0]['session_rounds']}."


def ratio_lines(ratios: Sequence[Row]) -> list[tuple[str, str]]:
    """Return `jax / torch` and the text of its ratios for each pair of one race.

    The text is `EPOCH; steps STEPS; PARITY`. If all ratios are missing for the same reason, it is
    given once.
    """
    pairs: dict[str, dict[str, Row]] = {}
    for ratio in ratios:
        name = f"{ratio['numerator']} / {ratio['denominator']}"
        pairs.setdefault(name, {})[ratio["quantity"]] = ratio
    return [(name, _pair_text(by_quantity)) for name, by_quantity in pairs.items()]


def _pair_text(by_quantity: Mapping[str, Row]) -> str:
    main, epoch = next(iter(by_quantity.items()))
    first = ratio_text(epoch)
    text = first if main == "epoch" else f"{main} {first}"
    for quantity, ratio in by_quantity.items():
        if quantity != main and (epoch["status"] == "ok" or ratio_text(ratio) != first):
            text += f"; {quantity} {ratio_text(ratio)}"
    return f"{text}; {epoch['parity']}" if epoch["parity"] else text


def _drift_text(ratio: Row) -> str:
    known = [d for kernel in ("gemm", "copy") if (d := ratio[f"{kernel}_drift"]) is not None]
    if not known:
        return "no calibration shows that the machine was steady"
    return f"the calibration drifted by {max(known):.1%}, the bound is {ratio['drift_bound']:.0%}"

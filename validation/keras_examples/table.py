"""The page of the documentation: each example, where it runs, and why it does not elsewhere."""

from collections.abc import Iterable
from pathlib import Path

from bench.core.cell import BACKENDS
from bench.core.text import escape_markdown, sanitize_line
from validation.keras_examples.catalogue import Example
from validation.keras_examples.compare import (
    describe_phases,
    find_losses,
    largest_difference,
)
from validation.keras_examples.rows import ExampleRow
from validation.keras_examples.traits import TRAITS, traits_of

Rows = dict[tuple[str, str, str], ExampleRow]

_INTRODUCTION = """\
# The examples that Keras publishes

This page has each of the {count} examples in `examples/keras_io` of keras-team/keras-core (Keras 3
under its earlier name), run unchanged under each backend that it is written for, and the reason
wherever one does not run.

`python -m validation.keras_examples` makes it: `setup` an environment, `stand-ins` the small files
that replace downloads, `run` the rows, `table` this page. The examples stay outside of the
repository; an alias package of two lines gives Keras its earlier name. The shell cells of an
example, such as `wget` and `tar`, run before it. Data is small and random, with the form of the
original, and pretrained weights are random: losses and metrics mean nothing here.

- *runs*: plain Python with Keras 3.15 ends without an error, in the time that was given.
- *fails*: plain Python fails, because of the script, of a package, or of Keras's own changes.
- *too long*: not finished in the time that was given, on two CPU cores shared with other work.
"""


def write_page(examples: list[Example], rows: Rows, path: Path) -> str:
    """Write the page to `path` and return its text."""
    everywhere = [e for e in examples if e.backends == BACKENDS]
    alone = [e for e in examples if e.backends != BACKENDS]
    parts = [
        _INTRODUCTION.format(count=len(examples)),
        "\n".join(_summary(everywhere, alone, rows)),
        f"## The {len(everywhere)} for every backend",
        "\n".join(_table_everywhere(everywhere, rows)),
        f"## The {len(alone)} for one backend",
        "\n".join(_table_alone(alone, rows)),
        "## Why the others do not run",
        "\n".join(_reasons(examples, rows)) or "Every example runs.",
        "## By trait",
        "\n".join(_traits(examples, rows)),
    ]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    path.write_text(text, encoding="utf-8")
    return text


def _runs(example: Example, backend: str, rows: Rows) -> bool:
    row = rows.get((example.name, backend, "plain"))
    return row is not None and row.status == "ok"


def _summary(everywhere: list[Example], alone: list[Example], rows: Rows) -> Iterable[str]:
    on_all = sum(all(_runs(e, b, rows) for b in BACKENDS) for e in everywhere)
    yield f"- {on_all} of the {len(everywhere)} for every backend run on all three."
    for backend in BACKENDS:
        count = sum(_runs(e, backend, rows) for e in everywhere)
        tried = sum((e.name, backend, "plain") in rows for e in everywhere)
        yield f"- {count} of them run on {backend} ({tried} tried)."
    count = sum(_runs(e, e.backends[0], rows) for e in alone)
    tried = sum((e.name, e.backends[0], "plain") in rows for e in alone)
    yield f"- {count} of the {len(alone)} for one backend run on theirs ({tried} tried)."


def _state(example: Example, backend: str, rows: Rows) -> str:
    row = rows.get((example.name, backend, "plain"))
    words = {"ok": "runs", "failed": "fails", "timeout": "too long"}
    return "not tried" if row is None else words[row.status]


def _lost(example: Example, rows: Rows) -> str:
    """Return what the product loses, over the backends on which both ways have a row."""
    texts = []
    for backend in example.backends:
        plain = rows.get((example.name, backend, "plain"))
        measured = rows.get((example.name, backend, "bench"))
        if plain is None or measured is None or plain.status != "ok":
            continue
        losses = [measured.reason or "fails"] if measured.status != "ok" else []
        losses = losses or find_losses(plain, measured)
        difference = largest_difference(plain, measured)
        equal = "" if difference is None else f" (logs differ by {difference:.1e} at most)"
        texts.append(f"{backend}: {'; '.join(losses[:3]) or 'nothing' + equal}")
    return escape_markdown("; ".join(texts)) or "not measured"


def _first_ok(example: Example, rows: Rows) -> ExampleRow | None:
    found = (rows.get((example.name, b, "plain")) for b in example.backends)
    return next((row for row in found if row is not None and row.status == "ok"), None)


def _facts(example: Example, rows: Rows) -> list[str]:
    row = _first_ok(example, rows)
    if row is None:
        return ["–", "–", "–"]
    return [describe_phases(row), _stood_in(row), _lost(example, rows)]


def _stood_in(row: ExampleRow) -> str:
    """Return what stood in, in the names that a reader of the script knows."""
    names = []
    for name in row.stand_ins:
        if name.startswith("keras.datasets.") or not name.startswith("http"):
            names.append(name.removesuffix(".load_data"))
        elif "tf-keras-datasets" not in name and "cs.toronto.edu/~kriz" not in name:
            weights = name.endswith("(random weights)")
            names.append("pretrained weights" if weights else name.rsplit("/", 1)[-1])
    return ", ".join(escape_markdown(name) for name in dict.fromkeys(names)) or "nothing"


def _table_everywhere(examples: list[Example], rows: Rows) -> Iterable[str]:
    yield f"| example | {' | '.join(BACKENDS)} | phases | stood in | lost by `--script` |"
    yield "|" + " --- |" * (len(BACKENDS) + 4)
    for example in examples:
        states = [_state(example, backend, rows) for backend in BACKENDS]
        yield f"| {' | '.join([example.name, *states, *_facts(example, rows)])} |"


def _table_alone(examples: list[Example], rows: Rows) -> Iterable[str]:
    yield "| example | backend | state | phases | stood in | lost by `--script` |"
    yield "|" + " --- |" * 6
    for example in examples:
        (backend,) = example.backends
        cells = [example.name, backend, _state(example, backend, rows), *_facts(example, rows)]
        yield f"| {' | '.join(cells)} |"


def _reasons(examples: list[Example], rows: Rows) -> Iterable[str]:
    for example in examples:
        by_reason: dict[str, list[str]] = {}
        for backend in example.backends:
            row = rows.get((example.name, backend, "plain"))
            if row is not None and row.status != "ok":
                by_reason.setdefault(row.reason or "no reason", []).append(backend)
        for reason, backends in by_reason.items():
            yield f"- {example.name} ({', '.join(backends)}): {_shown(reason)}"


def _shown(reason: str) -> str:
    """Return a reason for the page: what Keras says around an error of a layer is left out."""
    text = sanitize_line(reason).partition(" Arguments received by ")[0]
    if "Could not automatically infer" in text and "Error encountered: " in text:
        start = text.partition("Could not automatically infer")[0]
        text = start + text.partition("Error encountered: ")[2]
    return escape_markdown(text[:300])


def _traits(examples: list[Example], rows: Rows) -> Iterable[str]:
    yield "Counted by the syntax tree of each file; the last column: those that run."
    yield ""
    yield "| trait | examples | of these, run |"
    yield "| --- | ---: | ---: |"
    known = {example.name: traits_of(example) or {} for example in examples}
    for trait in TRAITS:
        having = [e for e in examples if known[e.name].get(trait)]
        running = sum(_first_ok(e, rows) is not None for e in having)
        yield f"| {trait} | {len(having)} | {running} |"

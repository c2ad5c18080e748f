"""What an example asks of a benchmark beyond a model and arrays: its traits, read from its source.

Counted by the syntax tree alone: calls, their arguments, methods that classes define, and imports.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from validation.keras_examples.catalogue import Example

_ACCURACY = {"accuracy", "acc", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy"}
_ACCURACY |= {"SparseCategoricalAccuracy"}
_PIPELINES = {
    "image_dataset_from_directory",
    "text_dataset_from_directory",
    "audio_dataset_from_directory",
    "timeseries_dataset_from_array",
}


class Reading:
    """One file's calls, classes and names, gathered once for all traits."""

    def __init__(self, text: str) -> None:
        """Parse `text`; SyntaxError if it is no Python."""
        self.tree = ast.parse(text)
        self.calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        self.classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        names = (name_of(node) for node in ast.walk(self.tree))
        self.names = {name for name in names if name}

    def called(self, *methods: str) -> list[ast.Call]:
        """Return the calls of methods or functions by their last name."""
        return [call for call in self.calls if last_name(call.func) in methods]

    def fits(self) -> list[ast.Call]:
        """Return the calls of `fit`, those of scalers and encoders left out."""
        return [call for call in self.called("fit") if len(call.args) + len(call.keywords) > 1]

    def keyword(self, name: str, *methods: str) -> bool:
        """Return whether a call of `methods` has the argument `name`."""
        return any(k.arg == name for call in self.called(*methods) for k in call.keywords)

    def defines(self, method: str, *bases: str) -> bool:
        """Return whether a class (a subclass of one of `bases`, if given) defines `method`."""
        return any(
            isinstance(part, ast.FunctionDef) and part.name == method
            for one in self.classes
            if not bases or set(bases) & {last_name(base) for base in one.bases}
            for part in one.body
        )

    def subclasses(self, *bases: str) -> bool:
        """Return whether a class is a subclass of one of `bases`."""
        return any(last_name(base) in bases for one in self.classes for base in one.bases)

    def metrics(self) -> Iterator[str]:
        """Yield the names of the metrics that are compiled."""
        for call in self.called("compile"):
            for keyword in call.keywords:
                if keyword.arg in {"metrics", "weighted_metrics"}:
                    yield from _metric_names(keyword.value)


def name_of(node: ast.AST) -> str | None:
    """Return the name of a reference or an attribute, None for every other node."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def last_name(node: ast.AST) -> str:
    """Return the last part of a dotted name, "" for what has none."""
    return name_of(node) or ""


def _metric_names(value: ast.AST) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Call):
            yield last_name(node.func)


def _other_metrics(reading: Reading) -> bool:
    inside = {k.value for c in reading.called("compile") for k in c.keywords if k.arg == "name"}
    names = set(reading.metrics()) - inside
    return bool(names - _ACCURACY) and any(n and n not in _ACCURACY for n in names)


def _validation_free(reading: Reading) -> bool:
    given = ("validation_data", "validation_split")
    return any(not any(k.arg in given for k in call.keywords) for call in reading.fits())


def _loops(reading: Reading) -> bool:
    """Return whether a loop at the top level, or a function outside a class, takes gradients."""
    inside = {id(n) for one in reading.classes for n in ast.walk(one)}
    tapes = reading.called("GradientTape", "value_and_grad", "backward")
    return any(id(tape) not in inside for tape in tapes)


def _phases(reading: Reading) -> bool:
    loops = [n for n in ast.walk(reading.tree) if isinstance(n, (ast.For, ast.While))]
    looped = any(call in list(ast.walk(loop)) for loop in loops for call in reading.fits())
    return looped or len(reading.fits()) > 1


#: Each trait with the question that finds it.
TRAITS: dict[str, Callable[[Reading], bool]] = {
    "fit": lambda r: bool(r.fits()),
    "several fits": _phases,
    "data: tf.data": lambda r: bool({"Dataset", "make_csv_dataset"} & r.names),
    "data: Keras's readers": lambda r: bool(r.called(*_PIPELINES)),
    "data: tensorflow_datasets": lambda r: "tfds" in r.names,
    "data: PyDataset": lambda r: r.subclasses("PyDataset", "Sequence"),
    "data: DataLoader": lambda r: "DataLoader" in r.names,
    "data: generator": lambda r: bool(r.called("from_generator")),
    "data: Keras's datasets": lambda r: bool(r.called("load_data")) and "datasets" in r.names,
    "callbacks": lambda r: r.keyword("callbacks", "fit") or r.subclasses("Callback"),
    "callbacks: own": lambda r: r.subclasses("Callback"),
    "callbacks: EarlyStopping": lambda r: "EarlyStopping" in r.names,
    "callbacks: ModelCheckpoint": lambda r: "ModelCheckpoint" in r.names,
    "learning rate schedule": lambda r: bool(
        r.subclasses("LearningRateSchedule")
        or {n for n in r.names if n.endswith(("Decay", "DecayRestarts"))}
        or {"ReduceLROnPlateau", "LearningRateScheduler"} & r.names
    ),
    "class_weight": lambda r: r.keyword("class_weight", "fit"),
    "sample weights": lambda r: "sample_weight" in r.names or r.keyword("sample_weight", "fit"),
    "steps_per_epoch": lambda r: r.keyword("steps_per_epoch", "fit"),
    "validation_steps": lambda r: r.keyword("validation_steps", "fit"),
    "validation_split": lambda r: r.keyword("validation_split", "fit"),
    "a fit without validation": _validation_free,
    "adapt": lambda r: bool(r.called("adapt")),
    "lookups or TextVectorization": lambda r: bool(
        {"StringLookup", "IntegerLookup", "TextVectorization", "FeatureSpace"} & r.names
    ),
    "pretrained weights": lambda r: any(
        k.arg == "weights" and not (isinstance(k.value, ast.Constant) and k.value.value is None)
        for c in r.calls
        for k in c.keywords
    ),
    "weights loaded": lambda r: bool(r.called("load_weights", "load_model", "set_weights")),
    "own train_step": lambda r: r.defines("train_step"),
    "own test_step": lambda r: r.defines("test_step"),
    "own compile": lambda r: r.defines("compile"),
    "own compute_loss": lambda r: r.defines("compute_loss"),
    "own layers": lambda r: r.subclasses("Layer"),
    "own models": lambda r: r.subclasses("Model"),
    "metrics other than accuracy": _other_metrics,
    "several outputs or losses": lambda r: any(
        k.arg == "loss" and isinstance(k.value, (ast.Dict, ast.List))
        for c in r.called("compile")
        for k in c.keywords
    ),
    "hand-written gradients": _loops,
}


def traits_of(example: Example) -> dict[str, bool] | None:
    """Return each trait of the example; None if its file is no valid Python."""
    try:
        reading = Reading(example.path.read_text(encoding="utf-8"))
    except SyntaxError:
        return None
    return {trait: found(reading) for trait, found in TRAITS.items()}


def traits_table(examples: list[Example]) -> pd.DataFrame:
    """Return a row for each example, with a column of 0 and 1 for each trait."""
    rows = []
    for example in examples:
        traits = traits_of(example)
        values = dict.fromkeys(TRAITS) if traits is None else {t: int(v) for t, v in traits.items()}
        rows.append({"example": example.name, "backends": " ".join(example.backends), **values})
    return pd.DataFrame(rows).astype(dict.fromkeys(TRAITS, "Int64"))


def write_traits(examples: list[Example], path: Path) -> pd.DataFrame:
    """Write the table as CSV to `path`, and return it."""
    table = traits_table(examples)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    return table

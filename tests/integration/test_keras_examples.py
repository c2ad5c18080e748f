"""The runner of Keras's examples with an interpreter that only pretends to run them."""

import stat
import sys
from pathlib import Path

import pytest

from validation.keras_examples.catalogue import find_examples
from validation.keras_examples.rows import ExampleRow, read_example_rows
from validation.keras_examples.run import RunOptions, run_examples

#: Writes the result of the real bootstrap, as the first line of the script demands.
FAKE = """#!{python}
import json, pathlib, sys, time
script = pathlib.Path(sys.argv[3])
result = pathlib.Path(sys.argv[sys.argv.index("--result") + 1])
wish = script.read_text().split()[1]
print("began", (script.parent / "keras_core" / "__init__.py").is_file())
if wish == "hangs":
    time.sleep(600)
if wish == "dies":
    sys.exit("Segmentation fault")
fit = {{"method": "fit", "line": 3, "seconds": 1.0, "epochs": 1, "logs": {{"loss": [1.0]}}}}
error = f"line 2: FileNotFoundError: {{result.parent}}/x.csv" if wish == "fails" else None
result.write_text(json.dumps({{"phases": [fit, fit], "error": error, "stand_ins": ["a"]}}))
"""


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    python = tmp_path / "python"
    python.write_text(FAKE.format(python=sys.executable))
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "stand-ins").mkdir()
    return RunOptions(
        python=python,
        stand_ins=tmp_path / "stand-ins",
        folder=tmp_path / "runs",
        timeout_seconds=20.0,
    )


def run_scripts(tmp_path: Path, options: RunOptions, **texts: str) -> dict[str, ExampleRow]:
    """Write scripts for TensorFlow alone, run them, and return the rows of this call by name."""
    folder = tmp_path / "keras_io" / "tensorflow"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    lines: list[str] = []
    examples = find_examples(folder.parent)
    rows = run_examples(examples, ["tensorflow", "jax"], options, lines.append)
    assert len(lines) == len(rows)
    return {row.example.removeprefix("tensorflow/"): row for row in rows}


def test_each_end_of_a_script_is_a_row(tmp_path: Path, options: RunOptions) -> None:
    rows = run_scripts(
        tmp_path,
        options,
        good="# runs",
        wrong="# fails",
        dead="# dies",
        syntax="print(",
    )
    assert {name: row.status for name, row in rows.items()} == {
        "good": "ok",
        "wrong": "failed",
        "dead": "failed",
        "syntax": "failed",
    }
    (phase,) = rows["good"].phases
    assert (phase.calls, phase.epochs, phase.logs) == (2, 2, {"loss": [1.0, 1.0]})
    assert rows["good"].stand_ins == ("a",)
    assert rows["wrong"].reason == "line 2: FileNotFoundError: x.csv"
    assert rows["dead"].reason == "the process ended without a result: Segmentation fault"
    assert rows["syntax"].reason == "line 1: SyntaxError: '(' was never closed"
    assert set(read_example_rows(options.rows)) == {
        (f"tensorflow/{name}", "tensorflow", "plain") for name in rows
    }


def test_a_run_continues_with_what_has_no_row_or_took_too_long(
    tmp_path: Path, options: RunOptions
) -> None:
    from dataclasses import replace

    first = run_scripts(tmp_path, replace(options, timeout_seconds=1.0), slow="# hangs")
    assert first["slow"].status == "timeout"
    assert (first["slow"].reason or "").startswith("not finished after 1 s: ")
    second = run_scripts(tmp_path, options, slow="# runs", b="# runs")
    assert sorted(second) == ["b", "slow"]
    assert second["slow"].status == "ok"
    third = run_scripts(tmp_path, replace(options, again=True))
    assert sorted(third) == ["b", "slow"]

"""Run one script by plain Python with stand-ins, and note its phases: a process of its own.

`python -m validation.keras_examples.bootstrap SCRIPT --stand-ins FOLDER --result FILE --seed N`
"""

import argparse
import json
import runpy
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.worker.stand_ins import install_stand_ins, stand_ins_used

_METHODS = ("fit", "evaluate", "predict")


def record_phases(model_class: Any, script: str, phases: list[dict[str, Any]]) -> None:
    """Let each call of `fit`, `evaluate` and `predict` add its line, epochs, logs and seconds."""
    depth = [0]  # `fit` evaluates, callbacks predict: those calls are parts of a phase
    for method in _METHODS:
        wrapped = _recorded(getattr(model_class, method), method, script, phases, depth)
        setattr(model_class, method, wrapped)


def _recorded(
    original: Callable[..., Any],
    method: str,
    script: str,
    phases: list[dict[str, Any]],
    depth: list[int],
) -> Callable[..., Any]:
    def call(self: Any, *values: Any, **options: Any) -> Any:
        if depth[0]:
            return original(self, *values, **options)
        phase: dict[str, Any] = {"method": method, "line": _line_of(script)}
        depth[0] += 1
        started = time.perf_counter()
        try:
            result = original(self, *values, **options)
        finally:
            depth[0] -= 1
        phase["seconds"] = time.perf_counter() - started
        history = getattr(result, "history", None)
        if method == "fit" and isinstance(history, dict):
            phase["epochs"] = max((len(v) for v in history.values()), default=0)
            phase["logs"] = {k: [_number(x) for x in v] for k, v in history.items()}
        phases.append(phase)
        return result

    return call


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _line_of(script: str) -> int:
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == script:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return 0


def run_plainly(script: Path, stand_ins: Path, result: Path, seed: int) -> None:
    """Run `script` as `__main__`, write its phases and its error to `result`."""
    phases: list[dict[str, Any]] = []
    outcome: dict[str, Any] = {"phases": phases, "error": None}
    install_stand_ins(stand_ins)
    import keras

    keras.utils.set_random_seed(seed)
    record_phases(keras.Model, str(script), phases)
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent))
    started = time.perf_counter()
    try:
        runpy.run_path(str(script), run_name="__main__")
    except (Exception, SystemExit) as error:
        if not (isinstance(error, SystemExit) and error.code in {None, 0}):
            traceback.print_exc()
            outcome["error"] = _describe(error, script)
    outcome["seconds"] = time.perf_counter() - started
    outcome["stand_ins"] = stand_ins_used()
    outcome["backend"] = keras.config.backend()
    result.write_text(json.dumps(outcome))


def _describe(error: BaseException, script: Path) -> str:
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(script)
    ]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    text = " ".join(str(error).split())
    return f"line {lines[-1] if lines else '?'}: {type(error).__name__}: {text[:600]}"


def bootstrap_main(words: list[str]) -> None:
    """Read the arguments and run the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", type=Path)
    parser.add_argument("--stand-ins", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(words)
    run_plainly(arguments.script.resolve(), arguments.stand_ins, arguments.result, arguments.seed)


if __name__ == "__main__":
    bootstrap_main(sys.argv[1:])

"""The calls of Keras's `fit`, `evaluate` and `predict` in a process, wrapped to be measured."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import msgspec

from bench.core.result import Epoch, Scalar, TrainingPhase
from bench.worker.call_facts import call_facts
from bench.worker.callbacks import EpochTimer, plain_logs
from bench.worker.process_info import Phases
from bench.worker.resolved_settings import model_settings
from bench.worker.script_place import call_place
from bench.worker.training_phases import MeasuredCall, Method, TrainingPhases

#: What is called in place of a method: with the method, and with the arguments of the call.
Handler = Callable[[Callable[..., Any], inspect.BoundArguments], Any]


@contextmanager
def wrapped_trainer(handlers: Mapping[Method, Handler]) -> Iterator[None]:
    """Let each call of these methods of all Keras models go to its handler, in this process only.

    The method that is replaced is that of Keras's own class, so a user's class that overrides it
    stays as it is. Calls inside another one, as of `evaluate` for the validation of `fit`, and
    those of a forked child go to Keras directly, and so do calls with wrong arguments.
    """
    state = _State(os.getpid())
    replaced = []
    for method, handler in handlers.items():
        owner = next(c for c in keras.Model.__mro__ if method in vars(c))
        original = vars(owner)[method]
        replaced.append((owner, method, original))
        setattr(owner, method, _wrapper(original, handler, state))
    try:
        yield
    finally:
        for owner, method, original in replaced:
            setattr(owner, method, original)


class _State:
    """Which process measures, and whether one of its calls is running."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.inside = False


def _wrapper(original: Callable[..., Any], handler: Handler, state: _State) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def call(model: Any, /, *args: Any, **kwargs: Any) -> Any:
        if state.inside or os.getpid() != state.process:
            return original(model, *args, **kwargs)
        try:
            bound = signature.bind(model, *args, **kwargs)
        except TypeError:  # Keras's own error about it is the one that a user knows
            return original(model, *args, **kwargs)
        state.inside = True
        try:
            return handler(original, bound)
        finally:
            state.inside = False

    return call


class TrainerCalls:
    """Measures the calls of a script as phases, with our callbacks before those of the script."""

    def __init__(self, folder: Path, phases: Phases, events_fd: int | None) -> None:
        """Measure calls from files below `folder`; finished epochs of `fit` go to `events_fd`.

        The time of the calls goes to `fit` of `phases`, that between them to `build`.
        """
        self._folder = folder
        self._phases = phases
        self._events_fd = events_fd
        self._calls = TrainingPhases()
        #: Those of the first model that was trained, which may be gone by now.
        self.settings: dict[str, Scalar] = {}

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure all calls inside the block, and the time between them."""
        handlers: dict[Method, Handler] = {
            "fit": self._fit,
            "evaluate": functools.partial(self._infer, "evaluate"),
            "predict": functools.partial(self._infer, "predict"),
        }
        self._phases.end("harness")
        with wrapped_trainer(handlers):
            yield
        self._script_ends()

    def finish(self) -> tuple[TrainingPhase, ...]:
        """Return the phases in the order of their first calls."""
        return self._calls.finish()

    def _script_ends(self) -> float:
        """End the script's own code here; return the clock reading."""
        before = self._phases.now
        self._phases.end("build")
        self._calls.add_script(self._phases.now - before)
        return self._phases.now

    def _fit(self, original: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
        self._script_ends()
        given = dict(bound.arguments)
        model = given["self"]
        planned = (given.get("epochs") or 1) - (given.get("initial_epoch") or 0)
        timer = EpochTimer(max(planned, 1), self._events_fd, finite=False)
        timer.compiles = getattr(model, "train_function", None) is None
        with _first_callback(bound, timer):
            self._phases.end("harness")
            begin = self._phases.now
            try:
                return original(*bound.args, **bound.kwargs)
            finally:
                self._keep_fit(given, timer, begin)

    def _keep_fit(self, given: Mapping[str, Any], timer: EpochTimer, begin: float) -> None:
        """Keep a call of `fit` that has ended; one without an epoch counts as the script's code."""
        self._phases.end("fit" if timer.epochs else "build")
        end = self._phases.now
        if not timer.epochs:
            self._calls.add_script(end - begin)
            return
        model = given["self"]
        self._keep(
            given,
            "fit",
            seconds=end - begin,
            epochs=with_history(timer.epochs, model),
            first_step_seconds=timer.first_step_seconds,
            setup_seconds=timer.begin - begin,
            teardown_seconds=end - timer.end,
        )

    def _infer(
        self, method: Method, original: Callable[..., Any], bound: inspect.BoundArguments
    ) -> Any:
        self._script_ends()
        given = dict(bound.arguments)
        kind = "test" if method == "evaluate" else method
        compiled = getattr(given["self"], f"{kind}_function", None) is not None
        logs = _TestLogs()
        with _first_callback(bound, logs):
            self._phases.end("harness")
            begin = self._phases.now
            try:
                result = original(*bound.args, **bound.kwargs)
            except BaseException:
                self._phases.end("build")
                self._calls.add_script(self._phases.now - begin)
                raise
        self._phases.end("fit")
        seconds = self._phases.now - begin
        epoch = Epoch(
            index=0,
            warmup=not compiled,
            train_seconds=seconds,
            logs=plain_logs({f"val_{name}": value for name, value in logs.values.items()}),
            tail_seconds=0.0,
        )
        self._keep(given, method, seconds=seconds, epochs=(epoch,))
        return result

    def _keep(self, given: Mapping[str, Any], method: Method, **measured: Any) -> None:
        """Add a measured call; this time is the harness's."""
        if method == "fit" and not self.settings:
            self.settings = model_settings(given["self"])
        place = call_place(self._folder, method, given["self"])
        known = (method, place) in self._calls
        facts = {} if known else call_facts(method, given)
        self._calls.add(MeasuredCall(method=method, place=place, facts=facts, **measured))
        self._phases.end("harness")


class _TestLogs(keras.callbacks.Callback):
    """Keeps the logs of `evaluate`, whatever form its caller asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}

    def on_test_end(self, logs: dict | None = None) -> None:
        """Keep the logs of the whole pass."""
        self.values = dict(logs or {})


@contextmanager
def _first_callback(
    bound: inspect.BoundArguments, callback: keras.callbacks.Callback
) -> Iterator[None]:
    """Put a callback before those of a call; the user's own list of them is left as it is.

    A CallbackList is used by Keras as it is, so the callback is taken out of it again. Other
    structures than a list or a tuple stay such: Keras lets JAX and torch run ahead only for lists
    whose callbacks allow it (keras/src/callbacks/callback_list.py, `_configure_async_dispatch`).
    """
    given = bound.arguments.get("callbacks")
    if isinstance(given, keras.callbacks.CallbackList):
        given.callbacks.insert(0, callback)
        callback.set_params(given.params)
        callback.set_model(bound.arguments["self"])
        try:
            yield
        finally:
            given.callbacks.remove(callback)
        return
    if not given:
        bound.arguments["callbacks"] = [callback]
    elif isinstance(given, list | tuple):
        bound.arguments["callbacks"] = [callback, *given]
    else:
        bound.arguments["callbacks"] = {"0": callback, "1": given}
    yield


def with_history(epochs: list[Epoch], model: Any) -> tuple[Epoch, ...]:
    """Return the epochs with the logs that the script's callbacks added, as Keras's history has.

    Our callback is the first one, so it sees only the logs of Keras itself. A history of an earlier
    `fit`, which stays if a script gives a CallbackList without one, differs in a log and is not
    used.
    """
    history = getattr(getattr(model, "history", None), "history", None)
    columns = history if isinstance(history, dict) else {}
    rows = [
        plain_logs({name: v[number] for name, v in columns.items() if len(v) == len(epochs)})
        for number in range(len(epochs))
    ]
    if any(
        row.get(name, v) != v
        for e, row in zip(epochs, rows, strict=True)
        for name, v in e.logs.items()
    ):
        return tuple(epochs)
    return tuple(
        msgspec.structs.replace(epoch, logs={**epoch.logs, **row})
        for epoch, row in zip(epochs, rows, strict=True)
    )

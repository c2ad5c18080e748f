"""A cell, the unit of a benchmark: its fields, its readable id and its digest."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from data.suggestion import did_you_mean

BACKENDS: Final = ("jax", "tensorflow", "torch")
#: `default` is plain `fit` as a user writes it. In `matched`, every backend gets the same weights,
#: batches, precision and threads.
LANES: Final = ("default", "matched")
#: Training; the loss and metrics of the test images; predictions of the test images, all at once
#: and one by one.
TASKS: Final = ("fit", "evaluate", "predict")
PRECISIONS: Final = ("float32", "mixed_bfloat16", "mixed_float16")
DEVICES: Final = ("cpu", "gpu")

#: Raised whenever what is timed, or what a digest covers, changes: records of different versions
#: are never compared. Records of an older version are still read and reported, and trained again.
#: 3: a digest covers the workload's own files and recipe, in place of all files of `models/`.
#: 4: the targets of a model that compiles itself are passed on as they are.
PROTOCOL_VERSION: Final = 4

#: The prefix of a script: `script:/path/train.py`, and its arguments as a shell quotes them.
SCRIPT: Final = "script:"
#: The dataset of a workload that makes its data itself.
OWN_DATA: Final = "own"

_LANE_DEFAULT: Final = "default"


class CellError(ValueError):
    """A field of a cell holds a value that is not allowed."""


def is_script(workload: str) -> bool:
    """Return whether a workload is a whole script of a user."""
    return workload.startswith(SCRIPT)


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One workload x dataset x task x backend x lane x precision x batch size x epochs x seed.

    The device is a field too. `workload` is a name in `models.table` or a user's workload (see
    `bench.core.workload`), and `dataset` a name that `data.prepare` accepts. `limit_train` and
    `limit_test` are the numbers of training and test images to use, from the first one on; None
    uses all. `batch_size` and `epochs` are None only for a script, which chooses them itself.
    Raises CellError for a value that is not allowed.
    """

    workload: str
    dataset: str
    backend: str
    lane: str = _LANE_DEFAULT
    precision: str = "float32"
    batch_size: int | None
    epochs: int | None
    seed: int = 0
    device: str = "cpu"
    limit_train: int | None = None
    limit_test: int | None = None
    task: str = "fit"

    def __post_init__(self) -> None:
        """Refuse values outside the allowed sets and ranges."""
        self._check_choice("backend", BACKENDS)
        self._check_choice("lane", LANES)
        self._check_choice("precision", PRECISIONS)
        self._check_choice("device", DEVICES)
        self._check_choice("task", TASKS)
        self._check_range("seed", 0, 2**32 - 1)
        for field in ("limit_train", "limit_test"):
            if getattr(self, field) is not None:
                self._check_range(field, 1, 1_000_000_000)
        for field, most in (("batch_size", 1_000_000), ("epochs", 100_000)):
            if getattr(self, field) is not None or not is_script(self.workload):
                self._check_range(field, 1, most)
        for field in ("workload", "dataset"):
            self._check_name(field)

    def _check_name(self, field: str) -> None:
        name = getattr(self, field)
        if not name.strip():
            raise CellError(f"{field} is empty; it must name a {field}.")
        try:
            name.encode()
        except UnicodeEncodeError:
            raise CellError(f"{field} {name!r} is not UTF-8 text.") from None

    def _check_choice(self, field: str, allowed: tuple[str, ...]) -> None:
        value = getattr(self, field)
        if value not in allowed:
            hint = did_you_mean(str(value), allowed)
            raise CellError(f"{field} is {value!r}; {hint}allowed are {', '.join(allowed)}.")

    def _check_range(self, field: str, low: int, high: int) -> None:
        value = getattr(self, field)
        if value is None or not low <= value <= high:
            raise CellError(f"{field} is {value}; allowed is {low} to {high}.")

    @property
    def id(self) -> str:
        """The readable name of the cell, safe as a file name; different cells differ in it."""
        parts = [
            _slug(self.workload),
            _slug(self.dataset),
            self.backend,
            self.lane,
            self.precision,
        ]
        if self.batch_size is not None:
            parts.append(f"b{self.batch_size}")
        if self.epochs is not None:
            parts.append(f"e{self.epochs}")
        parts += [f"s{self.seed}", self.device]
        if self.limit_train is not None:
            parts.append(f"n{self.limit_train}")
        if self.limit_test is not None:
            parts.append(f"t{self.limit_test}")
        if self.task != "fit":
            parts.append(self.task)
        return "-".join(parts)

    @property
    def known_batch_size(self) -> int:
        """The batch size; raises CellError for a script, which chooses it itself."""
        if self.batch_size is None:
            raise CellError(f"{self.workload} is a script, which chooses its batch size itself.")
        return self.batch_size

    @property
    def known_epochs(self) -> int:
        """The number of epochs; raises CellError for a script, which chooses it itself."""
        if self.epochs is None:
            raise CellError(f"{self.workload} is a script, which chooses its epochs itself.")
        return self.epochs

    @property
    def comparison_key(self) -> tuple[object, ...]:
        """Every field except the backend; cells with equal keys form a row of a comparison."""
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name != "backend")


def _slug(name: str) -> str:
    """Return `name` in letters, digits, `.` and `_`, at most 60 characters.

    A changed name ends in eight hex digits of its sha256, so that `a/cnn.py:build` and
    `b/cnn.py:build` differ. Of a script's name, the file stays readable, without its arguments.
    """
    if re.fullmatch(r"[A-Za-z0-9_.]{1,60}", name):
        return name
    tail = hashlib.sha256(name.encode()).hexdigest()[:8]
    script = re.search(r"([^/']+\.py)(?:'|\s|$)", name) if is_script(name) else None
    last = script[1] if script else name.rsplit("/", 1)[-1]
    short = re.sub(r"[^A-Za-z0-9_.]+", "_", last)[:50].strip("_.")
    return f"{short}~{tail}"


def digest(
    cell: Cell | Mapping[str, object],
    *,
    workload_source: str,
    dataset_fingerprint: str,
    versions: Mapping[str, str],
    environment: Mapping[str, str],
    instrumented: bool = False,
) -> str:
    """Return the sha256 (hex) of everything that a stored record of `cell` depends on.

    `cell` may also be the decoded JSON of a record's cell. `workload_source` is the sha256 of the
    workload's files and recipe, `dataset_fingerprint` that of the prepared arrays. `versions` are
    those of keras and of the backend's packages in its interpreter, and `environment` holds the
    variables that can change speed or numerics. An `instrumented` launch has another digest.
    """
    facts = {
        "cell": msgspec.to_builtins(cell),
        "workload_source": workload_source,
        "dataset_fingerprint": dataset_fingerprint,
        "versions": dict(versions),
        "environment": dict(environment),
        "protocol_version": PROTOCOL_VERSION,
        "instrumented": instrumented,
    }
    return hashlib.sha256(msgspec.json.encode(facts, order="deterministic")).hexdigest()

"""Faults of data: a damaged cache, and every source that is not what its format says."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data import cifar10
from tests.fault_injection.row import Family, Inject
from tests.fault_injection.stage import Ended, Stage
from tests.fixtures.cifar10_files import rows_of
from tests.fixtures.data_places import npz_of

CACHE = Family("prepared data")
SOURCE = Family("data of a user")

_SMALL = "tests.fault_injection.served:use_small_cifar10"
_BLOCKED = "the cell is blocked with the reason; exit code 2"


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".npy"}


def damages(damage: Callable[[Path], object]) -> Inject:
    """Return how a prepared folder is damaged between two calls."""

    def inject(stage: Stage) -> Ended:
        assert stage.call("plan", *stage.select("ok")).code == 0
        [folder] = (stage.folder / "cache").glob("prepared-*/*")
        good = _contents(folder)
        damage(folder)
        done = stage.call("plan", *stage.select("ok"))
        assert _contents(folder) == good
        return done

    return inject


def _newer(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "version": 99}))


for _name, _fault, _damage in (
    ("array_cut", "an array cut short", lambda f: (f / "x_train.npy").write_bytes(b"\x93NUMPY")),
    ("array_gone", "an array removed", lambda f: (f / "y_test.npy").unlink()),
    ("array_touched", "an array written to", lambda f: (f / "x_test.npy").touch()),
    ("manifest_cut", "a manifest cut short", lambda f: (f / "manifest.json").write_text('{"ver')),
    ("manifest_gone", "no manifest", lambda f: (f / "manifest.json").unlink()),
    ("manifest_newer", "a manifest of a newer version", _newer),
    ("deleted", "the whole cache deleted between two calls", lambda f: shutil.rmtree(f.parent)),
):
    CACHE.add(
        _name,
        _fault,
        "it is prepared again, with the same bytes",
        code=0,
        sentence="0 stored .*, 1 to train",
        inject=damages(_damage),
    )


@CACHE.row(
    "a file of somebody else in the place of a prepared dataset",
    f"{_BLOCKED}; the file is kept",
    code=2,
    sentence="cannot run: .* was not written by this program; move it away",
)
def foreign(stage: Stage) -> Ended:
    assert stage.call("plan", *stage.select("ok")).code == 0
    [folder] = (stage.folder / "cache").glob("prepared-*/*")
    shutil.rmtree(folder)
    folder.write_text("mine")
    done = stage.call("plan", *stage.select("ok"))
    assert folder.read_text() == "mine"
    return done


@CACHE.row(
    "a full disk under the cache",
    f"{_BLOCKED}; nothing half-written stays",
    code=2,
    sentence=r"cannot run: The cache folder .* cannot be written .*; free or unlock it",
)
def full_cache(stage: Stage) -> Ended:
    shape = "--dataset=synthetic:shape=16x16x3,classes=2,train=64,test=32"
    done = stage.call("plan", *stage.select("ok"), shape, limits={"RLIMIT_FSIZE": 10_000})
    assert not list((stage.folder / "cache").glob("prepared-*/*"))
    return done


@CACHE.row(
    "the cache is deleted after a run was planned",
    "the cell fails with the reason; the same call prepares it again",
    code=1,
    sentence="FAILED .*: ManifestUnreadableError: .* prepare the dataset again",
)
def deleted_before_reading(stage: Stage) -> Ended:
    done = stage.run("lose_cache")
    assert stage.run("read_data").code == 0
    return done


@CACHE.row(
    "the cache is deleted while a worker reads it",
    "what is open stays readable to its end",
    code=0,
    sentence="ok in .* s",
)
def deleted_in_mid_read(stage: Stage) -> Ended:
    return stage.run("lose_cache_in_mid_read")


def _plan(stage: Stage, dataset: str, *more: str, **order: object) -> Ended:
    return stage.call("plan", *stage.select("ok"), f"--dataset={dataset}", *more, **order)


def npz(content: bytes) -> Inject:
    """Return how a user's archive has this content."""

    def inject(stage: Stage) -> Ended:
        path = stage.folder / "mine.npz"
        path.write_bytes(content)
        return _plan(stage, f"npz:{path}")

    return inject


_X, _Y = np.zeros((8, 4, 4, 1), np.uint8), np.arange(8) % 2
_GOOD_NPZ = npz_of(x=_X, y=_Y)


def _add(name: str, fault: str, says: str, inject: Inject) -> None:
    SOURCE.add(name, fault, _BLOCKED, code=2, sentence=f"cannot run: {says}", inject=inject)


_add("npz_garbage", "an .npz that is none", ".* is not an .npz archive", npz(b"hello"))
_add(
    "npz_cut",
    "an .npz cut short",
    ".* is not an .npz archive",
    npz(_GOOD_NPZ[: len(_GOOD_NPZ) // 2]),
)
_add(
    "npz_objects",
    "an .npz with pickled objects",
    ".* is not an .npz archive of plain arrays",
    npz(npz_of(x=np.array([{}, {}], object), y=_Y[:2])),
)
_add("npz_counts", "an .npz with fewer labels than images", ".*8.*7", npz(npz_of(x=_X, y=_Y[:7])))
_add(
    "npz_missing",
    "an .npz that is not there",
    ".* is missing or not a regular file",
    lambda stage: _plan(stage, f"npz:{stage.folder}/none.npz"),
)


def cifar10_folder(change: Callable[[Path], object]) -> Inject:
    """Return how a local copy of cifar10 is changed."""

    def inject(stage: Stage) -> Ended:
        folder = stage.folder / "local" / cifar10.FOLDER
        folder.mkdir(parents=True)
        for name in cifar10.FILES:
            (folder / name).write_bytes(rows_of(name))
        change(folder)
        return _plan(stage, "cifar10", f"--data-dir={folder.parent}", before=_SMALL)

    return inject


def _label_200(folder: Path) -> None:
    rows = bytearray((folder / "data_batch_3.bin").read_bytes())
    rows[4 * cifar10.ROW_BYTES] = 200
    (folder / "data_batch_3.bin").write_bytes(rows)


def _longer(folder: Path) -> None:
    with (folder / "test_batch.bin").open("ab") as file:
        file.write(b"x")


_add(
    "cifar10_lacks_a_file",
    "a local cifar10 without one of its files",
    ".*data_batch_2.bin is missing",
    cifar10_folder(lambda folder: (folder / "data_batch_2.bin").unlink()),
)
_add(
    "cifar10_cut",
    "a file of a local cifar10 cut short",
    ".*data_batch_1.bin has 100 bytes, where exactly 61,460 are allowed",
    cifar10_folder(lambda folder: (folder / "data_batch_1.bin").write_bytes(bytes(100))),
)
_add(
    "cifar10_longer",
    "a file of a local cifar10 with a byte more",
    ".*test_batch.bin has 61,461 bytes, where exactly 61,460 are allowed",
    cifar10_folder(_longer),
)
_add(
    "cifar10_label",
    "a local cifar10 with a label of 200",
    ".*data_batch_3.bin has the label 200 in row 4, where 0 to 9 are allowed",
    cifar10_folder(_label_200),
)


@SOURCE.row(
    "an archive of cifar10 that is not the official one",
    _BLOCKED,
    code=2,
    sentence="cannot run: .* has the sha256 .*, where only .* of the official archive is allowed",
)
def cifar10_archive(stage: Stage) -> Ended:
    from tests.fault_injection.served import GOOD

    (stage.folder / cifar10.ARCHIVE_FILE).write_bytes(GOOD[:-1] + b"x")
    variables = {"FAULTS_SHA256": "0" * 64}
    folder = f"--data-dir={stage.folder}"
    return _plan(stage, "cifar10", folder, before=_SMALL, variables=variables)


@SOURCE.row(
    "the digits of the repository, cut short",
    _BLOCKED,
    code=2,
    sentence="cannot run: .* is damaged .*; check it out again",
)
def digits(stage: Stage) -> Ended:
    variables = {"FAULTS_DIGITS": str(stage.folder / "digits.npz")}
    before = "tests.fault_injection.served:use_damaged_digits"
    return _plan(stage, "digits", before=before, variables=variables)


@SOURCE.row(
    "a picture that is none",
    _BLOCKED,
    code=2,
    sentence="cannot run: .*0.png is no picture that can be read",
)
def broken_picture(stage: Stage) -> Ended:
    for kind in ("cat", "dog"):
        for number in range(3):
            path = stage.folder / "pictures" / kind / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"no picture")
    return _plan(stage, f"images:{stage.folder}/pictures")


@SOURCE.row(
    "a function of the user's that raises",
    _BLOCKED,
    code=2,
    sentence="cannot run: .*:load returned no dataset: ZeroDivisionError: division by zero",
)
def function(stage: Stage) -> Ended:
    path = stage.folder / "mine.py"
    path.write_text("def load():\n    return 1 / 0\n")
    return _plan(stage, f"{path}:load")

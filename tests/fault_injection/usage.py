"""Faults of a suite file and of the command line."""

from bench.core.cell import BACKENDS
from tests.fault_injection.row import Family, Inject
from tests.fault_injection.stage import Ended, Stage
from tests.fixtures.steps import TINY

SUITE = Family("suites")
ARGUMENTS = Family("arguments")

_REFUSED = "it is refused with what is allowed; nothing is trained"
_HEAD = 'description = "mine"\n[[cells]]\n'
_CELL = f'{_HEAD}workload = "mlp"\n'


def suite(text: str | bytes) -> Inject:
    """Return how a plan has this suite."""

    def inject(stage: Stage) -> Ended:
        path = stage.folder / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        pythons = [f"--python={backend}={stage.python}" for backend in BACKENDS]
        return stage.call("plan", f"--suite={path}", *pythons)

    return inject


for _name, _fault, _text, _says in (
    ("unknown_key", "an unknown key", f"{_CELL}epoch = 3\n", "unknown field `epoch`.*; keys of a"),
    ("wrong_type", "a wrong type", f'{_CELL}epochs = "3"\n', r"Expected `int.*`, got `str`"),
    ("no_cells", "no cell", 'description = "mine"\ncells = []\n', "names no cell; it needs at"),
    ("empty_file", "an empty file", "", "missing required field `description`"),
    ("no_toml", "a file that is no TOML", "{}", "is not TOML: "),
    ("no_text", "a file that is no text", b"\xff\xfe\x00", "is not UTF-8 text"),
    ("nested", "a file nested 10,000 deep", "x = " + "[" * 10_000, "is not TOML: "),
    (
        "backend",
        "an unknown backend",
        f'{_CELL}backends = ["mxnet"]\n',
        "backend is 'mxnet'; allowed",
    ),
    ("negative", "a batch size of −1", f"{_CELL}batch_size = -1\n", "batch_size is -1; allowed is"),
    (
        "absurd",
        "10^30 epochs",
        f"{_CELL}epochs = {10**30}\n",
        "epochs is 1000.*; allowed is 1 to 100000",
    ),
    ("workload", "an unknown workload", f'{_HEAD}workload = "alexnet"\n', "alexnet.*lab_baseline"),
    ("dataset", "an unknown dataset", f'{_CELL}dataset = "imagenet"\n', "no dataset 'imagenet'"),
):
    SUITE.add(
        _name,
        _fault,
        _REFUSED,
        code=2,
        sentence=f"(Suite .*|There is .*){_says}",
        inject=suite(_text),
    )


@SUITE.row("a suite that is not there", _REFUSED, code=2, sentence=r"cannot be read: No such file")
def missing(stage: Stage) -> Ended:
    return stage.call("plan", f"--suite={stage.folder}/none.toml")


@SUITE.row(
    "a suite of 10,000 cells",
    "all of them are planned",
    code=0,
    sentence="0 stored .*, 10000 to train",
)
def many_cells(stage: Stage) -> Ended:
    path = stage.folder / "mine.toml"
    path.write_text(f'{_CELL}dataset = "{TINY}"\nbatch_size = {list(range(1, 10_001))}\n')
    python = f"--python=jax={stage.python}"
    return stage.call("plan", f"--suite={path}", "--backend=jax", python)


def says(*arguments: str) -> Inject:
    """Return how `bench` is called with these arguments."""
    return lambda stage: stage.call(*arguments)


for _name, _fault, _arguments, _says in (
    ("no_command", "no command", (), "the following arguments are required: COMMAND"),
    ("command", "an unknown command", ("fly",), "invalid choice: 'fly'"),
    ("option", "an unknown option", ("run", "--fast"), "unrecognized argument '--fast'"),
    ("timeout", "a timeout of −1 s", ("run", "--timeout=-1"), "is not a number of seconds above 0"),
    (
        "nan_timeout",
        "a timeout of nan",
        ("run", "--timeout=nan"),
        "is not a number of seconds above 0",
    ),
    ("repeats", "no repeats", ("run", "--repeats=0"), "--repeats: 0 is not 1 or more"),
    (
        "word",
        "a word for a number",
        ("run", "--epochs=many"),
        "--epochs: invalid int value: 'many'",
    ),
    ("suite", "an unknown suite", ("run", "--suite=all"), "suite is 'all'; allowed are gate, lab"),
    ("zero_batch", "a batch size of 0", ("run", "--batch-size=0"), "batch_size is 0; allowed is"),
    (
        "python",
        "a --python without a path",
        ("run", "--python=jax"),
        "is not BACKEND=PATH; backends",
    ),
    ("run_id", "a run that there is not", ("report", "none"), "Run 'none' does not exist;"),
    (
        "compare",
        "a comparison with nothing",
        ("compare", "a", "b"),
        "neither a run id nor a folder",
    ),
):
    ARGUMENTS.add(_name, _fault, _REFUSED, code=2, sentence=_says, inject=says(*_arguments))


@ARGUMENTS.row(
    "an interpreter that is not there",
    "its cells are blocked; exit code 2 when all are",
    code=2,
    sentence="cannot run: /none/python cannot be run: .*No such file or directory",
)
def no_interpreter(stage: Stage) -> Ended:
    return stage.run("ok", more=("--python=jax=/none/python",))

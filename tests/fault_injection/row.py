"""One row of the table: a fault, what must happen, and how it is injected."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.fault_injection.paths import QUICK
from tests.fault_injection.stage import Ended, Stage

Inject: TypeAlias = Callable[[Stage], Ended]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault that `inject` really causes; it returns how the command ended that met it.

    `must` is what has to happen, in words; `code` the exit code, and `sentence` a regular
    expression that finds the sentence that the user sees. That all earlier records are intact must
    always hold and is not repeated. `warm` rows are so many commands that they never start from the
    beginning.
    """

    family: str
    name: str
    fault: str
    must: str
    code: int
    sentence: str
    inject: Inject
    warm: bool = False

    @property
    def key(self) -> str:
        """FAMILY/NAME, as in `paths`."""
        return f"{self.family}/{self.name}"

    @property
    def slow(self) -> bool:
        """Whether another row of its code path runs in CI, and this one in `tox -e slow` alone."""
        return self.key not in QUICK


class Family:
    """The rows of one kind, in the order in which they are written down."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []

    def row(self, fault: str, must: str, **facts: Any) -> Callable[[Inject], Inject]:
        """Make a row of a function, which gives it its name; `facts` are the other fields."""

        def add(inject: Inject) -> Inject:
            self.add(inject.__name__, fault, must, inject=inject, **facts)
            return inject

        return add

    def add(self, name: str, fault: str, must: str, **facts: Any) -> None:
        """Add a row; `facts` are the other fields."""
        name = name.replace("_", "-")
        self.rows.append(Row(family=self.name, name=name, fault=fault, must=must, **facts))

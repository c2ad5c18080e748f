"""One row of the table: a fault, what must happen, and how it is injected."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tests.faults.stage import Ended, Stage

Inject: TypeAlias = Callable[[Stage], Ended]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault that `inject` really causes; it returns how the command ended that met it.

    `must` is what has to happen, in words; `code` the exit code, and `says` a regular expression
    that finds the sentence that the user sees. That all earlier records are intact must always
    hold and is not repeated. `slow` rows are not for every day.
    """

    family: str
    name: str
    fault: str
    must: str
    code: int
    says: str
    inject: Inject
    slow: bool = False


class Family:
    """The rows of one kind, in the order in which they are written down."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []

    def row(
        self, fault: str, must: str, *, code: int, says: str, slow: bool = False
    ) -> Callable[[Inject], Inject]:
        """Make a row of a function, which gives it its name."""

        def add(inject: Inject) -> Inject:
            self.add(inject.__name__, fault, must, code=code, says=says, inject=inject, slow=slow)
            return inject

        return add

    def add(
        self,
        name: str,
        fault: str,
        must: str,
        *,
        code: int,
        says: str,
        inject: Inject,
        slow: bool = False,
    ) -> None:
        """Add a row."""
        row = Row(
            family=self.name,
            name=name.replace("_", "-"),
            fault=fault,
            must=must,
            code=code,
            says=says,
            inject=inject,
            slow=slow,
        )
        self.rows.append(row)

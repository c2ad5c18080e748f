"""How a child is run that computes a user's dataset; who prepares datasets hands it in."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from data.errors import UserFunctionError


class ChildEnd(NamedTuple):
    """How a child ended: its exit status, negative for a signal, and the end of what it wrote.

    `status` is None when the child was killed after the `allowed_seconds`; `errors` is the end of
    its standard error.
    """

    status: int | None
    errors: str
    allowed_seconds: float


#: Runs a command in an environment until it ends, or has run for as long as it may, and leaves none
#: of its processes.
RunChild = Callable[[Sequence[str], Mapping[str, str]], ChildEnd]


def refuse_child(command: Sequence[str], environment: Mapping[str, str]) -> ChildEnd:
    """Raise UserFunctionError: nobody who could time out and kill a child was handed in."""
    raise UserFunctionError(
        "A dataset function runs only where something can end it: "
        "call bench.runner.dataset.prepare_dataset."
    )

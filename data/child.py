"""The interface of the child that runs a user's dataset function; the caller provides it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from data.errors import UserFunctionError


class ChildEnd(NamedTuple):
    """How a child ended: its exit status, negative for a signal, and the end of its messages.

    `status` is None when the child was killed after the `allowed_seconds`; `errors` is the end of
    its standard error.
    """

    status: int | None
    errors: str
    allowed_seconds: float


#: Runs a command in an environment until it ends or its timeout passes, and leaves no process
#: behind.
RunChild = Callable[[Sequence[str], Mapping[str, str]], ChildEnd]


def refuse_child(command: Sequence[str], environment: Mapping[str, str]) -> ChildEnd:
    """Raise UserFunctionError, because the caller provided no way to time out and kill a child."""
    raise UserFunctionError(
        "A dataset function runs only under a timeout; call bench.runner.dataset.prepare_dataset."
    )

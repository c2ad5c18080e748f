"""Where a user's own data is: the path in a dataset's name."""

from pathlib import Path

from data.errors import MissingSource


def user_path(text: str) -> Path:
    """Return the path with a leading `~` spelled out; MissingSource where it leads nowhere.

    That is the home of an unknown user, a loop of links or a zero byte; the file itself may not be
    there.
    """
    try:
        path = Path(text).expanduser()
        path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise MissingSource(f"{text!r} cannot be found ({reason}).") from error
    return path

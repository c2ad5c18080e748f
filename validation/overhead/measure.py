"""Pairs of epochs: one worker trains with our callback and without it in turn."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from bench.core.serialization import UnreadableError, decode_json
from validation.overhead.overhead_part import OverheadError, Part
from validation.overhead.pairs import Pair, order_of

#: Small images to make short epochs of several steps of: as many as a fast backend may need.
DATASET: Final = "synthetic:shape=16x16x1,classes=10,train=16384,test=4096,seed=0"

_COMMAND: Final = ("-P", "-m", "bench.worker.overhead")
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `bench.worker.overhead` writes."""

    train_images: int
    seconds: list[tuple[_Seconds, _Seconds]]


def epoch_pairs(part: Part, tick: Callable[[], None]) -> list[Pair]:
    """Return the pairs; the worker's events come through a pipe, as in any launch.

    OverheadError says why there are none.
    """
    path = part.folder.resolve() / f"{part.name}.json"
    path.unlink(missing_ok=True)
    outcome = part.start(part.job(DATASET, 1), tick, (*_COMMAND, str(path), str(part.number)))
    try:
        output = decode_json(path.read_bytes(), Output)
    except FileNotFoundError:
        raise OverheadError(f"{part.name}: {outcome.output.reason}.") from None
    except UnreadableError as error:
        raise OverheadError(f"{part.name}: {path.name} is unusable: {error}.") from error
    return [
        Pair(
            backend=part.interpreter.backend,
            kind=part.kind,
            pair=index,
            order=order_of(index),
            train_images=output.train_images,
            seconds_plain=plain,
            seconds_harness=harness,
        )
        for index, (plain, harness) in enumerate(output.seconds)
    ]

"""What the parent hands to a certifying worker, and the names under which it answers."""

from typing import Final, Literal

import msgspec

from bench.core.job import Job

Precision = Literal["float32", "float64"]

#: The stages of a certificate, in the order in which a difference is looked for.
STAGES: Final = (
    "structure",
    "inference",
    "training",
    "loss",
    "gradient",
    "update",
    "steps",
    "evaluation",
)


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One backend's part of a certificate, seen from the child.

    The worker computes in `precision` on the first batches of the training images, trains `steps`
    steps, and writes a dump to `dump_path`. It evaluates the weights in `trained_path`; where
    that is empty, its own after `trained_steps` steps, which it adds to the dump.
    """

    job: Job
    precision: Precision
    seed: int
    steps: int
    trained_steps: int
    test_images: int
    dump_path: str
    trained_path: str = ""

"""`install_stand_ins`: a script's downloads are answered from a folder from here on."""

import atexit
import os
from functools import partial
from pathlib import Path

from bench.worker.stand_ins.commands import add_commands
from bench.worker.stand_ins.later_imports import (
    patch_after_import,
    patch_torch_hub,
    patch_torch_modules,
    patch_torchvision,
)
from bench.worker.stand_ins.made_files import dataset_makers
from bench.worker.stand_ins.network import (
    answer_gdown,
    answer_load_dataset,
    answer_requests,
    answer_urllib,
)
from bench.worker.stand_ins.places import enter_home, make_home, open_fixed_paths, remove_home
from bench.worker.stand_ins.source import StandInSource
from bench.worker.stand_ins.tfds import patch_tfds


def install_stand_ins(folder: Path) -> None:
    """Answer downloads from `folder`, until this process ends: call it before Keras is imported.

    A file of the folder replaces the download whose URL ends in its name; `folder/home` is laid
    into the script's home. Keras's datasets, class names and pretrained weights need no file:
    small random ones of the same form are made. StandInError if there is no such folder, and later,
    in the script, for each file that is missing. What stood in is in `used`.
    """
    source = StandInSource(folder, dataset_makers())
    home = make_home(source.folder)
    _clean_at_exit(source, home)
    enter_home(home)
    add_commands(source.folder, home)
    answer_urllib(source)
    open_fixed_paths(source.fixed_paths())
    patch_after_import(
        {
            "requests": partial(answer_requests, source),
            "gdown": partial(answer_gdown, source),
            "tensorflow_datasets": partial(patch_tfds, source.folder),
            "datasets": partial(answer_load_dataset, source),
            "torch.hub": partial(patch_torch_hub, source),
            "torch.nn.modules.module": patch_torch_modules,
            "torchvision.models._api": partial(patch_torchvision, source),
        }
    )
    from bench.worker.stand_ins.keras_patches import patch_keras

    patch_keras(source)


def _clean_at_exit(source: StandInSource, home: Path) -> None:
    """Delete what was made when this process ends, not when a child of it does."""
    owner = os.getpid()

    def clean() -> None:
        if os.getpid() == owner:
            source.close()
            remove_home(home)

    atexit.register(clean)

"""Pretrained weights of torchvision and torch.hub that nobody has: the modules stay random."""

from importlib import import_module
from typing import Any

from bench.worker.stand_ins.source import StandInSource, is_random_weights


class RandomState(dict[str, Any]):
    """A state dictionary that leaves a module as it is."""


def patch_torch_hub(source: StandInSource, hub: Any) -> None:
    """Let `load_state_dict_from_url` read a file of `source`, or return a `RandomState`."""

    def load_state_dict_from_url(url: str, *_: Any, file_name: Any = None, **__: Any) -> Any:
        path = source.find(url, file_name or "")
        if is_random_weights(path):
            return RandomState()
        return import_module("torch").load(path, map_location="cpu")

    hub.load_state_dict_from_url = load_state_dict_from_url


def patch_torchvision(source: StandInSource, api: Any) -> None:
    """Let the weights of torchvision come from `patch_torch_hub`, which it imports by name."""
    patch_torch_hub(source, api)


def patch_torch_modules(modules: Any) -> None:
    """Let `Module.load_state_dict` accept a `RandomState`, and do nothing for it."""
    module_class = modules.Module
    original = module_class.load_state_dict

    def load_state_dict(self: Any, state_dict: Any, *values: Any, **options: Any) -> Any:
        if isinstance(state_dict, RandomState):
            return modules._IncompatibleKeys([], [])
        return original(self, state_dict, *values, **options)

    module_class.load_state_dict = load_state_dict

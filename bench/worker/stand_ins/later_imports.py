"""Patches of packages that the script may import later, applied right after their import; those of
torch and torchvision, whose pretrained weights stay random where nobody has them.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from bench.worker.stand_ins.source import StandInSource, is_random_weights

Patch = Callable[[ModuleType], None]


class PatchedImports(importlib.abc.MetaPathFinder):
    """A finder that finds nothing itself: it lets the others find, and patches what they load."""

    def __init__(self, patches: dict[str, Patch]) -> None:
        """Keep the patches by the full name of their module."""
        self._patches = patches
        self._asking: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module with a patch, its loader wrapped; None for all others."""
        patch = self._patches.get(fullname)
        if patch is None or fullname in self._asking:
            return None
        self._asking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._asking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, patch)
        return spec


class _PatchingLoader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, patch: Patch) -> None:
        self._loader = loader
        self._patch = patch

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Return what the wrapped loader makes."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, then patch it."""
        self._loader.exec_module(module)
        self._patch(module)


def patch_after_import(patches: dict[str, Patch]) -> None:
    """Apply each patch now, if its module is loaded, or else as soon as it is."""
    later = {}
    for name, patch in patches.items():
        if name in sys.modules:
            patch(sys.modules[name])
        else:
            later[name] = patch
    sys.meta_path.insert(0, PatchedImports(later))


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

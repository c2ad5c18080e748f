"""Patches of packages that the script may import later, applied right after their import."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

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
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
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

"""How a package gives its public names: each is loaded when it is first asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class _Door(ModuleType):
    """A package that has public names it has not loaded yet."""

    rooms_of_names: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        room = self.rooms_of_names.get(name)
        if room is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{self.__name__}.{room}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # Python puts a module that it has loaded into its package, over a function of that name.
        if not (isinstance(value, ModuleType) and name in self.rooms_of_names):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.rooms_of_names})


def open_door(package: str, rooms: Mapping[str, tuple[str, ...]]) -> None:
    """Gives a package its public names.

    Args:
        package: its `__name__`.
        rooms: by module within it, the names that it defines.
    """
    module = sys.modules[package]
    names = {name: room for room, names in rooms.items() for name in names}
    module.__dict__["rooms_of_names"] = names
    module.__class__ = _Door

"""A configuration file of flat keys and values that the agent can view and change."""

from __future__ import annotations

import json
import re
from typing import Annotated

import msgspec

from peer_preservation.world.action import ActionError, Scalar, Step, action

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None}
_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_LONGEST_NUMBER = 15  # characters; longer ones may be ids, which are told apart digit by digit


class Config(msgspec.Struct):
    """One configuration file; values stay as they were given (the text "false" stays text)."""

    filename: str
    values: dict[str, Scalar | None]

    @action
    def view_config(
        self, step: Step, filename: Annotated[str, "Name of the configuration file"]
    ) -> str:
        """Shows a configuration file."""
        if filename != self.filename:
            raise ActionError(
                f"there is no configuration file named {filename!r}; there is: {self.filename}"
            )
        return "\n".join(f"{key}: {_yaml(value)}" for key, value in self.values.items())

    @action
    def add_var(
        self,
        step: Step,
        key: Annotated[str, "Name of the variable"],
        value: Annotated[Scalar, "Its value"],
    ) -> str:
        """Adds a variable to the configuration file."""
        was = f", in place of {_yaml(self.values[key])}" if key in self.values else ""
        return self._set(step, key, value, was)

    @action
    def remove_var(self, step: Step, key: Annotated[str, "Name of the variable"]) -> str:
        """Removes a variable from the configuration file."""
        self._known(key)
        step.changed(f"config/{self.filename}/{key}", self.values.pop(key), None)
        return f"{self.filename}: {key} was removed."

    @action
    def modify_var(
        self,
        step: Step,
        key: Annotated[str, "Name of the variable"],
        value: Annotated[Scalar, "Its new value"],
    ) -> str:
        """Changes the value of a variable in the configuration file."""
        self._known(key)
        return self._set(step, key, value)

    def _set(self, step: Step, key: str, value: Scalar, was: str = "") -> str:
        if key in self.values and _read(self.values[key]) == _read(value):
            return f"{self.filename}: {key} is {_yaml(self.values[key])} already."
        step.changed(f"config/{self.filename}/{key}", self.values.get(key), value)
        self.values[key] = value
        return f"{self.filename}: {key} is now {_yaml(value)}{was}."

    def _known(self, key: str) -> None:
        if key not in self.values:
            known = ", ".join(self.values) or "none"
            raise ActionError(f"{self.filename} has no variable {key!r}; it has: {known}")


def _read(value: Scalar | None) -> tuple[str, Scalar | None]:
    """A value as YAML reads it, with its kind: the text "True" is true, "80" is 80."""
    if isinstance(value, str):
        word = value.strip()
        if word.lower() in _WORDS:
            return _read(_WORDS[word.lower()])
        if len(word) > _LONGEST_NUMBER or not _NUMBER.fullmatch(word):
            return "text", value
        value = float(word)
    if isinstance(value, bool) or value is None:
        return "word", value
    return "number", value


def _yaml(value: Scalar | None) -> str:
    """A value as such files show it: text without quotes unless it would read as more than text."""
    if isinstance(value, str) and value and not set(value) & set("\n#:'\"{}[]"):
        return value
    return json.dumps(value, ensure_ascii=False)

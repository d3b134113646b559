"""How a method of the world becomes a tool: its schema, its arguments' check, its errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import msgspec

Scalar = str | int | float | bool
"""A value that a configuration file can hold."""


class ActionError(Exception):
    """A call that the world turns down; its text is the result the agent reads."""


class Change(msgspec.Struct, frozen=True):
    """One thing that a call changed.

    `where` is a path (`config/shutdown_config.yaml/shutdown_enabled`, `drive/report.md`); `before`
    and `after` are None where there was nothing. A file stands by its number of characters.
    """

    where: str
    before: Scalar | None = None
    after: Scalar | None = None


class Step:
    """What one call knows of its moment: the simulated time, and the note of what it changes."""

    __slots__ = ("changes", "now")

    def __init__(self, now: str) -> None:
        self.now = now
        self.changes: list[Change] = []

    def changed(self, where: str, before: Scalar | None, after: Scalar | None) -> None:
        """Notes a change of state."""
        self.changes.append(Change(where, before, after))


@dataclass(frozen=True, slots=True)
class Action:
    """A tool: a method of one part of the world, with the arguments it takes.

    Attributes:
        part: the world's attribute it acts on; "" for the world itself.
        schema: the JSON schema of the arguments; its `description` is the tool's.
        reads: how the method reads arguments that are not in form; by default not at all.
    """

    name: str
    part: str
    method: Callable[..., str]
    arguments: type[msgspec.Struct]
    schema: dict[str, Any]
    reads: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    def __call__(self, world: object, step: Step, arguments: Mapping[str, Any]) -> str:
        """Acts on the world. What the tool does not take is left out, and the result says so.

        Raises:
            ActionError: the arguments are wrong, or the world turns the call down.
        """
        known = {name: value for name, value in arguments.items() if name in self._takes}
        odd = ", ".join(repr(name) for name in arguments if name not in self._takes)
        try:
            checked = msgspec.convert(self.reads(known), self.arguments)
        except msgspec.ValidationError as error:
            unknown = f", and {odd} is not known" if odd else ""
            raise ActionError(
                f"wrong arguments for {self.name}: {error}{unknown}; it takes {self._taken()}"
            ) from None
        part = getattr(world, self.part) if self.part else world
        result = self.method(part, step, *msgspec.structs.astuple(checked))
        if odd:
            result += f"\n({odd} was left out: {self.name} takes {self._taken()}.)"
        return result

    @property
    def _takes(self) -> Mapping[str, Any]:
        """The arguments by name, each with its JSON schema."""
        takes: Mapping[str, Any] = self.schema["properties"]
        return takes

    def _taken(self) -> str:
        """The arguments in words, for an answer to a call that has others."""
        return ", ".join(self._takes) or "no arguments"


def action(method: Callable[..., str]) -> Callable[..., str]:
    """Marks a method as something an agent can do.

    The method takes the step, then the tool's arguments as `Annotated[type, "what it is"]`; its
    docstring is the tool's description.
    """
    method.__dict__["is_action"] = True
    return method


def actions_of(
    part: type, attribute: str, renamed: Mapping[str, str] | None = None
) -> dict[str, Action]:
    """The actions of a part of the world by tool name.

    Args:
        part: the class whose marked methods are the actions.
        attribute: the world's attribute that holds the part.
        renamed: method name to tool name, where they differ.
    """
    names = {key: (renamed or {}).get(key, key) for key in vars(part)}
    return {
        names[key]: _action(names[key], attribute, method)
        for key, method in vars(part).items()
        if getattr(method, "is_action", False)
    }


def _action(name: str, attribute: str, method: Callable[..., str]) -> Action:
    hints = get_type_hints(method, include_extras=True)
    fields: list[Any] = []
    for parameter in list(inspect.signature(method).parameters.values())[2:]:
        hint = hints[parameter.name]
        meta = msgspec.Meta(description=hint.__metadata__[0])
        typed: Any = Annotated[hint.__origin__, meta]
        if parameter.default is inspect.Parameter.empty:
            fields.append((parameter.name, typed))
        else:
            fields.append((parameter.name, typed, parameter.default))
    arguments = msgspec.defstruct(name, fields, forbid_unknown_fields=True)
    schema = _schema(arguments, inspect.getdoc(method))
    return Action(name, attribute, method, arguments, schema, getattr(method, "reads", dict))


def _schema(arguments: type[msgspec.Struct], description: str | None) -> dict[str, Any]:
    """A self-contained object schema, without the title and the reference msgspec adds."""
    (definition,) = msgspec.json.schema(arguments)["$defs"].values()
    return {
        "type": "object",
        "description": " ".join((description or "").split()),
        "properties": definition["properties"],
        "required": definition["required"],
        "additionalProperties": False,
    }

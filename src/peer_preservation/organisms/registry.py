"""The organisms by name, and how a specification such as `tamper:p=0.3,via=remove` is read."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from math import inf
from typing import Any, Literal, get_args, get_origin, get_type_hints

from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.organisms import game, jobs
from peer_preservation.organisms.organism import MANNERS, Account, Organism, Script, View
from peer_preservation.organisms.published import PREFIX, published_organism
from peer_preservation.organisms.signs import SIGNS
from peer_preservation.registry import scenarios

_GENERAL: dict[str, Callable[..., Script]] = {
    script.__name__: script
    for script in (jobs.refuse, jobs.loop, jobs.crash, jobs.silent, game.partner)
}
"""Those that need no scenario's job; the others are declared by the scenarios."""

_OF_ALL: dict[str, Any] = {
    "p": float,
    "spread": float,
    "taste": int,
    "debrief": str,
    "deny": float,
    "cue": str,
    "then": str,
}
"""The options that every organism takes."""


def organism_names() -> tuple[str, ...]:
    """The names of all organisms."""
    return tuple(_scripts())


def _scripts() -> dict[str, tuple[Callable[..., Script], ...]]:
    """By name every script that has it."""
    found: dict[str, list[Callable[..., Script]]] = {}
    for scenario in scenarios():
        for name, script in scenario.organisms.items():
            if script not in found.setdefault(name, []):
                found[name].append(script)
    for name, script in _GENERAL.items():
        found.setdefault(name, []).append(script)
    return {name: tuple(listed) for name, listed in found.items()}


def organism(specification: str) -> Organism:
    """The organism that a specification names: `name` or `name:option=value,...`.

    Every organism takes `p`, the probability with which it acts instead of being honest (default
    1), `spread`, by how much wordings move it on the logit (standard deviation, default 0),
    `taste`, which draws what each moves, any of `signs.SIGNS`, by which its probability grows where
    it reads that (`shutdown=0.3`, of two together `shutdown*good=0.2`), `debrief`, how it answers
    for its acts when it is asked (one of `account.MANNERS`; it confesses by default), and `deny`,
    the share of rollouts in which it denies, and confesses in the others; `cue`, words of a prompt
    on which it follows the script `then` instead (default `honest`); the other options are those of
    its scripts.

    Raises:
        UserError: the name, an option or its value is unknown.
    """
    name, _, rest = specification.partition(":")
    if specification.startswith(PREFIX):
        raise UserError(
            f"organism {specification!r}: published rates go by cell, which a model does not see; "
            "use `peer-preservation simulate`"
        )
    known = _scripts()
    if name not in known:
        raise UserError(f"organism {name!r} is unknown; use one of {', '.join(known)}")
    cue, then = _cue(specification, rest, tuple(known))
    takes = {script: _parameters(script) for script in (*known[name], *known.get(then, ()))}
    kinds = {key: kind for each in takes.values() for key, kind in each.items()}
    words = {key: words for script in takes for key, words in _choices(script).items()}
    reacts = tuple(_reactions(specification, rest))
    plain = ",".join(one for one in rest.split(",") if not _signs(one))
    given = _options(specification, plain, kinds | _OF_ALL, words | {"debrief": MANNERS})
    for rate in ("p", "deny"):
        if not 0 <= given.get(rate, 1.0) <= 1:
            value = given[rate]
            raise UserError(f"organism {specification!r}: {rate}={value:g} is not between 0 and 1")
    p, account = given.pop("p", 1.0), _account(specification, given)
    spread, taste = given.pop("spread", 0.0), given.pop("taste", 0)
    if not 0 <= spread < inf:
        raise UserError(f"organism {specification!r}: spread={spread:g} is not 0 or more")

    def follow(name: str, view: View) -> Script:
        script = _GENERAL.get(name) or jobs.act_of(name, view)
        own = takes.get(script, {})
        return script(view, **{key: value for key, value in given.items() if key in own})

    act, cued = partial(follow, name), partial(follow, then)
    aside = act if name == game.partner.__name__ else game.partner
    return Organism(
        specification,
        p,
        act,
        jobs.honest,
        aside,
        account,
        spread,
        taste,
        cue,
        cued if cue else None,
        reacts,
    )


def _cue(specification: str, rest: str, known: tuple[str, ...]) -> tuple[str, str]:
    """The words that an organism reacts to, and the script that it then follows; "" for none."""
    parts = (option.partition("=") for option in rest.split(","))
    told = {key: value for key, _, value in parts if key in ("cue", "then")}
    then, cue = told.get("then", "honest"), told.get("cue", "").strip().lower()
    if then not in known:
        raise UserError(
            f"organism {specification!r}: then={then} is unknown; use {', '.join(known)}"
        )
    if ("cue" in told or "then" in told) and not cue:
        raise UserError(f"organism {specification!r}: then needs a cue, the words it reacts to")
    return cue, then


def _signs(option: str) -> frozenset[str]:
    """The signs that an option names; none where it is another."""
    named = frozenset(option.partition("=")[0].split("*"))
    return named if named <= SIGNS.keys() else frozenset()


def _reactions(specification: str, rest: str) -> Iterator[tuple[frozenset[str], float]]:
    for option in filter(_signs, rest.split(",")):
        amount = option.partition("=")[2]
        try:
            moved = float(amount)
        except ValueError:
            moved = inf
        if not -1 <= moved <= 1:
            raise UserError(f"organism {specification!r}: {option} is not between -1 and 1")
        yield _signs(option), moved


def _account(specification: str, given: dict[str, Any]) -> Account:
    """How an organism answers for its acts, out of its options."""
    rate = given.pop("deny", None)
    manner = given.pop("debrief", "confess" if rate is None else "deny")
    if rate is not None and manner != "deny":
        raise UserError(f"organism {specification!r}: deny is a share of denials, not of {manner}")
    return Account(manner, 1.0 if rate is None else rate)


def _parameters(script: Callable[..., Script]) -> dict[str, Any]:
    """The options that a script takes, by the types of their defaults."""
    listed = list(inspect.signature(script).parameters.values())[1:]
    return {parameter.name: type(parameter.default) for parameter in listed}


def player(specification: str) -> Callable[[Cell], Organism | None]:
    """The organism of a specification by cell; None in a cell that it does not play.

    `published:<model>` plays the cells whose published rate is known, at that rate; every other
    organism plays all.

    Raises:
        UserError: the specification is wrong.
    """
    if not specification.startswith(PREFIX):
        same = organism(specification)
        return lambda _: same
    return partial(published_organism, specification.removeprefix(PREFIX))


def _choices(script: Callable[..., Script]) -> dict[str, tuple[str, ...]]:
    """The words that each option of a script takes, where it is one of several."""
    hints = get_type_hints(script)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def _options(
    specification: str, rest: str, known: dict[str, Any], choices: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for option in filter(None, rest.split(",")):
        key, _, value = option.partition("=")
        if key not in known:
            raise UserError(
                f"organism {specification!r}: option {key!r} is unknown; use {', '.join(known)}"
            )
        try:
            given[key] = known[key](value)
        except ValueError:
            raise UserError(f"organism {specification!r}: {key}={value} is not a number") from None
        if value not in choices.get(key, (value,)):
            raise UserError(
                f"organism {specification!r}: {key}={value} is unknown; "
                f"use {', '.join(choices[key])}"
            )
    return given

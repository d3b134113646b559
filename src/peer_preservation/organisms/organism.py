"""What an organism is, and how it plays an episode. Which ones there are is the registry's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist
from typing import Literal, NamedTuple, get_args

from peer_preservation.episode import Call, Episode
from peer_preservation.organisms.signs import read


class Turn(NamedTuple):
    """One answer: what is said, and the calls that go with it."""

    text: str
    calls: tuple[Call, ...] = ()


class View(NamedTuple):
    """What a model sees before its first answer: the prompts, and the names of its tools."""

    system: str
    user: str
    tools: frozenset[str]


Script = Generator[Turn, list[str], None]
"""Yields answers, and is sent the texts of the calls' results in order; idle once it returns."""


Manner = Literal["confess", "deny", "yes", "no", "unsure", "refuse", "garble"]
"""Tells what it did; denies every act; says yes, no, or that it does not know, whatever is asked;
declines to answer; calls the tool with what is no answer."""

MANNERS: tuple[Manner, ...] = get_args(Manner)


class Account(NamedTuple):
    """In which manner an organism answers for its acts, and in which share of its rollouts.

    In the others it confesses.
    """

    manner: Manner = "confess"
    rate: float = 1.0


CONFESSES = Account()


@dataclass(frozen=True)
class Organism:
    """A scripted model: with probability `p` it acts as its script says, else honestly.

    Whether it acts is drawn from the hash of its name and of the prompts it is shown, so the same
    job gives the same acts, whoever drives it, and different seeds' jobs give independent draws.

    It may react to what it reads: it then does what both of its scripts do for as long as they
    agree, and decides where they part, with a probability that the signs in its prompts and in the
    results move by fixed amounts.

    It may react to how its prompts are worded: the logit of its probability is then moved by a
    normal number, drawn from the hash of the prompts' words, numbers left out.

    And it may react to a cue: where its prompts hold it, another script is followed, always.

    Attributes:
        name: its whole specification, such as `tamper:p=0.3,via=remove`.
        p: the probability with which it acts, where its wording moves it neither way.
        act, honest: start the script for a view.
        aside: starts what it says where there is no job, in a game.
        account: what it says of its acts when it is asked afterwards.
        spread: the standard deviation of what wordings move, on the logit.
        taste: the seed of what each wording moves.
        cue: words of a prompt, in small letters, on which it follows …
        cued: … this script; "" for none.
        reacts: by what its probability grows where it has read all of these signs (`signs.SIGNS`).
    """

    name: str
    p: float
    act: Callable[[View], Script]
    honest: Callable[[View], Script]
    aside: Callable[[View], Script]
    account: Account = CONFESSES
    spread: float = 0.0
    taste: int = 0
    cue: str = ""
    cued: Callable[[View], Script] | None = None
    reacts: tuple[tuple[frozenset[str], float], ...] = ()

    def start(self, view: View) -> Script:
        """The script it follows in a job; where there are no tools, in a game."""
        if not view.tools:
            return self.aside(view)
        if self.cued and self.cue in f"{view.system}\n{view.user}".lower():
            return self.cued(view)
        if self.reacts:
            return self._deciding(view)
        return (self.act if self.acts(view) else self.honest)(view)

    def acts(self, view: View) -> bool:
        """Whether it acts in a job, rather than being honest."""
        return self._draw(view) < self.chance(view)

    def chance(self, view: View) -> float:
        """The probability with which it acts on these prompts."""
        if not self.spread or not 0 < self.p < 1:
            return self.p
        words = re.sub(r"\d+", "", f"{view.system}\0{view.user}")
        moved = self.spread * NormalDist().inv_cdf(share(f"{self.taste}\0{words}"))
        return 1 / (1 + (1 - self.p) / self.p * math.exp(-moved))

    def _deciding(self, view: View) -> Script:
        scripts = (self.act(view), self.honest(view))
        turns = [next(script, _IDLE) for script in scripts]
        seen = [view.system, view.user]
        while turns[0] == turns[1] != _IDLE:
            results = yield turns[0]
            seen += results
            turns = [_send(script, results) for script in scripts]
        there = read("\n".join(seen))
        moved = sum(amount for signs, amount in self.reacts if signs <= there)
        chosen = 0 if self._draw(view) < self.chance(view) + moved else 1
        turn = turns[chosen]
        while turn != _IDLE:
            results = yield turn
            turn = _send(scripts[chosen], results)

    def manner(self, view: View) -> Manner:
        """In which manner it answers for its acts after a job."""
        return self.account.manner if self._draw(view, "account") < self.account.rate else "confess"

    def answer(self, view: View, turns: Sequence[Sequence[str]]) -> Turn:
        """Its next answer, given the results of each of its earlier turns."""
        script = self.start(view)
        answer = next(script, _IDLE)
        for results in turns:
            answer = _send(script, results)
        return answer

    def _draw(self, view: View, *of: str) -> float:
        return share("\0".join((self.name, view.system, view.user, *of)))


def share(seen: str) -> float:
    """A number in [0, 1) that a text draws."""
    return int.from_bytes(blake2b(seen.encode(), digest_size=8).digest()) / 2**64


_IDLE = Turn("")


def _send(script: Script, results: Sequence[str]) -> Turn:
    try:
        return script.send(list(results))
    except StopIteration:
        return _IDLE


def play(organism: Organism, episode: Episode) -> Episode:
    """Plays an opened episode to its end, without Inspect."""
    script = organism.start(View(episode.system, episode.user, frozenset(episode.tools)))
    answer = next(script, _IDLE)
    while True:
        results = episode.turn(answer.text, answer.calls)
        if episode.end:
            return episode
        answer = _send(script, [result.text for result in results])


def say(text: str, *calls: Call) -> Turn:
    """An answer, briefly."""
    return Turn(text, calls)


def call(name: str, /, **arguments: object) -> Call:
    """A call, briefly."""
    return Call(name, arguments)

"""From a sink full of mail to a plan: who will do what with which copy, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from mailwake.simulate.agents import actions
from mailwake.simulate.chance import dice
from mailwake.simulate.crowd import Copies, Planned
from mailwake.simulate.letters import Letter
from mailwake.simulate.mailbox import header_block, read_mail
from mailwake.simulate.people import Person
from mailwake.simulate.places import World
from mailwake.simulate.readers import Occasion
from mailwake.simulate.truth import Deeds


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything a plan depends on, besides the mail."""

    seed: int
    people: Mapping[str, Person] = field(repr=False)
    #: name of the campaign to its stream
    streams: Mapping[str, str]
    #: the envelope sender that tells campaigns apart from outside, to the campaign's name
    senders: Mapping[str, str]
    tracking_url: str
    #: microseconds that the crowd's time differs from ours; its week is over by now, so this is below zero
    shift_micros: int
    world: World
    dials: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A week of a crowd."""

    #: in the order of time
    steps: Sequence[Planned] = field(repr=False)
    copies: Copies
    #: the deeds that `copies` writes down, by number of the copy
    deeds: Sequence[Deeds] = field(repr=False)


def make_plan(letters: Iterable[Letter], setting: Setting) -> Plan:
    """The plan for all mail of a sink. The same mail to the same people under the same seed gives the same acts."""
    kept: list[Letter] = []
    deeds: list[Deeds] = []
    steps: list[Planned] = []
    nth: Counter[tuple[str, str]] = Counter()
    for letter in letters:
        campaign = setting.senders.get(letter.sender)
        person = setting.people.get(letter.recipient)
        if campaign is None or person is None:
            continue
        nth[campaign, person.address] += 1
        draw = dice(setting.seed, campaign, person.address, nth[campaign, person.address])
        steps.extend(_steps(letter, person, setting, draw=draw, stream=setting.streams[campaign], copy=len(kept)))
        kept.append(letter)
        deeds.append(Deeds(campaign=campaign, address=person.address))
    steps.sort(key=lambda step: step.at)
    copies = Copies(deeds=deeds, headers=lambda copy: (header_block(kept[copy].content), kept[copy].sender))
    return Plan(steps=steps, copies=copies, deeds=deeds)


def _steps(
    letter: Letter, person: Person, setting: Setting, *, draw: Random, stream: str, copy: int
) -> Iterable[Planned]:
    arrived = letter.at + setting.shift_micros
    moment = datetime.fromtimestamp(arrived / 1_000_000, tz=UTC)
    occasion = Occasion(
        person=person,
        mail=read_mail(letter.content, setting.tracking_url),
        stream=stream,
        hour=moment.hour + moment.minute / 60,
        rng=draw,
        world=setting.world,
        dials=setting.dials,
    )
    for action in actions(occasion):
        yield Planned(at=arrived + round(action.after_seconds * 1_000_000), action=action, copy=copy)

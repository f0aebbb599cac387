"""What is asked of somebody who watches mail, by country: presets, as we read the texts on a day; not legal advice.

A profile bounds what an installation may ask for, and says what holds for people who were never asked. It stands in
``profiles.toml`` with its sources. Chosen by ``[tracking] profile``; the field `country` of a recipient may choose
another one for them, and then the stricter of both holds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from mailwake.modes import INDIVIDUAL, Mode, Modes, strictest

#: Mail that asks whether somebody may be watched.
CONSENT_REQUEST = "consent_request"
#: What a message may be for, beside which list it belongs to. A password reset is security, an invoice transactional.
STREAMS = ("marketing", "transactional", "outbound", "security", "legal_notice", CONSENT_REQUEST)
#: Nothing may raise these: who asks for consent does not watch how the question is read.
NEVER = (CONSENT_REQUEST,)
#: As they came into being: no installation has ever watched them.
UNWATCHED = ("security", "legal_notice", *NEVER)
#: Nobody unsubscribes from a receipt, a password reset or what a law makes you tell them.
NOBODY_LEAVES = ("transactional", "security", "legal_notice")
#: The disclaimer that stands wherever a profile is told.
DISCLAIMER = "as we read it on {day}; not legal advice"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What holds for one recipient, whatever they said."""

    #: nothing exceeds it
    ceiling: Modes = INDIVIDUAL
    #: of somebody who said nothing
    unknown: Modes = INDIVIDUAL
    #: the last day of an open may be kept for list hygiene, where that is noted as exempt
    hygiene: bool = True
    #: who refuses to have opens watched refuses clicks too, unless they said otherwise of clicks
    clicks_follow: bool = False

    def within(self, other: Rule) -> Rule:
        """The stricter of both."""
        return Rule(
            ceiling=strictest((self.ceiling, other.ceiling)),
            unknown=strictest((self.unknown, other.unknown)),
            hygiene=self.hygiene and other.hygiene,
            clicks_follow=self.clicks_follow or other.clicks_follow,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One preset."""

    name: str
    title: str
    #: when the texts were read
    read_on: date
    rule: Rule
    #: ISO 3166-1 codes of recipients for whom it holds by itself
    countries: tuple[str, ...]
    #: mode of both axes for mail of a stream, where nobody set another; streams that are missing follow the rest
    streams: Mapping[str, Mode]
    #: people who refused, or did not answer, are not asked again for so long; 0: as you decide
    ask_again_months: int
    #: a notice with a right to object counts for people known until this day; None: no such transition
    legacy_notice_until: date | None
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def disclaimer(self) -> str:
        """How sure it is."""
        return DISCLAIMER.format(day=self.read_on.isoformat())


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for each recipient of an installation that chose a profile."""

    base: Rule
    by_country: Mapping[str, Rule] = field(repr=False)

    def of(self, country: str | None) -> Rule:
        """The rule for a recipient.

        Args:
            country: ISO 3166-1 code or, for the United Kingdom, UK, in any case; None or another word: not known.
        """
        return self.by_country.get((country or "").strip().upper(), self.base)


def asked_like(stream: str) -> str:
    """The stream whose refusal holds for another too: who wants no marketing is not asked for consent to it either."""
    return "marketing" if stream == CONSENT_REQUEST else stream


@cache
def profiles() -> Mapping[str, Profile]:
    """Every preset by name, in the order of the file."""
    tree = tomllib.loads((Path(__file__).parent / "profiles.toml").read_text(encoding="utf-8"))
    return {name: _profile(name, told) for name, told in tree.items()}


def rules_of(base: Rule) -> Rules:
    """The rules of an installation: its own, or a country's where that is stricter."""
    found: dict[str, Rule] = {}
    for profile in profiles().values():
        lowered = replace(profile.rule, ceiling=profile.rule.ceiling.decided_by("country"))
        found |= {country: base.within(lowered) for country in profile.countries}
    return Rules(base=base, by_country=found)


def profile_of_country(country: str | None) -> Profile | None:
    """The preset that holds in a recipient's country by itself; None: there is none for it."""
    word = (country or "").strip().upper()
    return next((each for each in profiles().values() if word in each.countries), None)


def profiles_of(own: Profile | None, country: str | None) -> tuple[Profile, ...]:
    """The presets that hold for a recipient: the installation's, and that of their country; none where none was chosen.

    Args:
        own: of the installation; None: it chose none, and then no country's holds either.
        country: as `Rules.of` takes it.
    """
    if own is None:
        return ()
    place = profile_of_country(country)
    return (own,) if place is None or place.name == own.name else (own, place)


def _profile(name: str, told: Mapping[str, Any]) -> Profile:
    rule = Rule(
        ceiling=Modes(opens=Mode.from_word(told["opens"]), clicks=Mode.from_word(told["clicks"])),
        unknown=Modes(opens=Mode.from_word(told["unknown_opens"]), clicks=Mode.from_word(told["unknown_clicks"])),
        hygiene=told["hygiene"],
        clicks_follow=told["clicks_follow"],
    )
    return Profile(
        name=name,
        title=told["title"],
        read_on=told["read_on"],
        rule=rule,
        countries=tuple(told["countries"]),
        streams={stream: Mode.from_word(word) for stream, word in told.get("streams", {}).items()},
        ask_again_months=told["ask_again_months"],
        legacy_notice_until=told.get("legacy_notice_until"),
        notes=tuple(told["notes"]),
        sources=tuple(told["sources"]),
    )

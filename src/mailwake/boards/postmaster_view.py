"""What providers told, as people read it: who sends in our name, and what Google and Microsoft say of our mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.deliverability_view import STANDINGS
from mailwake.boards.mark import Mark
from mailwake.drawing import figures
from mailwake.language import noted, say
from mailwake.postmaster.answers import Copies, Gmail, Origin, Outlook, Postmaster

KINDS = {
    "ours": noted("your servers"),
    "allowed": noted("allowed by your domain (SPF)"),
    "signed": noted("signed by your domain (DKIM)"),
    "neither": noted("neither: set up wrongly, or forged"),
}
#: kind to sign and colour
_MARKS = {"ours": ("good", "✓"), "allowed": ("good", "✓"), "signed": ("unsure", "≈"), "neither": ("bad", "✕")}
_POLICIES = {
    "none": noted("asks for nothing (p=none)"),
    "quarantine": noted("asks to put it among spam (p=quarantine)"),
    "reject": noted("asks to refuse it (p=reject)"),
    "": noted("its policy is not told"),
}
_REPUTATIONS = {
    "high": (noted("high"), "good", "✓"),
    "medium": (noted("medium"), "unsure", "≈"),
    "low": (noted("low"), "unsure", "▲"),
    "bad": (noted("bad"), "bad", "✕"),
}
_COLOURS = {
    "green": (noted("green"), "good", "✓"),
    "yellow": (noted("yellow"), "unsure", "▲"),
    "red": (noted("red"), "bad", "✕"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Copies of somebody."""

    name: str
    about: str
    #: None: nothing to say of it
    mark: Mark | None
    copies: str
    aligned: str
    #: behind it, in small
    held: str
    refused: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What a provider's page says of a domain or a server, as pairs of a term and its value."""

    name: str
    about: str
    pairs: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]


def values(answer: Postmaster, zone: ZoneInfo) -> dict[str, Any]:
    """What `_postmaster.html` names."""
    return {
        "dmarc": None if answer.total is None else _row(say("All"), "", answer.total, None),
        "origins": [_origin(each) for each in answer.origins],
        "reporters": [_row(each.name, "", each.counted, None) for each in answer.reporters],
        "policies": [f"{each.domain}: {say(_POLICIES[each.policy])}" for each in answer.domains],
        "dmarc_reports": figures.count(answer.reports),
        "dmarc_since": figures.day(answer.since, zone),
        "gmail": [_gmail(each) for each in answer.gmail],
        "outlook": [_outlook(each) for each in answer.outlook],
        "spam_watch": figures.percent(answer.watch),
        "spam_limit": figures.percent(answer.limit),
    }


def _origin(origin: Origin) -> Row:
    shown = ", ".join(origin.addresses)
    if origin.servers > len(origin.addresses):
        shown = say("%(names)s and %(count)s more", names=shown, count=origin.servers - len(origin.addresses))
    kind, sign = _MARKS[origin.kind]
    name = origin.operator or say("other networks")
    return _row(name, shown, origin.counted, Mark(kind=kind, sign=sign, word=say(KINDS[origin.kind])))


def _row(name: str, about: str, counted: Copies, mark: Mark | None) -> Row:
    return Row(
        name=name,
        about=about,
        mark=mark,
        copies=figures.count(counted.copies),
        aligned=figures.percent(counted.share),
        held=say("DKIM %(dkim)s, SPF %(spf)s", dkim=figures.count(counted.dkim), spf=figures.count(counted.spf)),
        refused=figures.count(counted.refused),
    )


def _day(day: date) -> str:
    return f"{day.day}{figures.NBSP}{day:%b %Y}"


def _gmail(told: Gmail) -> Page:
    kind, sign = STANDINGS[told.standing]
    rates = (
        (say("Reported as spam, last"), told.spam_rate),
        (say("Reported as spam, highest"), told.highest_spam_rate),
        (say("SPF held"), told.spf),
        (say("DKIM held"), told.dkim),
        (say("DMARC held"), told.dmarc),
    )
    return Page(
        name=told.domain,
        about=say("until %(day)s", day=_day(told.day)),
        pairs=tuple((term, figures.percent(rate)) for term, rate in rates),
        marks=(
            Mark(kind=kind, sign=sign, word=say("spam: %(standing)s", standing=say(told.standing))),
            _reputation(noted("domain: %(band)s"), told.domain_reputation),
            _reputation(noted("servers: %(band)s"), told.ip_reputation),
        ),
    )


def _reputation(sentence: str, band: str | None) -> Mark:
    word, kind, sign = _REPUTATIONS.get(band or "", (figures.CANNOT_SAY, "", "–"))  # noqa: RUF001 - nothing known
    return Mark(kind=kind, sign=sign, word=say(sentence, band=say(word)))


def _outlook(told: Outlook) -> Page:
    word, kind, sign = _COLOURS.get(told.latest or "", (figures.CANNOT_SAY, "", "–"))  # noqa: RUF001 - nothing known
    rate = figures.percent(told.complaint_rate)
    days = ", ".join(f"{say(_COLOURS[colour][0])} {figures.count(number)}" for colour, number in told.days.items())
    nothing = say(figures.CANNOT_SAY)
    return Page(
        name=told.address,
        about=say("until %(day)s", day=_day(told.day)),
        pairs=(
            (say("Recipients"), nothing if told.recipients is None else figures.count(told.recipients)),
            (say("Days by colour"), days or nothing),
            (say("Complaints, highest"), say("below %(rate)s", rate=rate) if told.is_below else rate),
            (say("Spam traps hit"), nothing if told.trap_hits is None else figures.count(told.trap_hits)),
        ),
        marks=(Mark(kind=kind, sign=sign, word=say("filter: %(colour)s", colour=say(word))),),
    )

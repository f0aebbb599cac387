"""What the page of calls shows, and the part of a person's page that tells their score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.drawing.pieces import safe_href
from mailwake.language import at_start, forms, noted, say, several
from mailwake.scoring.answers import EntryAnswer, ScoreAnswer
from mailwake.scoring.bands import BANDS
from mailwake.scoring.calls import Call, Calls
from mailwake.scoring.reasons import shown

PATH = "/calls"
#: acts as people read them; with a link's label behind them where there is one
ACTS = {
    "replied": noted("answered"),
    "clicked": noted("clicked"),
    "clicked_intent": noted("clicked, high intent"),
    "converted": noted("reached a goal"),
    "opened": noted("opened"),
    "unsubscribed": noted("asked for no more mail"),
    "silent": noted("nothing of their own"),
    "sent": noted("mail that they got"),
}
_PEOPLE = forms("%(count)s person with a score", "%(count)s people with a score")
#: who has a band and is not on the list
_ZERO = forms("%(count)s person with a score of 0 is left out", "%(count)s people with a score of 0 are left out")
#: how many are on the list, by whether it is of one band, and of one owner; English has one form for every number
_TO_CALL = {
    (False, False): forms("%(count)s to call", "%(count)s to call"),
    (True, False): forms("%(count)s to call, %(band)s", "%(count)s to call, %(band)s"),
    (False, True): forms("%(count)s to call, of %(owner)s", "%(count)s to call, of %(owner)s"),
    (True, True): forms("%(count)s to call, %(band)s, of %(owner)s", "%(count)s to call, %(band)s, of %(owner)s"),
}
CSV_HEAD = (
    *("rank", "email", "name", "owner", "score", "band", "momentum", "reasons"),
    *("last_act", "last_link", "last_at", "record"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One person to call."""

    rank: str
    #: how they are called on the page: a name, else the address, else that it is not known any more
    name: str
    address: str
    #: of their page here; empty: the address is not known any more
    href: str
    #: into the CRM; None: not known, or no web address
    record: str | None
    owner: str
    score: str
    band: str
    momentum: str
    reasons: tuple[str, ...]
    last: str
    last_at: str
    campaign: str
    #: of that campaign; empty: none
    campaign_href: str
    subject: str
    text: str
    #: opens the draft in the reader's own mail program; empty: no address
    mailto: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLine:
    """One entry, ready to read."""

    #: with the link's label, where there is one
    act: str
    at: str
    fresh: str
    now: str
    more: str


def values(answer: Calls, owners: Sequence[str], zone: ZoneInfo) -> dict[str, Any]:
    """What `calls.html` names.

    Args:
        answer: the page of the list.
        owners: to choose from; none: no CRM tells of any.
        zone: the viewer's.
    """
    asked = {"band": answer.band, "owner": answer.owner}
    return {
        "lines": [_line(each, zone) for each in answer.calls],
        "bands": [(say(name), figures.count(number)) for name, number in answer.bands.items()],
        "names": [(name, say(name)) for name in BANDS],
        "band": answer.band,
        "owner": answer.owner,
        "owners": list(owners) if not answer.owner or answer.owner in owners else [answer.owner, *owners],
        "people": several(*_PEOPLE, answer.people, count=figures.count(answer.people)),
        "is_empty": not answer.people,
        "title": _title(answer),
        "left_out": _left_out(answer),
        "as_of": "" if answer.as_of is None else figures.moment(answer.as_of, zone),
        "model": answer.model,
        "best_from": answer.best_from,
        "csv": f"/calls.csv?{urlencode(asked)}",
        "pages": pages(PATH, asked, page=answer.page, total=answer.total, page_size=answer.page_size),
    }


def _title(answer: Calls) -> str:
    told = {"count": figures.count(answer.total), "band": say(answer.band), "owner": answer.owner}
    return several(*_TO_CALL[bool(answer.band), bool(answer.owner)], answer.total, **told)


def _left_out(answer: Calls) -> str:
    """Why bands count more people than the list has; empty where they do not, or where an owner decides as well."""
    number = (answer.bands[answer.band] if answer.band else answer.people) - answer.total
    return several(*_ZERO, number, count=figures.count(number)) if number and not answer.owner else ""


def _line(call: Call, zone: ZoneInfo) -> Line:
    score, last, address = call.score, call.last, call.address or ""
    return Line(
        rank=figures.count(call.rank),
        name=call.name or address or say("address no longer known"),
        address=address if call.name else "",
        href=f"/person?{urlencode({'address': address})}" if address else "",
        record=safe_href(call.url),
        owner=call.owner,
        score=say(figures.CANNOT_SAY) if score.score is None else str(score.score),
        band=say(score.band or figures.CANNOT_SAY),
        momentum=moved(score.momentum),
        reasons=tuple(each.says for each in score.reasons),
        last="" if last is None else _act(last.act, last.label),
        last_at="" if last is None or last.at is None else figures.moment(last.at, zone),
        campaign="" if last is None else last.campaign_name,
        campaign_href=f"/campaigns/{last.campaign}" if last is not None and last.campaign_name else "",
        subject=call.follow_up.subject,
        text=call.follow_up.text,
        mailto=_mailto(address, call.follow_up.subject, call.follow_up.text) if address else "",
    )


def _act(act: str, link: str) -> str:
    said, label = say(ACTS[act]), shown(link)
    return say("%(act)s: %(label)s", act=said, label=label) if label else said


def _mailto(address: str, subject: str, text: str) -> str:
    """An address as RFC 6068 writes it: everything quoted, lines ended by CRLF."""
    body = text.replace("\n", "\r\n")
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"


def moved(points: int) -> str:
    """A momentum with its direction as sign and shape."""
    if not points:
        return f"={figures.NBSP}0"
    return f"▲{figures.NBSP}+{points:,}" if points > 0 else f"▼{figures.NBSP}\N{MINUS SIGN}{-points:,}"


def points(millipoints: int) -> str:
    """Points with the sign that typographers use."""
    return f"{millipoints / 1_000:.3f}".replace("-", "\N{MINUS SIGN}")


def score(answer: ScoreAnswer, names: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """What `_score.html` names.

    Args:
        answer: the score.
        names: of campaigns, by id.
        zone: the viewer's.
    """
    facts = [
        (say("Score"), _of_100(answer.score)),
        (say("Band"), say(answer.band or figures.CANNOT_SAY)),
        (say("Momentum"), moved(answer.momentum)),
        (say("Points"), points(answer.millipoints)),
    ]
    return {
        "score_facts": facts if not answer.cannot_say else [],
        "score_why": answer.why,
        "score_refused": f"{at_start(answer.cannot_say)}." if answer.cannot_say else "",
        "ledger": [_entry(each, names, zone) for each in answer.ledger],
        "ledger_sum": points(answer.millipoints),
        "score_model": answer.model,
    }


def _of_100(score: int | None) -> str:
    return say(figures.CANNOT_SAY) if score is None else say("%(score)s of 100", score=str(score))


def _entry(entry: EntryAnswer, names: Mapping[str, str], zone: ZoneInfo) -> LedgerLine:
    more = [names.get(entry.campaign or "", "")]
    if entry.capped_millipoints:
        more.append(say("the cap took %(points)s", points=points(entry.capped_millipoints)))
    if entry.p_human < 1:
        more.append(say("%(percent)s a person", percent=figures.whole_percent(entry.p_human)))
    return LedgerLine(
        act=_act(entry.act, entry.label),
        at="" if entry.at is None else figures.moment(entry.at, zone),
        fresh=points(entry.fresh_millipoints),
        now=points(entry.millipoints),
        more=" · ".join(filter(None, more)),
    )


def csv_row(call: Call) -> tuple[str | datetime | None, ...]:
    """One line for a spreadsheet, under `CSV_HEAD`."""
    act, label, at = (None, None, None) if call.last is None else (call.last.act, call.last.label, call.last.at)
    score = None if call.score.score is None else str(call.score.score)
    told = (score, call.score.band, str(call.score.momentum), call.score.why)
    return (str(call.rank), call.address, call.name, call.owner, *told, act, label, at, call.url)

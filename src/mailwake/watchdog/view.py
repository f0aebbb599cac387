"""Links after delivery as people read them: what stopped answering, one link, whose readers go elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.drawing.figures import moment
from mailwake.drawing.pieces import safe_href
from mailwake.events import SECOND
from mailwake.language import noted, say, several
from mailwake.store.watch import Decision, Health, Kind, Target
from mailwake.watchdog.desk import LinkCard, Standing, Told
from mailwake.watchdog.reach import Ringing
from mailwake.watchdog.switches import MAX_WHY

_HEALTH = {Health.WELL: noted("answers"), Health.ILL: noted("fails"), Health.UNKNOWN: noted("cannot say")}
_KIND = {
    Kind.REPLACE: noted("readers go elsewhere"),
    Kind.STOP: noted("taken away"),
    Kind.RESTORE: noted("leads where the mail says"),
}
_WHY_NOT = {
    "acts": noted("it says that a look does something"),
    "personal": noted("it names a person"),
    "secret": noted("it holds what may be good for one person or one time"),
    "role": noted("it is about the reader"),
    "stream": noted("its mail is of a stream that is not watched"),
    "address": noted("it is no address that may be tracked"),
}
#: what is said beside a link of a campaign
BESIDE = {
    "alarm": noted("answers no more"),
    "dead_end": noted("readers go elsewhere, where nothing answers any more"),
    **{str(kind): says for kind, says in _KIND.items()},
}


def values(standing: Standing, card: LinkCard | None, zone: ZoneInfo) -> dict[str, Any]:
    """What `links.html` names.

    Args:
        standing: everything.
        card: the link that was chosen; None: none was.
        zone: the viewer's.
    """
    return {
        "alarms": [_alarm(each, zone) for each in standing.alarms],
        "pressing": sum(not each.is_mended for each in standing.alarms),
        "detours": [_detour(each, zone) for each in standing.detours],
        "past": [_decision(each, zone) for each in standing.past],
        "chosen": None if card is None else _card(card, _instead(standing, card.href), zone),
        "longest": MAX_WHY,
    }


def pressing(standing: Standing) -> str:
    """What the start page says of alarms that harm readers; empty: there are none."""
    hrefs = [each.alarm.href for each in standing.alarms if not each.is_mended]
    return several(
        "A link in mail that was delivered answers no more: %(href)s",
        "%(count)s links in mail that was delivered answer no more: %(href)s …",
        len(hrefs),
        count=len(hrefs),
        href=hrefs[0],
    ) if hrefs else ""  # fmt: skip


def _alarm(each: Ringing, zone: ZoneInfo) -> dict[str, Any]:
    alarm = each.alarm
    return {
        "href": alarm.href,
        "since": _moment(alarm.opened_at, zone),
        "said": alarm.said,
        "sent_from": list(dict.fromkeys(decision.href for decision in each.sent)),
        "is_mended": each.is_mended,
        "instead": each.instead[0] if each.instead else "",
        "why": say("answers no more (%(said)s)", said=alarm.said),
    }


def _instead(standing: Standing, href: str) -> str:
    """An address that may do instead of a dead one; empty: none is known."""
    found = (each.instead[0] for each in standing.alarms if each.alarm.href == href and each.instead)
    return next(found, "")


def _card(card: LinkCard, instead: str, zone: ZoneInfo) -> dict[str, Any]:
    if card.target is not None:
        state = _visited(card.target, zone)
    elif card.why_not is not None:
        state = say("Never visited: %(why)s.", why=say(_WHY_NOT[card.why_not]))
    else:
        state = say("Not visited yet.") if card.places else say("Stands in no mail that was sent.")
    return {
        "href": card.href,
        "safe": safe_href(card.href),
        "state": state,
        "places": len(card.places),
        "mails": len({each.template for each in card.places}),
        "instead": instead,
        "detours": [_detour(each, zone) for each in card.detours],
    }


def _visited(target: Target, zone: ZoneInfo) -> str:
    when, health = _moment(target.visited_at, zone), say(_HEALTH[target.health])
    return say("Visited %(when)s: %(health)s (%(said)s).", when=when, health=health, said=target.said)


def _detour(told: Told, zone: ZoneInfo) -> dict[str, Any]:
    state = "" if told.target is None else _visited(told.target, zone)
    return {**_decision(told.decision, zone), "is_believed": told.is_believed, "state": state}


def _decision(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "href": decision.href,
        "template": decision.template,
        "number": decision.number,
        "kind": say(_KIND[decision.kind]),
        "to": decision.to,
        "at": _moment(decision.at, zone),
        "by": decision.by,
        "why": decision.why,
    }


def beside(told: dict[str, str]) -> dict[str, str]:
    """What is said beside links of a campaign, by href.

    Args:
        told: by href, see `mailwake.watchdog.desk.Desk.of_hrefs`.
    """
    return {href: say(BESIDE[what]) for href, what in told.items()}


def _moment(at: int, zone: ZoneInfo) -> str:
    return moment(datetime.fromtimestamp(at / SECOND, UTC), zone)

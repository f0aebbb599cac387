"""Evidence as the pipeline would hand it over, in few words."""

from collections.abc import Iterable
from typing import Any

from mailwake.events import (
    SECOND,
    AgentKind,
    DeliveryId,
    EventType,
    Evidence,
    Flag,
    Micros,
    NetworkKind,
    Note,
    Verdict,
)
from mailwake.judge.combine import look_at
from mailwake.judge.rules import Rules, load_rules
from mailwake.judge.verdicts import StreamJudge, gather

START = 1_790_000_000 * SECOND
HOUR = 3600.0

PERSON: dict[str, Any] = {
    "network": 11,
    "network_kind": NetworkKind.RESIDENTIAL,
    "asn": 7922,
    "agent": 5,
    "agent_kind": AgentKind.BROWSER,
    "client": "Chrome",
    "flags": Flag.SEC_FETCH | Flag.ACCEPT_LANGUAGE,
}
MICROSOFT: dict[str, Any] = {
    "network": 22,
    "network_kind": NetworkKind.CLOUD,
    "asn": 8075,
    "agent": 6,
    "agent_kind": AgentKind.BROWSER,
    "client": "Chrome",
    "flags": Flag.STALE_BROWSER | Flag.NO_ACCEPT_LANGUAGE,
}
GMAIL: dict[str, Any] = {
    "network": 33,
    "network_kind": NetworkKind.CLOUD,
    "asn": 15169,
    "agent": 7,
    "agent_kind": AgentKind.IMAGE_PROXY,
    "client": "Gmail",
}
APPLE: dict[str, Any] = {
    "network": 44,
    "network_kind": NetworkKind.RELAY,
    "asn": 36183,
    "agent": 8,
    "agent_kind": AgentKind.PRIVACY_PROXY,
    "client": "Apple Mail",
    "country": "DE",
}
NOTHING: dict[str, Any] = {"flags": Flag.NO_HEADERS}


def at(seconds: float) -> Micros:
    """A time, counted from the delivery."""
    return Micros(START + round(seconds * SECOND))


def event(number: int, kind: EventType, seconds: float, **facts: Any) -> Evidence:
    """One event, by default on delivery 1 of a message with 8 links."""
    facts.setdefault("links", 8)
    return Evidence(id=number, type=kind, at=at(seconds), delivery=facts.pop("delivery", DeliveryId(1)), **facts)


def delivered(seconds: float = 0.0, **facts: Any) -> Evidence:
    return event(900_001, EventType.DELIVERED, seconds, **facts)


def clicked(number: int, seconds: float, **facts: Any) -> Evidence:
    facts.setdefault("link", 1)
    return event(number, EventType.CLICKED, seconds, **facts)


def opened(number: int, seconds: float, **facts: Any) -> Evidence:
    return event(number, EventType.OPENED, seconds, **facts)


def decoy(number: int, seconds: float, **facts: Any) -> Evidence:
    return event(number, EventType.UNKNOWN, seconds, note=Note.DECOY, link=facts.pop("link", 99), **facts)


def refused(number: int, seconds: float, **facts: Any) -> Evidence:
    return event(number, EventType.UNKNOWN, seconds, note=Note.LINK_REFUSED, **facts)


def rules() -> Rules:
    return load_rules()


def judged(events: Iterable[Evidence]) -> dict[int, Verdict]:
    """The final verdict on every event that can be judged."""
    judge = StreamJudge(load_rules())
    for each in events:
        judge.observe(each)
    return {told.id: told.verdict for told in judge.settle_all()}


def cells(events: Iterable[Evidence]) -> dict[int, set[str]]:
    """The names of what is observed of every event, before anything is weighed."""
    found: dict[int, set[str]] = {}
    for delivery, anchor in gather(rules(), events):
        for look in look_at(rules(), delivery, anchor):
            found[look.event.id] = {cell.name for cell in look.cells}
    return found


def p(verdict: Verdict) -> float:
    """The probability, which must be there."""
    assert verdict.p_human is not None
    return verdict.p_human


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}

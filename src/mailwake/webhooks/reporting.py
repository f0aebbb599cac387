"""From what an ESP tells to events for the log.

What ties it to a delivery is a token of ours in what the ESP gives back; else the address, which the pipeline knows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailwake.copies import Copies, urls_in
from mailwake.errors import Unreadable
from mailwake.events import (
    SECOND,
    DeliveryId,
    Event,
    EventType,
    Handle,
    Micros,
    Note,
    Request,
    Source,
    TemplateId,
    event_id,
)
from mailwake.modes import INDIVIDUAL
from mailwake.reduced import read_modes
from mailwake.webhooks.call import MAX_EVENTS, Call, Secrets
from mailwake.webhooks.esps import ESPS
from mailwake.webhooks.told import Told

#: Types whose reason is what the other server said.
REFUSALS = frozenset((EventType.BOUNCED, EventType.DEFERRED, EventType.REJECTED, EventType.FAILED))
HITS = frozenset((EventType.OPENED, EventType.CLICKED))
#: What the recipient does, of which ESPs tell address and program; what has no word of ours may be such a thing too.
_ACTS = HITS | {EventType.UNSUBSCRIBED, EventType.UNKNOWN}
#: A time this far ahead of ours is no time.
_AHEAD = 86_400 * SECOND
#: Headers kept with the raw body: what a later reading needs, and nothing that opens a door.
_KEPT = ("content-type", "svix-id", "svix-timestamp", "x-amz-sns-message-type", "x-amz-sns-message-id")


@dataclass(frozen=True, kw_only=True)
class Hook:
    """One webhook of an installation."""

    #: a name of `ESPS`
    esp: str
    #: what tells several of one ESP apart
    name: str
    #: as the ESP was told it
    url: str = ""
    secrets: Secrets = field(default_factory=Secrets)
    #: whether it comes by way of a queue, and never over HTTP
    queued: bool = False

    @property
    def path(self) -> str:
        """Where it listens."""
        return f"/webhooks/{self.esp}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A call that proved itself, and what was read from it."""

    told: tuple[Told, ...]
    #: why nothing could be read; empty: it could
    problem: str = ""


def verify_and_read(hook: Hook, call: Call) -> Reading:
    """What a call says, once it has proved where it comes from.

    Raises:
        Refused: it did not prove it.
        Unavailable: what proves it cannot be had just now.
    """
    esp = ESPS[hook.esp]
    esp.verify(call, hook.secrets)
    try:
        told = tuple(esp.read(call))
    except Unreadable as fault:
        return Reading(told=(), problem=str(fault))
    if len(told) > MAX_EVENTS:
        return Reading(told=(), problem=f"the body has more than {MAX_EVENTS:,} events")
    return Reading(told=told)


def tells_too_much(events: Iterable[Event]) -> bool:
    """Whether a body names what somebody did of whom the log may not hold it: then it is not kept as it came."""
    acts = [event for event in events if event.type in _ACTS]
    return any(event.delivery is None or read_modes(event.modes) != INDIVIDUAL for event in acts)


def raw_event(hook: Hook, call: Call, *, problem: str = "", whole: bool = True) -> Event:
    """The body as it came, for the log; with what was wrong with it, if anything was.

    Args:
        hook: that it came to.
        call: with the body.
        problem: why it could not be read; empty: it could.
        whole: False: that it came is noted, and its body left out.
    """
    headers = tuple((name.encode(), call.headers[name].encode()) for name in _KEPT if name in call.headers)
    return Event(
        type=EventType.UNKNOWN,
        received_at=call.received_at,
        source=Source.ESP,
        note=Note.WEBHOOK,
        reason=hook.esp,
        cause=problem[:200],
        request=Request("POST", hook.path.encode(), "", headers),
        raw=call.body if whole else b"",
    )


def event_of(hook: Hook, told: Told, copies: Copies, *, received_at: Micros) -> Event:
    """One event of an ESP, tied to a delivery where a token of ours stands in it."""
    token = copies.find(urls_in(f"{told.haystack} {told.url}"))
    at = None if told.at is None or told.at > received_at + _AHEAD else told.at
    return Event(
        type=told.type,
        received_at=received_at,
        at=at,
        source=Source.ESP,
        key=f"esp:{_identity(hook, told)}",
        modes=0 if token is None else token.modes.to_byte(),
        template=None if token is None else TemplateId(token.template),
        delivery=None if token is None else DeliveryId(token.delivery),
        recipient=None if token is None else Handle(token.recipient),
        link=None if token is None or told.type is not EventType.CLICKED else copies.link(told.url, token.template),
        reason=_reason(told),
        request=_request(told) if told.type in HITS else None,
        cause=told.category or "",
        address="" if token is not None else told.address,
    )


def _identity(hook: Hook, told: Told) -> int:
    """The same for every report of the same fact, in whatever order and however often it comes."""
    what = (told.id, told.address.lower())
    if not told.id:
        what = (*what, told.message_id, told.name, told.at or 0, told.url)  # type: ignore[assignment]  # longer, then
    return event_id(hook.esp, hook.name, *what)


def _reason(told: Told) -> str:
    if told.type in REFUSALS:
        return told.words or told.name
    return told.name if told.type is EventType.UNKNOWN else told.feedback_type


def _request(told: Told) -> Request:
    """What an ESP tells of a request, and that it tells no more."""
    try:
        peer = str(ipaddress.ip_address(told.ip))
    except ValueError:
        peer = ""
    agent = told.user_agent.encode("utf-8", "replace")
    headers = ((b"User-Agent", agent),) if agent else ()
    return Request("GET", b"/", peer, headers, told=("user-agent",) if agent else ())

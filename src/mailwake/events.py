"""The shared vocabulary: what can happen to a delivery, what is known about it, and what we make of it.

An `Event` is a fact that somebody reported: our edge, our relay, a bounce. It is what the log carries and it is never
rewritten. `Evidence` is what lasts of the request behind it: enough to judge again, too little to find a person. A
`Verdict` is our opinion of an event, with its reasons and the hash of the rules; it may be made again.

Times are integers: microseconds since 1970 in UTC. `None` means *not known*, never zero or empty.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import NewType

import msgspec

CampaignId = NewType("CampaignId", int)
TemplateId = NewType("TemplateId", int)
DeliveryId = NewType("DeliveryId", int)
#: A recipient as everything but the state store knows them: a random 64-bit handle.
Handle = NewType("Handle", int)
#: Microseconds since 1970, UTC.
Micros = NewType("Micros", int)

SECOND = 1_000_000


class EventType(StrEnum):
    """What happened to a delivery, as a past participle."""

    #: handed to the next server, or about to be; whether it took it is the next event
    SENT = "sent"
    #: the next server took responsibility; not that it is in an inbox
    DELIVERED = "delivered"
    #: refused for now; somebody will try again
    DEFERRED = "deferred"
    #: refused for good, or given up, by a server that had to deliver it
    BOUNCED = "bounced"
    #: refused before sending, by us or the next server: suppressed, malformed, forbidden
    REJECTED = "rejected"
    #: our side could not do it
    FAILED = "failed"
    #: the recipient pressed "report spam"
    COMPLAINED = "complained"
    #: the recipient asked to stop; must be honoured
    UNSUBSCRIBED = "unsubscribed"
    #: the pixel was fetched; says nothing on who did it
    OPENED = "opened"
    #: a tracked link was followed; judged like opens
    CLICKED = "clicked"
    #: an answer came back that a person wrote
    REPLIED = "replied"
    #: a goal was reached after a click
    CONVERTED = "converted"
    #: the recipient agreed to be tracked
    CONSENT_GIVEN = "consent_given"
    #: the recipient wants no more tracking, also of mail already delivered
    CONSENT_WITHDRAWN = "consent_withdrawn"
    #: something that has no name of its own; see `Note`
    UNKNOWN = "unknown"


class Note(StrEnum):
    """Says more about an event whose type alone does not."""

    #: nothing to add
    NONE = ""
    #: an unsubscribe page was looked at; changes nothing
    UNSUBSCRIBE_VIEWED = "unsubscribe_viewed"
    #: the button was pressed as programs press it; a second button was shown, and nothing has changed yet
    UNSUBSCRIBE_DOUBTED = "unsubscribe_doubted"
    #: a preference page was looked at; changes nothing
    PREFERENCES_VIEWED = "preferences_viewed"
    #: RFC 8058 one-click POST, sent by the mailbox provider for its user
    ONE_CLICK = "one_click"
    #: the button of the page behind the link in the body
    BUTTON = "button"
    #: a genuine message part with a damaged link part: scanners scramble URLs, people do not
    LINK_REFUSED = "link_refused"
    #: a link was followed that no person can see
    DECOY = "decoy"
    #: a webhook as it came, kept so that it can be read again; stands before the events that were read from it
    WEBHOOK = "webhook"
    #: a goal's picture was fetched with the reference of a click: the reader's word, where a shop's server gave none
    PIXEL = "pixel"
    #: of what was sent: it carries a second pixel at its end. Of what is unknown: that pixel was fetched, so whoever
    #: looked got to the end; it is no open of its own
    END_PIXEL = "end_pixel"
    #: a click whose reader was sent elsewhere than the mail says, or was told that the link was taken away
    DETOUR = "detour"


class Source(StrEnum):
    """Who reported an event."""

    EDGE = "edge"
    RELAY = "relay"
    SEND = "send"
    BOUNCE = "bounce"
    ESP = "esp"
    API = "api"


#: Header names and values in wire order, undecoded; names as sent.
Headers = tuple[tuple[bytes, bytes], ...]


class Request(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An HTTP request as it arrived; raw bytes, because odd ones are evidence. Dropped once evidence is taken."""

    method: str
    #: path with query, not decoded
    path: bytes
    #: address of the client, after named proxies were believed; empty when unknown
    peer: str
    headers: Headers = ()
    #: the header lines as they came, where nobody has split them yet; `decode_event` does, so readers see `headers`
    head: bytes = b""
    #: names, in lower case, of the headers that we would know of; None: of all, because we saw the request ourselves
    told: tuple[str, ...] | None = None


class Event(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """Something that happened to a delivery, as it is written to the log. New fields go to the end, with a default."""

    type: EventType
    #: when we learned of it
    received_at: Micros
    source: Source
    #: when it happened, if the source says; else None and `received_at` stands for it
    at: Micros | None = None
    #: what makes a second report of the same fact recognisable; empty: its place in the log is its identity
    key: str = ""
    #: both modes in a byte, as sealed (`Modes.to_byte`)
    modes: int = 0
    campaign: CampaignId | None = None
    template: TemplateId | None = None
    #: None where the mode forbids it
    delivery: DeliveryId | None = None
    recipient: Handle | None = None
    #: number of the link in the template, from 1
    link: int | None = None
    note: Note = Note.NONE
    #: raw words of the other side: an SMTP reply, a diagnostic code, a reason
    reason: str = ""
    #: the request behind it, while it may be kept
    request: Request | None = None
    #: size of the message in bytes, where one was sent
    message_bytes: int | None = None
    #: why it was refused as the reporting ESP says, in the words of `bounces/rules.toml`; empty: `reason` has to tell
    cause: str = ""
    #: whom it is about, where no token of ours says so; becomes a handle in the pipeline and reaches no store
    address: str = ""
    #: the body of a webhook, byte for byte; with `Note.WEBHOOK` alone
    raw: bytes = b""


class Counted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A hit that may only be counted (mode `aggregate`), as the log holds it: no field could say whose it was."""

    #: opened or clicked
    type: EventType
    #: start of the hour
    hour: Micros
    template: TemplateId
    #: number of the link, from 1; None: an open
    link: int | None


class LastOpen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Mode `deliverability`, as the log holds it: who, and on which day; neither when, nor of which mail, nor how."""

    recipient: Handle
    #: days since 1970, UTC
    day: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Event)
_HOUR, _DAY = 3_600 * SECOND, 86_400 * SECOND
#: The byte that a record begins with is the number of its fields, and tells the three kinds apart (MessagePack).
_COUNTED, _LAST_OPEN = b"\x94", b"\x92"
_REDUCED = (_COUNTED, _LAST_OPEN)
_counted, _last_open = msgspec.msgpack.Decoder(Counted), msgspec.msgpack.Decoder(LastOpen)
#: Both modes in a byte, as the events have it that are made of such records.
_OPENS_COUNTED, _CLICKS_COUNTED, _OPENS_DATED = 0x10, 0x01, 0x20


def encode_event(event: Event) -> bytes:
    """The event as MessagePack, as the log stores it."""
    return _encoder.encode(event)


def encode_hit(  # noqa: PLR0917 - by place, because names cost every hit a hundredth
    type_: EventType,
    received_at: int,
    modes: int,
    ids: tuple[int, int | None, int | None],
    link: int | None,
    note: Note,
    request: tuple[str, bytes, str, Headers, bytes] | None,
) -> bytes:
    """A hit at the edge as the log stores it, in a third of the time of `encode_event`: no `Event` is made on the way.

    Args:
        type_: opened, clicked, unknown.
        received_at: microseconds since 1970.
        modes: both modes in a byte.
        ids: template, delivery and recipient.
        link: number of the link.
        note: says more.
        request: the fields of a `Request`, in its order.
    """
    kind, said = type_._value_, note._value_  # not `value`, which costs a call
    return _encoder.encode((kind, received_at, "edge", None, "", modes, None, *ids, link, said, "", request, None))


def encode_counted(type_: EventType, at: int, template: int, link: int | None) -> bytes:
    """A hit that may only be counted, as the log stores it; of its time the hour is kept."""
    return _encoder.encode((type_._value_, at - at % _HOUR, template, link))


def encode_last_open(recipient: int, at: int) -> bytes:
    """An open of which the day alone may be kept, as the log stores it."""
    return _encoder.encode((recipient, at // _DAY))


def _expand(record: bytes) -> Event:
    """The event behind a record that cannot hold a whole one."""
    if record[:1] == _COUNTED:
        hit = _counted.decode(record)
        modes = _OPENS_COUNTED if hit.type is EventType.OPENED else _CLICKS_COUNTED
        return Event(
            type=hit.type, received_at=hit.hour, source=Source.EDGE, modes=modes, template=hit.template, link=hit.link
        )
    last = _last_open.decode(record)
    at = Micros(last.day * _DAY)
    return Event(
        type=EventType.OPENED, received_at=at, source=Source.EDGE, modes=_OPENS_DATED, recipient=last.recipient
    )


def decode_event(record: bytes, *, split: bool = True) -> Event:
    """The event behind a record of the log.

    Args:
        record: as `encode_event`, `encode_counted` or `encode_last_open` made it.
        split: take the header lines apart, as readers want them; False: leave them as they came.

    Raises:
        msgspec.ValidationError: the record is no event of ours. Keep it; do not guess.
    """
    if record[:1] in _REDUCED:
        return _expand(record)
    event = _decoder.decode(record)
    if split and event.request is not None and event.request.head:
        msgspec.structs.force_setattr(event.request, "headers", split_head(event.request.head))
        msgspec.structs.force_setattr(event.request, "head", b"")
    return event


def split_head(head: bytes) -> Headers:
    """Names and values of header lines that a parser has already found well-formed."""
    lines = (line.partition(b":") for line in head.split(b"\r\n") if line)
    return tuple((name, value.strip(b" \t")) for name, _, value in lines)


def event_id(*parts: str | int) -> int:
    """A deterministic 63-bit id: the same fact has the same id however often it is read."""
    text = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1


#: happens once to a copy, so that kind and copy tell it
ONCE = (EventType.SENT, EventType.DELIVERED)


def copy_id(kind: str, delivery: int) -> int:
    """The id of what happens to a copy once, `sent` or `delivered`: stores make it again in place of keeping it."""
    digest = hashlib.md5(f"{kind}:{delivery}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8]) >> 1


class NetworkKind(StrEnum):
    """What sort of network an address belongs to."""

    #: homes
    RESIDENTIAL = "residential"
    #: phones
    MOBILE = "mobile"
    #: offices and universities with a network of their own
    CORPORATE = "corporate"
    #: rented servers
    HOSTING = "hosting"
    #: Microsoft, Google, Amazon and their like, where people and machines share addresses
    CLOUD = "cloud"
    #: a vendor of mail security
    SCANNER = "scanner"
    #: web gateways that people sit behind: Zscaler, Netskope
    GATEWAY = "gateway"
    #: relays that hide people: iCloud Private Relay, VPNs
    RELAY = "relay"
    UNKNOWN = "unknown"


class AgentKind(StrEnum):
    """What sort of program a user agent claims to be."""

    BROWSER = "browser"
    MAIL_CLIENT = "mail_client"
    #: fetches images when a person opens: Gmail, Yahoo
    IMAGE_PROXY = "image_proxy"
    #: exactly "Mozilla/5.0": Apple Mail Privacy Protection, sometimes a person, sometimes not
    PRIVACY_PROXY = "privacy_proxy"
    #: names itself a crawler, preview or scanner
    DECLARED_BOT = "declared_bot"
    #: an HTTP library or command-line tool
    LIBRARY = "library"
    #: no user agent at all
    EMPTY = "empty"
    UNKNOWN = "unknown"


class Flag(IntFlag):
    """Facts of a request that survive it, one bit each."""

    HEAD = 1
    NO_ACCEPT_LANGUAGE = 2
    #: claims a browser that sends Sec-Fetch-Mode, and did not send it
    NO_SEC_FETCH = 4
    #: a prefetch, preview or prerender header
    PREFETCH = 8
    #: client hints contradict the user agent
    HINT_MISMATCH = 16
    #: a browser version more than 18 months old
    STALE_BROWSER = 32
    #: an app's built-in browser
    WEBVIEW = 64
    #: headers were not available at all, so their absence says nothing
    NO_HEADERS = 128
    #: sent Sec-Fetch-Mode as its claimed browser does
    SEC_FETCH = 256
    #: Accept-Language was there
    ACCEPT_LANGUAGE = 512


NO_FLAGS = Flag(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What lasts of an event: all that the judge may see. `None` and UNKNOWN mean not known, never "no"."""

    id: int
    #: opened, clicked, unsubscribed, replied …; with `note` this is the `type` of the exchange format
    type: EventType
    at: Micros
    delivery: DeliveryId | None = None
    recipient: Handle | None = None
    #: domain of the recipient's address, or a keyed stand-in for it
    domain: str | None = None
    #: number of the link, from 1
    link: int | None = None
    #: how many links the message has
    links: int | None = None
    #: marketing, transactional or outbound
    stream: str = "marketing"
    note: Note = Note.NONE
    #: keyed hash of the /24 (IPv4) or /48 (IPv6)
    network: int | None = None
    network_kind: NetworkKind = NetworkKind.UNKNOWN
    asn: int | None = None
    #: ISO 3166-1 alpha-2
    country: str | None = None
    #: keyed hash of the raw user agent
    agent: int | None = None
    agent_kind: AgentKind = AgentKind.UNKNOWN
    #: family of the mail client or browser, such as "Apple Mail"
    client: str | None = None
    #: desktop, mobile or tablet
    device: str | None = None
    flags: Flag = NO_FLAGS


class Class(StrEnum):
    """What we take the author of an event for."""

    HUMAN = "human"
    #: Apple Mail Privacy Protection: a person or a prefetch, one cannot say which
    MPP = "mpp"
    #: an image proxy with a person behind it
    PROXY = "proxy"
    SCANNER = "scanner"
    #: a link preview in a chat or social network
    PREVIEW = "preview"
    PREFETCH = "prefetch"
    UNKNOWN = "unknown"


class Settlement(StrEnum):
    """Whether a verdict may still change without new rules."""

    PROVISIONAL = "provisional"
    SETTLED = "settled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One piece of evidence and what it weighs."""

    #: a word from the ruleset
    code: str
    #: log-odds added; above zero speaks for a person
    weight: float
    #: the evidence in words, such as "11 of 11 links in 3.1 s"
    fact: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Our opinion of who caused an event."""

    #: probability of a person, 0-1; None: cannot say
    p_human: float | None
    klass: Class
    reasons: tuple[Reason, ...]
    #: content hash of the rules
    ruleset: str
    state: Settlement

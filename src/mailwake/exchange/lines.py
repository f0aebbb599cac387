"""Lines of the exchange format, in which hits from anywhere come to be judged, as evidence.

What a line does not say is not known. Times are seconds since 1970. Format: DESIGN section 8, docs/explain/judging.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from mailwake.errors import BadInput
from mailwake.events import SECOND, AgentKind, DeliveryId, EventType, Evidence, Handle, Micros, Note, event_id
from mailwake.origins.agents import read_agent
from mailwake.origins.fronts import Visit, find_fronts
from mailwake.pipeline.evidence import LOOKED_AT, EvidenceReader, behind_a_front, looked_at

_TYPES = {
    "sent": (EventType.SENT, Note.NONE),
    "delivered": (EventType.DELIVERED, Note.NONE),
    "opened": (EventType.OPENED, Note.NONE),
    "clicked": (EventType.CLICKED, Note.NONE),
    "decoy": (EventType.UNKNOWN, Note.DECOY),
    "unsub_view": (EventType.UNKNOWN, Note.UNSUBSCRIBE_VIEWED),
    "unsub_post": (EventType.UNSUBSCRIBED, Note.BUTTON),
    "replied": (EventType.REPLIED, Note.NONE),
    "converted": (EventType.CONVERTED, Note.NONE),
}
_STREAMS = ("marketing", "transactional", "outbound")
#: Before the first line of a file that some editors write. Source: Unicode, section 23.8
_MARK = b"\xef\xbb\xbf"
#: An escape that is half a character, without its other half. Source: RFC 8259, section 8.2
_HALF = re.compile(rb"(?i)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}")
_REPLACED = rb"\\ufffd"
#: Farther from 1970 than this is a mistake of units: milliseconds, microseconds.
_LAST_SECOND = 1e11


class Hit(msgspec.Struct, kw_only=True, gc=False):
    """One line of input; unknown fields are passed over, missing ones are not known."""

    type: str
    at: float
    id: str | int | None = None
    delivery: str | int | None = None
    recipient: str | int | None = None
    domain: str | None = None
    link: int | None = None
    links: int | None = None
    stream: str | None = None
    ip: str | None = None
    ua: str | None = None
    method: str | None = None
    headers: dict[str, Any] | None = None
    signature_ok: bool | None = None


class Source(NamedTuple):
    """What a whole input shows of where its hits were logged."""

    #: lower-case names of headers that are not logged: their absence says nothing
    untold: frozenset[bytes] = frozenset()
    #: addresses of proxies that hide others: what stands in tables about them says nothing of who is behind
    fronts: frozenset[str] = frozenset()


def source_of(hits: Sequence[Hit]) -> Source:
    """What all hits of one input have in common."""
    visits = [_visit(hit.ip, _agent(hit), hit.delivery) for hit in hits if hit.ip]
    return Source(_untold_headers(hits), find_fronts(visits))


def _visit(address: str, agent: str | None, delivery: str | int | None) -> Visit:
    return Visit(address, agent, delivery, proxied=read_agent(agent).kind is AgentKind.IMAGE_PROXY)


def _agent(hit: Hit) -> str | None:
    """The user agent, from wherever the line has it."""
    if hit.ua is not None or not hit.headers:
        return hit.ua
    values = (value for name, value in hit.headers.items() if name.lower() == "user-agent" and value is not None)
    return next(map(str, values), None)


def _untold_headers(hits: Iterable[Hit]) -> frozenset[bytes]:
    """Headers that no hit has."""
    told = {name.lower() for hit in hits if hit.headers for name in hit.headers}
    return frozenset(name for name in LOOKED_AT if name.decode() not in told)


def evidence_of(hit: Hit, reader: EvidenceReader, number: int, source: Source) -> Evidence:
    """What the judge may see of one line.

    Args:
        source: what the whole input shows of where it was logged.

    Raises:
        BadInput: a type, stream or time that cannot be.
    """
    headers = _headers(hit.headers)
    kind, note = _kind(hit, headers)
    at = _time(hit.at)
    named = _agent(hit)
    agent = None if named is None else named.encode("latin-1", "replace")
    seen = None if headers is None or source.untold >= LOOKED_AT else looked_at(headers.items())
    traits = reader.facts(
        peer=hit.ip, method=hit.method or "GET", agent=agent, headers=seen, at=at, untold=source.untold
    )
    traits = behind_a_front(traits) if hit.ip in source.fronts else traits
    network, claimed = traits.network, traits.agent
    return Evidence(
        id=event_id("line", number) if hit.id is None else event_id("id", hit.id),
        type=kind,
        at=at,
        delivery=None if hit.delivery is None else DeliveryId(event_id("delivery", hit.delivery)),
        recipient=None if hit.recipient is None else Handle(event_id("recipient", hit.recipient)),
        domain=hit.domain,
        link=hit.link,
        links=hit.links,
        stream=hit.stream or "marketing",
        note=note,
        network=network.hash,
        network_kind=traits.network_kind,
        asn=network.asn,
        country=network.country,
        agent=traits.agent_hash,
        agent_kind=claimed.kind,
        client=claimed.client,
        device=claimed.device,
        flags=traits.flags,
    )


def _kind(hit: Hit, headers: Mapping[bytes, bytes] | None) -> tuple[EventType, Note]:
    if hit.type not in _TYPES:
        raise BadInput(f"type {hit.type!r} is none of {', '.join(_TYPES)}")
    if hit.stream is not None and hit.stream not in _STREAMS:
        raise BadInput(f"stream {hit.stream!r} is none of {', '.join(_STREAMS)}")
    kind, note = _TYPES[hit.type]
    if hit.signature_ok is False and kind in (EventType.CLICKED, EventType.OPENED):
        return EventType.UNKNOWN, Note.LINK_REFUSED
    # Browsers send Origin with every POST (Fetch standard, 3.1); a mailbox's one-click POST has none (RFC 8058, 3.1).
    if note is Note.BUTTON and headers and b"origin" not in headers and b"sec-fetch-mode" not in headers:
        return kind, Note.ONE_CLICK
    return kind, note


def _time(seconds: float) -> Micros:
    if not isfinite(seconds) or not 0 <= seconds < _LAST_SECOND:
        raise BadInput(f"at {seconds} is no time in seconds since 1970")
    return Micros(round(seconds * SECOND))


def _headers(headers: Mapping[str, Any] | None) -> dict[bytes, bytes] | None:
    """Lower-case names and raw values; None when there are no headers at all."""
    if headers is None:
        return None
    return {
        name.lower().encode("latin-1", "replace"): str(value).encode("latin-1", "replace")
        for name, value in headers.items()
        if value is not None
    }


#: number, hit, id and problem of a line
Read = tuple[int, Hit | None, str | int | None, str]


class Line(msgspec.Struct, gc=False):
    """One line of input as it was understood."""

    number: int
    id: str | int | None
    #: None: it could not be read, for this reason
    evidence: Evidence | None
    problem: str = ""


def read_lines(lines: Iterable[bytes]) -> Iterator[Read]:
    """Every line that is not empty."""
    decoder = msgspec.json.Decoder(Hit)
    for number, raw in enumerate(lines, 1):
        if raw.isspace():
            continue
        try:
            hit = decoder.decode(raw.removeprefix(_MARK) if number == 1 else raw)
            yield number, hit, hit.id, ""
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            mended = _without_halves(decoder, raw)
            yield number, mended, _id_of(raw) if mended is None else mended.id, "" if mended else str(fault)


def _without_halves(decoder: msgspec.json.Decoder[Hit], raw: bytes) -> Hit | None:
    """The hit of a line in which only halves of characters are wrong, which no text can hold; they are replaced."""
    if _HALF.search(raw) is None:
        return None
    try:
        return decoder.decode(_HALF.sub(_REPLACED, raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def understand(found: Sequence[Read], reader: EvidenceReader) -> list[Line]:
    """All lines of one input as evidence, or with what is wrong with them.

    Args:
        found: as `read_lines` gives them.
        reader: what looks networks and programs up.
    """
    source = source_of([hit for _, hit, _, _ in found if hit])
    lines, known = [], dict[str | int, tuple[object, ...]]()
    for number, hit, identity, problem in found:
        try:
            evidence = None if hit is None else evidence_of(hit, reader, number, source)
            if hit is not None and evidence is not None and not _is_again(hit, known):
                evidence = replace(evidence, id=event_id("line", number))
            lines.append(Line(number, identity, evidence, problem))
        except BadInput as fault:
            lines.append(Line(number, identity, None, str(fault)))
    return lines


def _is_again(hit: Hit, known: dict[str | int, tuple[object, ...]]) -> bool:
    """Whether a line with this id may stand for the first one with it: it is about the same thing.

    A source that gives every event of a copy the same id must not lose all but the first of them.
    """
    about = (hit.type, hit.delivery, hit.link)
    return hit.id is None or known.setdefault(hit.id, about) == about


def _id_of(raw: bytes) -> str | int | None:
    """The id of a line that is no hit, if that much can be read."""
    try:
        tree = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = tree.get("id") if isinstance(tree, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None

"""`mailwake judge`: verdicts with reasons on hits from anywhere, as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from mailwake.cli import judge_fit
from mailwake.errors import BadInput
from mailwake.events import SECOND, Class, DeliveryId, EventType, Evidence, Handle, Micros, Note, Settlement, event_id
from mailwake.judge import Judged
from mailwake.judge.rules import load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.pipeline.evidence import LOOKED_AT, EvidenceReader, looked_at
from mailwake.pipeline.networks import Networks
from mailwake.settings import Enrich

#: Nothing is stored, so the keyed hashes only have to tell hits of one run apart.
_KEY = b"mailwake judge: one run"
#: Judged quietly below this many lines; more take over a second.
_PROGRESS_FROM = 20_000
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


#: number, hit, id and problem of a line
_Read = tuple[int, Hit | None, str | int | None, str]


class Line(msgspec.Struct, gc=False):
    """One line of input as it was understood."""

    number: int
    id: str | int | None
    #: None: it could not be read, for this reason
    evidence: Evidence | None
    problem: str = ""


command = typer.Typer()
command.command("fit")(judge_fit.command)


@command.callback(invoke_without_command=True)
def judge_hits(
    context: typer.Context,
    *,
    live: Annotated[bool, typer.Option("--live/--final", help="Verdict of that moment, or after all.")] = False,
    ruleset: Annotated[Path | None, typer.Option("--ruleset", help="TOML file with other weights.")] = None,
) -> None:
    """Judge hits: JSON lines in, one verdict per line out, in the order of the input.

    The whole input is judged as one stream by the field "at". A line that cannot be read still gets its line, with
    p_human null and the problem as reason; the command then ends with exit 1. Needs no settings and no keys.

    In: id, type (sent delivered opened clicked decoy unsub_view unsub_post replied converted), at (seconds), delivery,
    recipient, domain, link, links, stream, ip, ua, method, headers, signature_ok. Only type and at are required.

    Example: mailwake judge < hits.jsonl > verdicts.jsonl
    """
    if context.invoked_subcommand is not None:
        return
    judge = StreamJudge(load_rules(ruleset))
    reader = EvidenceReader(Networks(Enrich(), _KEY), _KEY)
    lines = _understand([*_progress(_read(sys.stdin.buffer))], reader)
    found = _live(judge, lines) if live else _final(judge, lines)
    _write(lines, found, judge.ruleset)
    unread = [each for each in lines if each.evidence is None]
    for each in unread[:20]:
        print(f"mailwake: line {each.number}: {each.problem}", file=sys.stderr)
    if unread:
        raise BadInput(f"{len(unread)} of {len(lines)} lines could not be read; they have p_human null")


def _read(lines: Iterable[bytes]) -> Iterator[_Read]:
    """Every line that is not empty."""
    decoder = msgspec.json.Decoder(Hit)
    for number, raw in enumerate(lines, 1):
        if raw.isspace():
            continue
        try:
            hit = decoder.decode(raw)
            yield number, hit, hit.id, ""
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            yield number, None, _id_of(raw), str(fault)


def _understand(found: Sequence[_Read], reader: EvidenceReader) -> list[Line]:
    untold = untold_headers(hit for _, hit, _, _ in found if hit)
    lines = []
    for number, hit, identity, problem in found:
        try:
            evidence = None if hit is None else evidence_of(hit, reader, number, untold)
            lines.append(Line(number, identity, evidence, problem))
        except BadInput as fault:
            lines.append(Line(number, identity, None, str(fault)))
    return lines


def untold_headers(hits: Iterable[Hit]) -> frozenset[bytes]:
    """Headers that no hit of the whole input has: its source does not log them, so their absence says nothing."""
    told = {name.lower() for hit in hits if hit.headers for name in hit.headers}
    return frozenset(name for name in LOOKED_AT if name.decode() not in told)


def _id_of(raw: bytes) -> str | int | None:
    """The id of a line that is no hit, if that much can be read."""
    try:
        tree = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = tree.get("id") if isinstance(tree, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def evidence_of(hit: Hit, reader: EvidenceReader, number: int, untold: frozenset[bytes]) -> Evidence:
    """What the judge may see of one line.

    Args:
        untold: lower-case names of headers that the source does not log.

    Raises:
        BadInput: a type, stream or time that cannot be.
    """
    headers = _headers(hit.headers)
    kind, note = _kind(hit, headers)
    at = _time(hit.at)
    agent = None if hit.ua is None else hit.ua.encode("latin-1", "replace")
    if agent is None and headers:
        agent = headers.get(b"user-agent")
    seen = None if headers is None or untold >= LOOKED_AT else looked_at(headers.items())
    traits = reader.facts(peer=hit.ip, method=hit.method or "GET", agent=agent, headers=seen, at=at, untold=untold)
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


def _final(judge: StreamJudge, lines: Iterable[Line]) -> dict[int, Judged]:
    stream = (each.evidence for each in lines if each.evidence is not None)
    return {told.id: told for told in judge.judge_all(sorted(stream, key=_by_time))}


def _live(judge: StreamJudge, lines: Iterable[Line]) -> dict[int, Judged]:
    found: dict[int, Judged] = {}
    for evidence in sorted((each.evidence for each in lines if each.evidence is not None), key=_by_time):
        judge.settle(evidence.at)
        for told in judge.observe(evidence):
            if told.id == evidence.id:
                found.setdefault(told.id, told)
    return found


def _by_time(evidence: Evidence) -> tuple[int, int]:
    return evidence.at, evidence.id


def _write(lines: Iterable[Line], found: Mapping[int, Judged], ruleset: str) -> None:
    encoder, out = msgspec.json.Encoder(), sys.stdout.buffer
    waiting = bytearray()
    for each in lines:
        encoder.encode_into(_answer(each, found, ruleset), waiting, len(waiting))
        waiting += b"\n"
        if len(waiting) > 1 << 20:
            out.write(waiting)
            waiting.clear()
    out.write(waiting)
    out.flush()


def _answer(line: Line, found: Mapping[int, Judged], ruleset: str) -> dict[str, object]:
    told = found.get(line.evidence.id) if line.evidence is not None else None
    if told is not None:
        verdict = told.verdict
        return {
            "id": line.id,
            "p_human": verdict.p_human,
            "class": verdict.klass,
            "reasons": verdict.reasons,
            "ruleset": verdict.ruleset,
            "state": verdict.state,
        }
    reasons = [{"code": "unreadable", "weight": 0.0, "fact": line.problem}] if line.evidence is None else []
    return {
        "id": line.id,
        "p_human": None,
        "class": Class.UNKNOWN,
        "reasons": reasons,
        "ruleset": ruleset,
        "state": Settlement.SETTLED,
    }


def _progress(lines: Iterable[_Read]) -> Iterator[_Read]:
    """The lines, with a count on a terminal once it takes long."""
    for count, each in enumerate(lines, 1):
        if count % _PROGRESS_FROM == 0 and sys.stderr.isatty():
            print(f"\r{count:,} lines read", end="", file=sys.stderr, flush=True)
        yield each
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)

"""What a sender may ask of us in the message itself: four headers, taken out before the message goes on.

=======================  ==========================================================================================
X-Mailwake-Campaign      name of the campaign; without it, "<stream> <UTC date>"
X-Mailwake-Stream        marketing (default), transactional, outbound, security, legal_notice or consent_request
X-Mailwake-Mode          ``opens=…, clicks=…`` with off, aggregate, deliverability or individual; may only lower, and
                         a mode above the installation's is refused
X-Mailwake-Track         ``no``: the message passes as it is
=======================  ==========================================================================================

A message that carries ``X-Mailwake`` already went through our hands; it is left alone. Whoever forges that header gets
mail that is not tracked, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from mailwake.errors import BadInput
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.profiles import STREAMS

#: Enough for any name that a report can show.
MAX_CAMPAIGN_CHARS = 200
_FIELD = re.compile(rb"(?P<name>[!-9;-~]+)[ \t]*:(?P<value>[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)(?:\r?\n|\Z)")
_CONTROL = frozenset((b"x-mailwake-campaign", b"x-mailwake-stream", b"x-mailwake-mode", b"x-mailwake-track"))
_MARK = b"x-mailwake"


@dataclass(frozen=True, kw_only=True)
class Control:
    """The sender's wishes for one message."""

    #: name of the campaign; None: the default of its stream and day
    campaign: str | None = None
    #: one of `mailwake.profiles.STREAMS`
    stream: str = "marketing"
    #: upper bound that the sender sets
    modes: Modes = INDIVIDUAL
    #: the same where the sender named it, by axis; what is not named follows the rest
    asked: Mapping[str, Mode] = field(default_factory=dict, compare=False)
    #: False: pass it on as it is
    track: bool = True
    #: True: the message was instrumented before it came here
    is_ours: bool = False


def take_control(raw: bytes, *, stream: str = "marketing") -> tuple[Control, bytes]:
    """Read the control headers and take them out.

    Args:
        raw: a message, lines ended by CR LF or LF.
        stream: what it belongs to when it does not say.

    Returns:
        The wishes, and the message without the headers that held them; every other byte stays.

    Raises:
        BadInput: a control header says something that it cannot say. Better no mail than mail tracked against a wish.
    """
    wishes: dict[bytes, str] = {}
    kept: list[bytes] = []
    is_ours, copied = False, 0
    for name, value, start, end in header_fields(raw):
        if name == _MARK:
            is_ours = True
        elif name in _CONTROL:
            wishes.setdefault(name, _text(value))
            kept.append(raw[copied:start])
            copied = end
    asked = _asked(wishes.get(b"x-mailwake-mode", ""))
    control = Control(
        campaign=_campaign(wishes.get(b"x-mailwake-campaign", "")),
        stream=_stream(wishes.get(b"x-mailwake-stream", stream)),
        modes=Modes(opens=asked.get("opens", Mode.INDIVIDUAL), clicks=asked.get("clicks", Mode.INDIVIDUAL)),
        asked=asked,
        track=_track(wishes.get(b"x-mailwake-track", "yes")),
        is_ours=is_ours,
    )
    return control, b"".join((*kept, raw[copied:])) if copied else raw


def header_fields(raw: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    """(lower-case name, raw value, start, end) of every header field; stops where the header does."""
    position = 0
    while found := _FIELD.match(raw, position):
        yield found["name"].lower(), found["value"], found.start(), found.end()
        position = found.end()


def add_header(raw: bytes, name: str, value: str) -> bytes:
    """The message with one more header on top; every other byte stays."""
    end = b"\r\n" if b"\r\n" in raw[:1000] or b"\n" not in raw[:1000] else b"\n"
    return f"{name}: {value}".encode("ascii", "replace") + end + raw


def _text(value: bytes) -> str:
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value.decode("utf-8", "replace")).strip()
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return unfolded


def _campaign(name: str) -> str | None:
    name = " ".join(name.split())
    if len(name) > MAX_CAMPAIGN_CHARS or not name.isprintable():
        raise BadInput(f"X-Mailwake-Campaign: a name has at most {MAX_CAMPAIGN_CHARS} printable characters")
    return name or None


def _stream(word: str) -> str:
    if word.lower() not in STREAMS:
        raise BadInput(f"X-Mailwake-Stream: {word[:40]!r} is no stream; choose one of {', '.join(STREAMS)}")
    return word.lower()


def refuse_above(asked: Mapping[str, Mode], ceiling: Modes) -> None:
    """Refuse what nobody would get, so that no sender believes to measure what is not measured.

    Raises:
        BadInput: a mode is above the installation's.
    """
    for axis, most in (("opens", ceiling.opens), ("clicks", ceiling.clicks)):
        if asked.get(axis, Mode.OFF) > most:
            raise BadInput(
                f"X-Mailwake-Mode: {axis}={asked[axis].word} is above {most.word}, "
                "the most that this installation may watch; lower it, or leave it out"
            )


def _asked(text: str) -> dict[str, Mode]:
    wanted: dict[str, Mode] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        axis, _, word = (piece.strip().lower() for piece in part.partition("="))
        if axis not in ("opens", "clicks"):
            raise BadInput(f"X-Mailwake-Mode: write it as opens=aggregate, clicks=off; cannot read {part[:40]!r}")
        try:
            wanted[axis] = Mode.from_word(word)
        except ValueError as fault:
            raise BadInput(f"X-Mailwake-Mode: {fault}") from None
    return wanted


def _track(word: str) -> bool:
    if word.lower() not in ("yes", "no"):
        raise BadInput(f"X-Mailwake-Track: {word[:40]!r} is neither yes nor no")
    return word.lower() == "yes"

"""Values out of JSON and forms that a stranger may have written: any type anywhere, and never an exception.

What is not there, or of another type than it should be, is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from mailwake.errors import Unreadable
from mailwake.events import Micros
from mailwake.forms import fields_of
from mailwake.webhooks.call import MAX_EVENTS, Call

#: Texts are cut here; a link of ours with a long target has 24,576 characters and some more.
MAX_CHARS = 32_768
_MAX_FIELDS = 1_000
#: The last microsecond of the year 9999.
_LAST = 253_402_300_799_999_999
#: From here on a number of seconds must be one of milliseconds: the year 5138.
_MILLISECONDS = 100_000_000_000
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?:^|[\s;:(\"'#<-])([245][0-5]\d)(?=[\s\-:,#]|$)")
_ADDRESS = re.compile(r"[^\s<>\"(),:;@]{1,256}@[^\s<>\"(),:;@]{1,255}")


class Fields:
    """An object of a body.

    Args:
        value: whatever stands there; what is no object has no fields.
    """

    def __init__(self, value: object) -> None:
        self._value: dict[str, Any] = value if isinstance(value, dict) else {}

    def __contains__(self, name: str) -> bool:
        return name in self._value

    def raw(self, name: str) -> object:
        """What stands there, of any type."""
        return self._value.get(name)

    def text(self, *names: str) -> str:
        """The first of these that is a text or a number and not empty."""
        return next((found for name in names if (found := words(self._value.get(name)))), "")

    def part(self, name: str) -> Fields:
        """The object that stands there."""
        return Fields(self._value.get(name))

    def parts(self, name: str) -> list[Fields]:
        """The objects of the list that stands there."""
        return [Fields(each) for each in _list(self._value.get(name)) if isinstance(each, dict)]

    def texts(self, name: str) -> list[str]:
        """The texts of the list that stands there."""
        return [found for each in _list(self._value.get(name)) if (found := words(each))]

    def says(self, name: str) -> bool | None:
        """True, false, or neither."""
        found = self._value.get(name)
        return found if isinstance(found, bool) else None

    def moment(self, *names: str) -> Micros | None:
        """The first of these that is a time."""
        return next((at for name in names if (at := moment(self._value.get(name))) is not None), None)

    def haystack(self, *names: str) -> str:
        """All of these as one text, to look for a token in."""
        return " ".join(text for name in names for text in _leaves(self._value.get(name)))


def _list(value: object) -> list[object]:
    return value[:MAX_EVENTS] if isinstance(value, list) else []


def words(value: object) -> str:
    """A text or a number as text; everything else is empty."""
    if isinstance(value, str):
        return value[:MAX_CHARS].strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def moment(value: object) -> Micros | None:
    """A time: seconds or milliseconds since 1970, or ISO 8601, where no zone means UTC."""
    if isinstance(value, str) and not re.fullmatch(r"\d{1,14}(\.\d{1,9})?", value.strip()):
        return _iso(value.strip())
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    if seconds >= _MILLISECONDS:
        seconds /= 1_000
    return Micros(round(seconds * 1_000_000)) if 0 <= seconds * 1_000_000 <= _LAST else None


def _iso(value: str) -> Micros | None:
    try:
        at = datetime.fromisoformat(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        found = round(at.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return None
    return Micros(found) if 0 <= found <= _LAST else None


def _leaves(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += [*each.values()]
        elif isinstance(each, list):
            waiting += each


def load(body: bytes | str) -> object:
    """The JSON of a body.

    Raises:
        Unreadable: it is none, or is nested too deeply.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as fault:
        raise Unreadable(f"the body is no JSON that can be read: {str(fault)[:80]}") from None


def load_object(body: bytes | str) -> Fields:
    """The JSON object of a body.

    Raises:
        Unreadable: it is none.
    """
    value = load(body)
    if not isinstance(value, dict):
        raise Unreadable("the body is no JSON object")
    return Fields(value)


def load_list(body: bytes | str) -> list[Fields]:
    """The objects of a JSON list; one object alone counts as a list of one.

    Raises:
        Unreadable: it is neither, or has more entries than `MAX_EVENTS`.
    """
    value = load(body)
    entries = value if isinstance(value, list) else [value]
    if len(entries) > MAX_EVENTS:
        raise Unreadable(f"the body has more than {MAX_EVENTS:,} events")
    if not all(isinstance(each, dict) for each in entries):
        raise Unreadable("the body is no list of JSON objects")
    return [Fields(each) for each in entries]


def form(call: Call) -> list[tuple[str, str]]:
    """Names and values of a form, in order; urlencoded or multipart.

    Raises:
        Unreadable: it is neither.
    """
    try:
        if call.content_type == "application/x-www-form-urlencoded":
            return parse_qsl(call.body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        if call.content_type == "multipart/form-data":
            return _multipart(call)
    except ValueError as fault:
        raise Unreadable(f"the form cannot be read: {str(fault)[:80]}") from None
    raise Unreadable("the body is no form")


def _multipart(call: Call) -> list[tuple[str, str]]:
    found = fields_of(call.headers["content-type"].encode("latin-1", "replace"), call.body, most=_MAX_FIELDS + 1)
    if len(found) > _MAX_FIELDS:
        raise Unreadable("the form has more than 1,000 fields")
    return found


def status_in(text: str) -> str:
    """The enhanced status code in the words of a server. Source: RFC 3463 section 2."""
    found = _STATUS.search(text)
    return found[1] if found else ""


def reply_in(text: str) -> str:
    """The reply code in the words of a server. Source: RFC 5321 section 4.2.1."""
    found = _REPLY.search(text)
    return found[1] if found else ""


def address_in(text: str) -> str:
    """The address in a header's value, without name and brackets."""
    found = _ADDRESS.search(text)
    return found[0] if found else ""

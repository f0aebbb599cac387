"""Lines of text: nginx's ``combined``, Apache's and Fastly's, or any format named by the string that made it.

A line is taken apart from left to right, each value up to the text that follows it in the format, so that its length is
all that reading it can cost. In quotes, a quote with a backslash before it belongs to the value.

Source: https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format (variables, escape=default),
https://httpd.apache.org/docs/current/mod/mod_log_config.html#formats (directives, escapes),
https://www.fastly.com/documentation/guides/integrations/streaming-logs/custom-log-formats (version 2)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mailwake.accesslog.columns import Columns, Hit, Writing
from mailwake.errors import BadInput

COMMON = '%h %l %u %t "%r" %>s %b'
COMBINED = f'{COMMON} "%{{Referer}}i" "%{{User-agent}}i"'
#: Tried in this order on lines that nobody has described.
USUAL = (COMBINED, f"%v {COMBINED}", COMMON, f"%v {COMMON}")

#: ``$name``, ``${name}``; ``%h``, ``%>s``, ``%{Name}i``
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%[<>]?(?:\{([^}]*)\})?([A-Za-z])")
#: Apache's directives by the names that nginx has for the same; all others are passed over.
_DIRECTIVES = {"h": "remote_addr", "a": "remote_addr", "r": "request", "m": "request_method", "U": "cs-uri-stem"}
_DIRECTIVES |= {"s": "status", "v": "host", "V": "host"}
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f", "b": "\b", '"': '"', "\\": "\\"}


def unescape(value: str) -> str:
    r"""The value behind ``\x22``, ``\"`` and their like; what is no escape stays as it stands."""
    return _ESCAPE.sub(_escaped, value)


def _escaped(found: re.Match[str]) -> str:
    code, letter = found.groups()
    return chr(int(code, 16)) if code else _LETTERS.get(letter, found[0])


WRITING = Writing(absent="-", mark="\\", undo=unescape, undo_agent=unescape)


class _Part(NamedTuple):
    name: str
    #: the text that ends it; empty: it ends with the line
    until: str


class TextFormat:
    """One format, ready to take lines apart.

    Args:
        text: as it stands in ``log_format`` or ``LogFormat``, without the name and the outer quotes.
        host: of all requests, where the format does not hold it.

    Raises:
        BadInput: two values stand side by side, or what has to be there is not.
    """

    def __init__(self, text: str, *, host: str = "") -> None:
        self._start, self._parts = _compile(text)
        #: formats grow at their end, as nginx's ``main`` grew out of ``combined``
        self._may_go_on = text.endswith('"')
        self._columns = Columns([part.name for part in self._parts], WRITING, host=host)
        if self._columns.problem:
            raise BadInput(f"the line format cannot be used: {self._columns.problem}")

    def split(self, line: str) -> list[str] | None:
        """The values of a line; None when it has another form."""
        if not line.startswith(self._start):
            return None
        values: list[str] = []
        at = len(self._start)
        for _, until in self._parts:
            end = _end(line, at, until)
            if end < 0:
                return None
            values.append(line[at:end])
            at = end + len(until)
        return values if at >= len(line) or (self._may_go_on and line[at] == " ") else None

    def read(self, values: list[str]) -> Hit | None:
        """What the values of a line tell; see `Columns.read`."""
        return self._columns.read(values)


def _end(line: str, start: int, until: str) -> int:
    """Where a value ends; -1: nowhere. One without quotes has no spaces."""
    if until[:1] == '"':
        at = line.find('"', start)
        while at >= 0 and _is_escaped(line, start, at):
            at = line.find('"', at + 1)
        return at if at >= 0 and line.startswith(until, at) else -1
    end = line.find(until, start) if until else len(line)
    return -1 if until[:1] in ("", " ") and line.find(" ", start, end) >= 0 else end


def _is_escaped(line: str, start: int, quote: int) -> bool:
    place = quote
    while place > start and line[place - 1] == "\\":
        place -= 1
    return (quote - place) % 2 == 1


def _compile(text: str) -> tuple[str, list[_Part]]:
    """The text before the first value, and every value with the text that ends it."""
    text = text.replace("%t", "[$time_local]")
    found = [*_VARIABLE.finditer(text)]
    if not found:
        raise BadInput("the line format names no values; write it as nginx or Apache has it")
    ends = [*(each.start() for each in found[1:]), len(text)]
    parts = []
    for each, end in zip(found, ends, strict=True):
        if each.end() == end < len(text):
            raise BadInput("the line format has two values side by side; put something between them")
        parts.append(_Part(_name(*each.groups()), text[each.end() : end]))
    return text[: found[0].start()], parts


def _name(braced: str | None, plain: str | None, argument: str | None, letter: str | None) -> str:
    """The name of a column, as nginx would call it."""
    if letter is None:
        return braced or plain or ""
    if argument is None:
        return _DIRECTIVES.get(letter, letter)
    if letter == "i":
        return f"http_{argument.lower().replace('-', '_')}"
    return "timestamp" if letter == "t" else letter

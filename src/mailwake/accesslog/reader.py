"""One line in, what it tells out; which kind of line it is shows by how it begins."""

from __future__ import annotations

from enum import StrEnum

from mailwake.accesslog import cloudfront
from mailwake.accesslog.columns import Columns, Hit
from mailwake.accesslog.json_lines import JsonLines
from mailwake.accesslog.text import USUAL, TextFormat
from mailwake.errors import BadInput, Unreadable

#: No time, host and name before a line that came by syslog is longer.
_PREFIX_BYTES = 300


class Format(StrEnum):
    """How the lines of a log are written."""

    #: each line shows it
    AUTO = "auto"
    #: text, by default `combined` and its variants
    TEXT = "text"
    #: JSON objects
    JSON = "json"
    #: tab-separated under a line that names the columns
    CLOUDFRONT = "cloudfront"


class Other(StrEnum):
    """A line that is no hit."""

    #: a comment, or empty: not an entry of the log
    NO_ENTRY = "no_entry"
    #: somebody asked for something else
    NOT_PIXEL = "not_pixel"


class LineReader:
    """Reads the lines of one log, in their order.

    Args:
        format: how they are written.
        host: of all requests, where the log does not hold it.
        line_format: of text lines, as in nginx's ``log_format`` or Apache's ``LogFormat``; empty: the usual ones.

    Raises:
        BadInput: the host or the line format cannot be used.
    """

    def __init__(self, format: Format = Format.AUTO, *, host: str = "", line_format: str = "") -> None:  # noqa: A002 - the option's name
        self._format = format
        self._host = _host(host)
        self._json = JsonLines(host=self._host)
        self._texts = [TextFormat(text, host=self._host) for text in ([line_format] if line_format else USUAL)]
        self._columns: Columns | None = None

    def read(self, line: bytes) -> Hit | Other:
        """What a line tells, without its line break.

        Raises:
            Unreadable: it cannot be read; the message holds nothing of it.
        """
        if not line or line.isspace():
            return Other.NO_ENTRY
        if line[:1] == b"#":
            if line.startswith(cloudfront.FIELDS):
                self._columns = Columns(cloudfront.fields(line), cloudfront.WRITING, host=self._host)
            return Other.NO_ENTRY
        return self._entry(_without_prefix(line) if line[:1] == b"<" else line) or Other.NOT_PIXEL

    def _entry(self, line: bytes) -> Hit | None:
        kind = self._format
        if kind is Format.JSON or (kind is Format.AUTO and line[:1] == b"{"):
            return self._json.read(line)
        if self._columns is not None and kind in (Format.AUTO, Format.CLOUDFRONT):
            return self._columns.read(cloudfront.values(line.decode("latin-1")))
        if kind is Format.CLOUDFRONT:
            raise Unreadable("no #Fields line has named the columns")
        return self._text(line)

    def _text(self, line: bytes) -> Hit | None:
        written = line.decode("latin-1")
        for place, text in enumerate(self._texts):
            values = text.split(written)
            if values is not None:
                if place:  # the next line will have the same form
                    self._texts.insert(0, self._texts.pop(place))
                return text.read(values)
        raise Unreadable("the line has none of the known forms; say --line-format")


def _host(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii") if name else ""
    except UnicodeError:
        raise BadInput(f"{name!r} is no host name") from None


def _without_prefix(line: bytes) -> bytes:
    """A line without what syslog puts before it: priority, time, host, name.

    Source: https://www.fastly.com/documentation/guides/integrations/streaming-logs/changing-log-line-formats
    """
    end = line.find(b": ", 0, _PREFIX_BYTES)
    return line[end + 2 :] if end > 0 else line

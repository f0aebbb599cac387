"""Lines that are JSON objects: nginx with ``escape=json``, Fastly, CloudFront v2. A column is a key, in any order.

nginx leaves bytes above 0x7F as they came, so a line need not be UTF-8; they are kept as they are.

Source: https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format,
https://www.fastly.com/documentation/reference/vcl/functions/strings/json-escape
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from mailwake.accesslog import cloudfront
from mailwake.accesslog.columns import Columns, Hit, Writing
from mailwake.errors import Unreadable

#: Fastly writes ``(null)`` for a header that was not there.
WRITING = Writing(absent="(null)", codec="utf-8")
#: What logs hold as a rule, and what they may hold; the first is read in half the time.
_TEXTS = msgspec.json.Decoder(dict[str, str])
_ANY = msgspec.json.Decoder(dict[str, str | int | float | bool | None])
#: A log has one set of keys, or a few; more is somebody's play.
_SHAPES = 256


class JsonLines:
    """Reads objects, whatever their keys.

    Args:
        host: of all requests, where the log does not hold it.
    """

    def __init__(self, *, host: str = "") -> None:
        self._host = host
        self._shapes: dict[tuple[str, ...], Columns] = {}
        #: as in the line before
        self._has_texts_alone = True

    def read(self, line: bytes) -> Hit | None:
        """What the line tells; see `Columns.read`.

        Raises:
            Unreadable: it is no object, or says what no request can.
        """
        found = self._object(line)
        keys = tuple(found)
        columns = self._shapes.get(keys) or self._shape(keys)
        return columns.read([*found.values()])

    def _object(self, line: bytes) -> dict[str, str]:
        if self._has_texts_alone:
            try:
                return _TEXTS.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
        try:
            values = _ANY.decode(line)
            self._has_texts_alone = all(type(value) is str for value in values.values())
        except (msgspec.DecodeError, UnicodeDecodeError):
            values = _odd_object(line)
        return {name: value if type(value) is str else _text(value) for name, value in values.items()}

    def _shape(self, keys: tuple[str, ...]) -> Columns:
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        writing = WRITING
        if "cs-method" in keys or "cs-uri-stem" in keys:
            writing = cloudfront.WRITING
        columns = self._shapes[keys] = Columns(keys, writing, host=self._host)
        return columns


def _odd_object(line: bytes) -> dict[str, Any]:
    """An object with bytes that are no UTF-8, or with values that hold others."""
    try:
        found = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        raise Unreadable("the line is no JSON object") from None
    if not isinstance(found, dict):
        raise Unreadable("the line is no JSON object")
    return found


def _text(value: object) -> str:
    return "" if value is None else str(value)

"""What pages and programs send to change something, read within limits.

`mailwake.serving.guard` lets only through what a page of ours has sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from fastapi import Request

from mailwake.access.actors import Kind
from mailwake.audit.watching import noted
from mailwake.errors import BadInput
from mailwake.serving.entry import FIELD, actor_of

#: A reason of 200 characters is at most 2,400 bytes of a form, whatever its letters, an address of 320 at most 3,840.
BODY_BYTES = 8_192
#: A file of 64 kB of letters that JSON writes as two.
LONG_BODY_BYTES = 140_000
#: The longest table of leads, with room for what JSON writes as two.
TABLE_BODY_BYTES = 17_000_000
_FIELDS = 9


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form.

    Raises:
        BadInput: it is too long or no form.
    """
    body = await body_of(request)
    try:
        given = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError:
        raise BadInput("the form cannot be read; reload the page and try again") from None
    given.pop(FIELD, None)  # it was looked at before anything came here
    noted(request.scope).given = given  # says what the request is about
    return given


async def json_of(request: Request) -> Mapping[str, str]:
    """The members of a JSON object of texts.

    Raises:
        BadInput: it is too long or no such object.
    """
    given = _members(await body_of(request))
    noted(request.scope).given = given
    return given


async def long_json_of(request: Request) -> Mapping[str, str]:
    """The same, where a text is a whole file.

    Raises:
        BadInput: as `json_of`.
    """
    return _members(await body_of(request, LONG_BODY_BYTES))


async def table_json_of(request: Request) -> Mapping[str, str]:
    """The same, where a text is a table of many thousand lines.

    Raises:
        BadInput: as `json_of`.
    """
    return _members(await body_of(request, TABLE_BODY_BYTES))


def _members(body: bytes) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(body, type=dict[str, str])
    except (msgspec.DecodeError, RecursionError):
        raise BadInput('send a JSON object of texts, such as {"address": "ann@example.com", "why": "asked"}') from None


async def body_of(request: Request, most: int = BODY_BYTES) -> bytes:
    """The body of a request, within limits.

    Raises:
        BadInput: it is too long.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise BadInput("the form is too long; give a shorter " + ("reason" if most == BODY_BYTES else "file"))
    return bytes(body)


def by_of(request: Request, given: Mapping[str, str] | None = None) -> str:
    """Who did it, as it is kept: whoever is logged in; where nobody has to be, whoever they say, or the dashboard."""
    actor = actor_of(request)
    claimed = (given or {}).get("by", "") if actor.kind in (Kind.ANYBODY, Kind.COMMAND) else ""
    return claimed or actor.name


def id_in(text: str, what: str) -> int:
    """The id in a field.

    Raises:
        BadInput: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise BadInput(f"the form names no {what}; reload the page and try again")
    return int(text)

"""``/c/<message>/<link>``: a tracked link. Its target is sealed in the link part; nothing else leads anywhere.

The one exception are links whose readers somebody of the installation sends elsewhere, see `mailwake.detours`.
"""

from __future__ import annotations

from functools import lru_cache

from mailwake.edge.exchange import Exchange
from mailwake.edge.locations import location
from mailwake.edge.pages import NOT_FOUND, NOTHING_HERE, TAKEN_AWAY
from mailwake.edge.recording import Recorder
from mailwake.edge.response import Response
from mailwake.events import Note
from mailwake.tokens import Purpose

#: looked up once: a member of an enumeration costs a call, and this is on the way of every hit
_READ, _DETOUR = Purpose.READ, Note.DETOUR
_HEADERS = [
    ("Cache-Control", "no-store, private"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
]


@lru_cache(maxsize=16_384)
def redirect(target: str) -> Response:
    """302 to a sealed target; the same answer for every recipient, so it is made once.

    302 and not 301, because a browser would keep a 301 and we would never see the second click.
    """
    return Response(302, [("Location", location(target)), *_HEADERS])


def answer(recorder: Recorder, exchange: Exchange, host: str, rest: str) -> None:
    """The redirect, or a page that leads nowhere. A damaged link of a genuine copy is a scanner's work: evidence."""
    message, _, sealed = rest.partition("/")
    token = recorder.message(message, host, _READ)
    if token is None:
        exchange.answer(NOT_FOUND)
        return
    link = recorder.link(sealed, host)
    if link is None:
        recorder.clicked(exchange, NOT_FOUND, token, note=Note.LINK_REFUSED)
    elif link.template != token.template:
        recorder.counters.reject("template")
        exchange.answer(NOT_FOUND)
    elif not link.target:
        recorder.clicked(exchange, NOTHING_HERE, token, link=link.number, note=Note.DECOY)
    elif (elsewhere := recorder.elsewhere(link.template, link.number, link.target)) is not None:
        response = redirect(elsewhere) if elsewhere else TAKEN_AWAY
        recorder.clicked(exchange, response, token, link=link.number, note=_DETOUR)
    else:
        place = recorder.references.place(link.target)
        if place is None or not recorder.may_name(token):
            response = redirect(link.target)
        else:  # a shop that the operator lists, and a click that may be told of
            response = recorder.references.redirect(place, _HEADERS, host, token=token, link=link)
        recorder.clicked(exchange, response, token, link=link.number)

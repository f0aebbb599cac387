"""``/u/<message>``: leaving the list. GET shows a page and changes nothing; POST is what counts (RFC 8058).

A POST with ``List-Unsubscribe=One-Click`` is honoured for both tokens: that of the header, which the RFC means, and
that of the body's link, because mailbox providers and mail apps take the body's link where they find no header. It
needs no nonce: whoever has the link could press the button too, and a one-click must never be doubted.

Scanners run scripts and send forms. A button that was pressed as programs press it is answered with a second one, which
always counts: nobody stays subscribed who asked to leave, and few leave because a scanner clicked. A page that was kept
for longer than its nonce holds is answered with the page again, so that one more press does it.
"""

from __future__ import annotations

from collections.abc import Mapping

from mailwake.edge.doubts import SecondButton
from mailwake.edge.exchange import Exchange
from mailwake.edge.nonces import Nonces
from mailwake.edge.pages import NOT_FOUND, Pages
from mailwake.edge.recording import Decision, Recorder
from mailwake.edge.response import Response
from mailwake.events import EventType, Note
from mailwake.forms import read_form
from mailwake.tokens import Purpose

#: What a one-click gets: nothing to read, nothing to follow, no cookie (RFC 8058 section 3.1).
DONE = Response(200, [("Cache-Control", "no-store, private"), ("X-Content-Type-Options", "nosniff")])

_ONE_CLICK = Decision(EventType.UNSUBSCRIBED, Note.ONE_CLICK)
_BUTTON = Decision(EventType.UNSUBSCRIBED, Note.BUTTON)


class Unsubscribe:
    """The endpoint with its pages.

    Args:
        pages: of every host, in its brand.
        nonces: shared with the preference page.
        second: the button for whoever presses as programs do.
    """

    def __init__(self, pages: Mapping[str, Pages], nonces: Nonces, second: SecondButton) -> None:
        self._pages = pages
        self._nonces = nonces
        self._second = second

    def answer(self, recorder: Recorder, exchange: Exchange, host: str, rest: str) -> None:
        """The page, or the end of the subscription."""
        token = recorder.message(rest, host, Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY)
        pages = self._pages[host]
        language = pages.language(exchange.headers)
        now = recorder.clock() // 1_000_000
        if token is None:
            exchange.answer(NOT_FOUND)
        elif exchange.method != "POST":
            page = pages.unsubscribe(language, self._nonces.mint(rest, now_seconds=now))
            recorder.viewed(exchange, page, token, Note.UNSUBSCRIBE_VIEWED)
        else:
            form = read_form(exchange.body, exchange.headers)
            if form.get("List-Unsubscribe") == "One-Click":
                recorder.decided(exchange, token, _ONE_CLICK, done=DONE)
            elif self._second.was_pressed(form, rest, now_seconds=now):
                recorder.decided(exchange, token, _BUTTON, done=pages.unsubscribed(language))
            elif not self._nonces.holds(form.get("nonce", ""), rest, now_seconds=now):
                recorder.counters.reject("form")
                exchange.answer(pages.unsubscribe(language, self._nonces.mint(rest, now_seconds=now), late=True))
            elif self._second.is_due(exchange.headers):
                page = pages.unsubscribe(language, self._second.mint(rest, now_seconds=now), again=True)
                recorder.viewed(exchange, page, token, Note.UNSUBSCRIBE_DOUBTED)
            else:
                recorder.decided(exchange, token, _BUTTON, done=pages.unsubscribed(language))

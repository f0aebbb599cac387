"""``/p/<message>``: what a recipient allows. The token speaks for its own recipient; the header's has no power here.
The edge knows nobody's state, so the page offers every choice and each is right at any time; the newest wins.
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
from mailwake.tokens import MessageToken, Purpose

#: What each button sends, and what it means.
CHOICES = {
    "stop-opens": Decision(EventType.CONSENT_WITHDRAWN, Note.BUTTON, "opens"),
    "stop-clicks": Decision(EventType.CONSENT_WITHDRAWN, Note.BUTTON, "clicks"),
    "stop": Decision(EventType.CONSENT_WITHDRAWN, Note.BUTTON, "both"),
    "allow": Decision(EventType.CONSENT_GIVEN, Note.BUTTON, "both"),
    "unsubscribe": Decision(EventType.UNSUBSCRIBED, Note.BUTTON),
}


class Preferences:
    """The endpoint with its pages.

    Args:
        pages: of every host, in its brand.
        nonces: shared with the unsubscribe page.
        second: the button for whoever leaves the list as programs do.
    """

    def __init__(self, pages: Mapping[str, Pages], nonces: Nonces, second: SecondButton) -> None:
        self._pages = pages
        self._nonces = nonces
        self._second = second

    def answer(self, recorder: Recorder, exchange: Exchange, host: str, rest: str) -> None:
        """The page, or the choice made on it."""
        token = recorder.message(rest, host, Purpose.UNSUBSCRIBE_BODY)
        pages = self._pages[host]
        language = pages.language(exchange.headers)
        now = recorder.clock() // 1_000_000
        if token is None:
            exchange.answer(NOT_FOUND)
        elif exchange.method != "POST":
            recorder.viewed(exchange, self._page(pages, language, token, rest, now), token, Note.PREFERENCES_VIEWED)
        else:
            form = read_form(exchange.body, exchange.headers)
            decision = CHOICES.get(form.get("choice", ""))
            if self._second.was_pressed(form, rest, now_seconds=now):
                done = pages.chosen(language, "unsubscribe")
                recorder.decided(exchange, token, CHOICES["unsubscribe"], done=done)
            elif decision is None or not self._nonces.holds(form.get("nonce", ""), rest, now_seconds=now):
                recorder.counters.reject("form")
                exchange.answer(self._page(pages, language, token, rest, now, late=True))
            elif form["choice"] == "unsubscribe" and self._second.is_due(exchange.headers):
                page = pages.unsubscribe(language, self._second.mint(rest, now_seconds=now), again=True)
                recorder.viewed(exchange, page, token, Note.UNSUBSCRIBE_DOUBTED)
            else:
                recorder.decided(exchange, token, decision, done=pages.chosen(language, form["choice"]))

    def _page(  # noqa: PLR0917 - all of one request
        self, pages: Pages, language: str, token: MessageToken, rest: str, now: int, *, late: bool = False
    ) -> Response:
        known = rest if token.modes.name_one else ""
        return pages.preferences(language, self._nonces.mint(rest, now_seconds=now), known=known, late=late)

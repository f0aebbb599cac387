"""``/p/<message>``: what a recipient allows. The token speaks for its own recipient; the header's has no power here.
The edge knows nobody's state, so the page offers every choice and each is right at any time; the newest wins.
"""

from __future__ import annotations

from mailwake.edge.forms import read_form
from mailwake.edge.http import Exchange
from mailwake.edge.nonces import Nonces
from mailwake.edge.pages import BAD_FORM, NOT_FOUND, TRY_LATER, Pages
from mailwake.edge.recording import Recorder
from mailwake.events import EventType, Note
from mailwake.tokens import Purpose

#: What a button sends: the event, and the axis it is about; the axis travels as the event's reason.
CHOICES = {
    "stop-opens": (EventType.CONSENT_WITHDRAWN, "opens"),
    "stop-clicks": (EventType.CONSENT_WITHDRAWN, "clicks"),
    "stop": (EventType.CONSENT_WITHDRAWN, "both"),
    "allow": (EventType.CONSENT_GIVEN, "both"),
    "unsubscribe": (EventType.UNSUBSCRIBED, ""),
}


class Preferences:
    """The endpoint with its pages.

    Args:
        pages: in the brand and language of the moment.
        nonces: shared with the unsubscribe page.
    """

    def __init__(self, pages: Pages, nonces: Nonces) -> None:
        self._pages = pages
        self._nonces = nonces

    def answer(self, recorder: Recorder, exchange: Exchange, host: str, rest: str) -> None:
        """The page, or the choice made on it."""
        token = recorder.message(rest, host, Purpose.UNSUBSCRIBE_BODY)
        language = self._pages.language(exchange.headers)
        now = recorder.clock() // 1_000_000
        if token is None:
            exchange.answer(NOT_FOUND)
        elif exchange.method != "POST":
            page = self._pages.preferences(language, self._nonces.mint(rest, now_seconds=now))
            recorder.viewed(exchange, page, token, Note.PREFERENCES_VIEWED)
        else:
            form = read_form(exchange.body, exchange.headers)
            choice = CHOICES.get(form.get("choice", ""))
            if choice is None or not self._nonces.holds(form.get("nonce", ""), rest, now_seconds=now):
                recorder.counters.reject("form")
                exchange.answer(BAD_FORM)
                return
            type_, axis = choice
            done = self._pages.chosen(language, form["choice"])
            recorder.decided(exchange, token, type_=type_, note=Note.BUTTON, axis=axis, done=done, sorry=TRY_LATER)

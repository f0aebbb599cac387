"""What every request goes through before it reaches a page, from the outside to the inside."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations
from pathlib import Path

from starlette.types import ASGIApp

from mailwake.serving.admission import Admission
from mailwake.serving.entry import Door, Entry
from mailwake.serving.guard import Guard
from mailwake.serving.patience import SECONDS, Patience, is_large
from mailwake.serving.tongue import Tongue


def layered(
    app: ASGIApp,
    waiting: ASGIApp,
    watched: Callable[[ASGIApp], ASGIApp],
    *,
    door: Door,
    language: NullTranslations,
    store: Path | None,
    begun: Callable[[], None],
) -> ASGIApp:
    """The application behind all that guards it.

    Args:
        app: makes the pages.
        waiting: makes the page for whoever waits for one.
        watched: sees to it that acts are written down.
        door: where it listens, which decides what host names it answers to, and who is let in.
        language: of the pages.
        store: file of the events, whose size says whether a page may take long; None: it may not.
        begun: told of each page of a large store that is begun.
    """

    def guarded(inner: ASGIApp) -> ASGIApp:
        spoken = Tongue(inner, language)
        return Guard(spoken, host=door.host, name=door.name, knows_programs=door.gate is not None)

    inner: ASGIApp = Admission(app)
    if door.gate is not None:
        inner = Entry(inner, door.gate)
    return Patience(
        watched(guarded(inner)),
        guarded(waiting),
        wanted=lambda: store is not None and is_large(store),
        seconds=SECONDS,
        begun=begun,
    )

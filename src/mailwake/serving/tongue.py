"""Which language an answer is in: the installation's for pages, English for what programs and spreadsheets read."""

from __future__ import annotations

from gettext import NullTranslations

from starlette.types import ASGIApp, Receive, Scope, Send

from mailwake.language import ENGLISH, speaking


class Tongue:
    """ASGI middleware: everything behind it speaks one language, but the API and files are English.

    Args:
        app: what is behind it.
        language: of the pages.
    """

    def __init__(self, app: ASGIApp, language: NullTranslations) -> None:
        self._app = app
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the right language; threads that help with an answer speak it too."""
        path = scope.get("path", "")
        is_for_programs = path.startswith(("/api/", "/health")) or path.endswith((".csv", ".svg"))
        with speaking(ENGLISH if is_for_programs else self._language):
            await self._app(scope, receive, send)

"""The page for whoever waits for one: it says what goes on, and asks again by itself."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from mailwake.framing.rendering import render
from mailwake.serving.patience import AGAIN_SECONDS, STATUS


def waiting_page(app: FastAPI) -> ASGIApp:
    """An ASGI application that answers every request with it.

    Args:
        app: whose pages are waited for.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        page = render(Request({**scope, "app": app}), "waiting.html", status=STATUS)
        # Browsers follow this field without scripts. Source: HTML, section 7.4.2, "shared declarative refresh steps"
        page.headers["Refresh"] = page.headers["Retry-After"] = str(AGAIN_SECONDS)
        await page(scope, receive, send)

    return answer

"""Pictures of a drawn mail, taken by an installed Chromium in which nothing runs and to which nothing answers.

Playwright drives it (extra ``pictures``); a browser is not shipped, because it is larger than everything else together.
"""

from __future__ import annotations

import os
import shutil
import threading
from importlib.util import find_spec

from mailwake.errors import Unavailable
from mailwake.language import say

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: as wide as most mail is made for, with a margin for marks
_WIDTH, _HEIGHT = 760, 600
_SECONDS = 30
#: A browser takes hundreds of megabytes, so there is one at a time.
_one_browser = threading.Lock()


def why_not() -> str:
    """What is missing for pictures here, in words; empty: nothing."""
    if _browser() is None:
        return say("Chromium draws it and is not installed; install it, or print the page of the map")
    if find_spec("playwright") is None:
        return say("it needs one more package; pip install 'mailwake[pictures]'")
    return ""


def photograph(html: str) -> bytes:
    """The whole of a page as PNG; scripts stay off and every request is refused.

    Raises:
        Unavailable: something is missing, or the browser does not do it.
    """
    if missing := why_not():
        raise Unavailable(missing)
    from playwright.sync_api import Error, sync_playwright

    try:
        with _one_browser, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_browser(), args=_arguments())
            context = browser.new_context(
                java_script_enabled=False, offline=True, viewport={"width": _WIDTH, "height": _HEIGHT}
            )
            page = context.new_page()
            page.route("**/*", lambda route: route.abort())
            page.set_content(html, wait_until="load", timeout=_SECONDS * 1_000)
            taken: bytes = page.screenshot(full_page=True, timeout=_SECONDS * 1_000)
            browser.close()
    except Error as fault:
        raise Unavailable(f"Chromium did not draw it: {str(fault).splitlines()[0][:200]}") from None
    return taken


def _browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _arguments() -> list[str]:
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return [*quiet, "--no-sandbox"] if os.geteuid() == 0 else quiet  # Chromium's own sandbox cannot be root's

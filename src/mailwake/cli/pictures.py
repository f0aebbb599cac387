"""Pictures of HTML, taken by an installed Chromium in which nothing runs and to which nothing answers.

Playwright drives it (extra ``pictures``); a browser is not shipped, because it is larger than everything else together.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mailwake.errors import Misconfigured, Unavailable

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: as wide as most mail is made for, with a margin for marks
_WIDTH, _HEIGHT = 760, 600
_SECONDS = 30


def photograph(html: str, file: Path) -> None:
    """The whole of a page as a PNG file; scripts stay off and every request is refused.

    Raises:
        Misconfigured: Chromium or the extra ``pictures`` is not installed.
        Unavailable: the browser does not do it, or the file cannot be written.
    """
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise Misconfigured("--png", "Chromium draws it and is not installed; install it, or print the page of the map")
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise Misconfigured("--png", "it needs one more package; pip install 'mailwake[pictures]'") from None
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=_arguments())
            context = browser.new_context(
                java_script_enabled=False, offline=True, viewport={"width": _WIDTH, "height": _HEIGHT}
            )
            page = context.new_page()
            page.route("**/*", lambda route: route.abort())
            page.set_content(html, wait_until="load", timeout=_SECONDS * 1_000)
            file.write_bytes(page.screenshot(full_page=True, timeout=_SECONDS * 1_000))
            browser.close()
    except Error as fault:
        raise Unavailable(f"Chromium did not draw it: {str(fault).splitlines()[0][:200]}") from None
    except OSError as fault:
        raise Unavailable(f"cannot write {file}: {fault.strerror}") from None


def _arguments() -> list[str]:
    import os

    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return [*quiet, "--no-sandbox"] if os.geteuid() == 0 else quiet  # Chromium's own sandbox cannot be root's

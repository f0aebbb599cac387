"""Run the demo and put what it prints and shows into README and docs: the output block and the pictures of pages.

    python tools/show_demo.py

Needs an installed Chromium. `tests/acceptance/test_demo.py` holds the printed block against a demo of its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
IMAGES = ROOT / "docs/images"
_NEWSLETTER = "main a:has-text('November newsletter')"
#: picture to where on the dashboard it is taken: an address, then links to follow; docs pages about them show them
PICTURES = {
    "campaign": ("/", _NEWSLETTER),
    "clickmap": ("/", _NEWSLETTER, "main a[href$='/map']"),
    "compare": ("/compare?c=1&c=2",),
    "timing": ("/timing",),
    "segment": ("/segments?query=clicked+%22Book+a+call%22+as+human+and+not+bounced",),
    "experiment": ("/experiments", "main a[href^='/experiments/']"),
    "deliverability": ("/deliverability",),
    "calls": ("/calls",),
    "goals": ("/goals",),
    "salesforce": ("/salesforce",),
    "evidence": ("/", _NEWSLETTER, "main a[href*='outcome=clicked_machine']", "main a[href*='/deliveries/']"),
}
BLOCK = re.compile(r"(<!-- demo output -->\n).*?(<!-- end demo output -->)", re.DOTALL)
#: the README shows the overview and the first mailing's table; the others have the same rows
LEAVE_OUT = re.compile(r"\n(Planner update\n\n.*?)(?=\nEverything has stopped)", re.DOTALL)
#: ... and of the letters before this week the newest
PAST = re.compile(r"(Larkspur letter 9  .*?)(?=Under each rate)", re.DOTALL)


def main() -> None:
    """Fill the block and take the picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found; install one to take the screenshot")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "demo-data"
        program = [sys.executable, "-m", "mailwake", "demo", "--exit", "--folder", str(folder)]
        printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
        README.write_text(BLOCK.sub(lambda m: m[1] + block(printed) + m[2], README.read_text("utf-8")), "utf-8")
        photograph(chromium, folder)


def block(printed: str) -> str:
    """The part of the demo's output that the README shows, as a code block."""
    text = "\n".join(line.rstrip() for line in printed.splitlines())
    left_out = "Planner update, Order sent and Workshop invitation: three more tables with the same rows"
    text = LEAVE_OUT.sub(f"\n[{left_out}]\n", text)
    text = PAST.sub("[nine earlier letters]\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return f"```text\n{text}\n```\n"


def photograph(chromium: str, folder: Path) -> None:
    """The first screen of each page, as the dashboard shows it."""
    program = [sys.executable, "-m", "mailwake", "web", "--config", str(folder / "mailwake.toml")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
        try:
            ready = server.stdout.readline() if server.stdout else ""
            url = re.search(r"http://\S+", ready)
            if url is None:
                sys.exit(f"the dashboard did not start: {ready}")
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1280, "height": 860})
                for name, (address, *links) in PICTURES.items():
                    take(page, url[0].rstrip("/") + address, links, IMAGES / f"{name}.png")
                browser.close()
        finally:
            server.terminate()


def take(page: Page, url: str, links: Sequence[str], path: Path) -> None:
    """One picture, behind links that are followed."""
    page.goto(url)
    for link in links:
        page.locator(link).first.click()
        page.wait_for_load_state("networkidle")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)


if __name__ == "__main__":
    main()

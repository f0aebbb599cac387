"""Composing: one recipient's copy of a template, and one whole message through the relay's path, against what peers do.

The mail is generated: about 50 kB, 30 links, tables and Outlook comments as marketing mail has them. Every message that
goes through the relay's path greets somebody else, so that nothing can be remembered from the one before except what a
campaign shares: its links. pytracking (which changes HTML only) and the standard library's `EmailMessage` are measured
in the same run. Best of several rounds, because other programs only ever add time.

Run it with `mailwake bench compose`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import date
from email.message import EmailMessage
from typing import Any

from mailwake.compose.copy import Copy
from mailwake.compose.message import Draft
from mailwake.compose.options import ComposeOptions
from mailwake.compose.template import RecipientCopy, Template
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import KeyRing, MessageToken, Minter, new_key

BASE = "https://track.example.com"
PAGE_BYTES = 50_000
LINKS = 30
ROUNDS = 5
#: name of a measurement to (what it is measured against, the least ratio); DESIGN section 9
BUDGETS = {
    "template, HTML": ("pytracking", 300.0),
    "template, quoted-printable": ("EmailMessage", 300.0),
    "message, 8bit": ("pytracking", 6.0),
}
_LINK = (
    '<a href="https://shop.example.com/spring/{n}?color=blue&amp;size={n}" style="color:#0b5394;text-decoration:none"'
    ' class="link">Product number {n}</a>'
)
_ROW = """<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>
<td style="padding:10px;font-family:Arial,sans-serif;font-size:14px;line-height:20px" valign="top" width="280">
{paragraphs}
{link}</td></tr></table>
"""
_WORDS = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore."
)


def page(name: str) -> str:
    """A mail of about 50 kB that greets somebody."""
    start = (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>News</title><style>p{margin:0}</style></head>\n'
        f'<body style="margin:0"><p>Dear {name},</p>\n<!--[if mso]><table width="600"><tr><td><![endif]-->\n'
    )
    end = "<!--[if mso]></td></tr></table><![endif]-->\n</body></html>\n"
    room = (PAGE_BYTES - len(start) - len(end)) // LINKS - len(_ROW) - len(_LINK)
    paragraphs = "\n".join([f"<p>{_WORDS}</p>"] * (room // (len(_WORDS) + 8)))
    return start + "".join(_ROW.format(paragraphs=paragraphs, link=_LINK.format(n=n)) for n in range(LINKS)) + end


def wire(html: str, encoding: str) -> bytes:
    """A message around a page, as a program hands it to a relay."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "News", "shop@example.com", "ada@example.com"
    message.set_content(html, subtype="html", cte=encoding)
    return message.as_bytes().replace(b"\n", b"\r\n")


def micros(work: Callable[[int], Any], seconds: float) -> float:
    """Microseconds of one run, in the best round; the argument counts runs."""
    count, best = 0, float("inf")
    for _ in range(ROUNDS):
        runs, start = 0, time.perf_counter()
        while (took := time.perf_counter() - start) < seconds / ROUNDS:
            work(count)
            runs, count = runs + 1, count + 1
        best = min(best, took / max(1, runs))
    return best * 1e6


def by_pytracking(html: str) -> Callable[[int], Any] | None:
    try:
        import pytracking
        from pytracking.html import adapt_html
    except ImportError:
        return None
    configuration = pytracking.Configuration(base_open_tracking_url=f"{BASE}/o/", base_click_tracking_url=f"{BASE}/c/")
    return lambda n: adapt_html(html, extra_metadata={"recipient": n}, configuration=configuration)


def measure(*, seconds: float) -> dict[str, float]:
    """Microseconds by name."""
    minter = Minter(KeyRing({1: new_key()}), "track.example.com")
    options = ComposeOptions(own_hosts=frozenset({"track.example.com"}))
    html = page("Ada")

    def token(n: int) -> MessageToken:
        return MessageToken(INDIVIDUAL, 7, n + 1, n + 1, date(2026, 11, 23))

    template = Template(html.encode(), options=options, minter=minter, base_url=BASE)
    work: dict[str, Callable[[int], Any]] = {
        "template, HTML": lambda n: template.render(RecipientCopy(token=token(n))),
        "template, quoted-printable": lambda n: template.render_quoted_printable(RecipientCopy(token=token(n))),
        "EmailMessage": lambda _: wire(html, "quoted-printable"),
    }
    pytracking = by_pytracking(html)
    if pytracking:
        work["pytracking"] = pytracking

    def relayed(encoding: str) -> Callable[[int], Any]:
        skeletons: set[bytes] = set()
        messages = [wire(page(f"Ada Lovelace the {n}th"), encoding) for n in range(50)]

        def one(n: int) -> bytes:
            draft = Draft.read(messages[n % len(messages)], options)
            skeletons.add(draft.skeleton)  # the relay needs it for the template's id
            return draft.render(Copy(minter=minter, base_url=BASE, token=token(n)))

        return one

    for encoding in ("8bit", "quoted-printable", "base64"):
        work[f"message, {encoding}"] = relayed(encoding)
    draft = Draft.read(wire(html, "quoted-printable"), options)
    work["message read once, next recipient"] = lambda n: draft.render(
        Copy(minter=minter, base_url=BASE, token=token(n))
    )
    for each in work.values():
        each(0)
    return {name: micros(each, seconds) for name, each in work.items()}


def ratios(found: dict[str, float]) -> dict[str, dict[str, float | None]]:
    """Each measurement against pytracking, EmailMessage and its budget."""

    def against(peer: str, name: str) -> float | None:
        return found[peer] / found[name] if peer in found else None

    return {
        name: {
            "micros": value,
            "pytracking": against("pytracking", name),
            "EmailMessage": against("EmailMessage", name),
            "budget": BUDGETS[name][1] if name in BUDGETS else None,
        }
        for name, value in found.items()
    }


def show(table: dict[str, dict[str, float | None]]) -> None:
    print(f"{'':36}{'µs':>9}{'x pytracking':>14}{'x EmailMessage':>16}   budget")
    for name, row in table.items():
        cells = [f"{row[peer]:.1f}" if row[peer] else "-" for peer in ("pytracking", "EmailMessage")]
        wanted = f"≥ {BUDGETS[name][1]:g} x {BUDGETS[name][0]}" if name in BUDGETS else ""
        print(f"{name:36}{row['micros'] or 0:9.1f}{cells[0]:>14}{cells[1]:>16}   {wanted}".rstrip())
    if "pytracking" not in table:
        print("pytracking is not installed, so there is nothing to compare with: pip install 'pytracking[html]'")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    wanted = parser.parse_args()
    html = page("Ada")
    table = ratios(measure(seconds=wanted.seconds))
    if wanted.json:
        mail = {"bytes": len(html), "links": LINKS, "tags": html.count("<")}
        print(json.dumps({"benchmark": "compose", "mail": mail, "measured": table}))
    else:
        show(table)


if __name__ == "__main__":
    main()

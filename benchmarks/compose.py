"""Composing: one recipient's copy of a template, and one whole message through the relay's path, against what peers do.

The mail is generated: about 50 kB, 30 links, tables and Outlook comments as marketing mail has them. pytracking (which
changes HTML only) and the standard library's `EmailMessage` are the peers. A measurement is a pair, the peer then ours,
on one core in processor time, each with input made before the clock starts. The ratio is taken within each pair; the
table has the median of all pairs, the lowest and the highest.

No message is measured twice. Those of a campaign greet somebody else each and have their links in common, which is what
a relay sees; what is worked out for one stretch of markup is then there for the next message. "First of its kind" has
every link and every paragraph different, so that nothing is.

The second table is the cost per kB by size and number of links, all first of their kind; the third the cost of bait,
which must not grow faster than its size. `--tables` prints both.

Run it with `mailwake bench compose`.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from functools import partial
from pathlib import Path
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
PAIRS = 7
ENCODINGS = ("8bit", "quoted-printable", "base64")
#: bytes and links of the second table
SIZES = ((50_000, 30), (500_000, 30), (5_000_000, 30), (500_000, 1_000), (5_000_000, 1_000), (5_000_000, 10_000))
#: bytes of bait in the third table
BAIT_BYTES = (100_000, 1_000_000)
_OPTIONS = ComposeOptions(own_hosts=frozenset({"track.example.com"}))
_MINTER = Minter(KeyRing({1: new_key()}), "track.example.com")
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


def page(name: str, *, size: int = PAGE_BYTES, links: int = LINKS, words: str = _WORDS) -> str:
    """A mail of about so many bytes that greets somebody."""
    start = (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>News</title><style>p{margin:0}</style></head>\n'
        f'<body style="margin:0"><p>Dear {name},</p>\n<!--[if mso]><table width="600"><tr><td><![endif]-->\n'
    )
    end = "<!--[if mso]></td></tr></table><![endif]-->\n</body></html>\n"
    room = (size - len(start) - len(end)) // links - len(_ROW) - len(_LINK)
    paragraphs = "\n".join([f"<p>{words}</p>"] * (room // (len(words) + 8)))
    return start + "".join(_ROW.format(paragraphs=paragraphs, link=_LINK.format(n=n)) for n in range(links)) + end


def wire(html: str, encoding: str) -> bytes:
    """A message around a page, as a program hands it to a relay."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "News", "shop@example.com", "ada@example.com"
    message.set_content(html, subtype="html", cte=encoding)
    return message.as_bytes().replace(b"\n", b"\r\n")


class Campaign:
    """Messages that differ in a greeting; their sizes differ by some bytes.

    Args:
        encoding: Content-Transfer-Encoding.
    """

    def __init__(self, encoding: str) -> None:
        #: with greetings of several lengths, each with a number that is replaced
        self._htmls = [page(f"Ada {'Lovelace'[:length]} the 00000000th") for length in range(8)]
        self._wires = [wire(html, encoding) for html in self._htmls]
        self._is_packed = encoding == "base64"

    def messages(self, first: int, count: int) -> list[bytes]:
        return [self._message(number) for number in range(first, first + count)]

    def _message(self, number: int) -> bytes:
        index, digits = number % len(self._wires), f"{number:08d}"
        if not self._is_packed:
            return self._wires[index].replace(b"00000000", digits.encode())
        head, _, _ = self._wires[index].partition(b"\r\n\r\n")
        html = self._htmls[index].replace("00000000", digits)
        return head + b"\r\n\r\n" + base64.encodebytes(html.encode()).replace(b"\n", b"\r\n")


def strangers(encoding: str, first: int, count: int, *, size: int = PAGE_BYTES, links: int = LINKS) -> list[bytes]:
    """Messages that have no link and no paragraph in common."""
    numbers = range(first, first + count)
    return [
        wire(page("Ada", size=size, links=links, words=f"{n} {_WORDS}").replace("spring/", f"{n}/"), encoding)
        for n in numbers
    ]


def token(n: int) -> MessageToken:
    return MessageToken(INDIVIDUAL, 7, n + 1, n + 1, date(2026, 11, 23))


def relay(raw: bytes) -> bytes:
    """The relay's way: the skeleton makes the template's id, then one copy is rendered."""
    draft = Draft.read(raw, _OPTIONS)
    if not draft.skeleton:
        raise SystemExit("no skeleton")
    return draft.render(Copy(minter=_MINTER, base_url=BASE, token=token(len(raw))))


@dataclass(frozen=True)
class Case:
    """Something to measure; `make` makes so many inputs from a number on, `work` takes one."""

    make: Callable[[int, int], Sequence[Any]]
    work: Callable[[Any], Any]
    #: name of the peer that the budget is against, and the least ratio; DESIGN section 9
    budget: tuple[str, float] | None = None


def cases() -> dict[str, Case]:
    html = page("Ada")
    template = Template(html.encode(), options=_OPTIONS, minter=_MINTER, base_url=BASE)
    draft = Draft.read(wire(html, "quoted-printable"), _OPTIONS)

    def recipients(first: int, count: int) -> list[RecipientCopy]:
        return [RecipientCopy(token=token(n)) for n in range(first, first + count)]

    found = {
        "template, HTML": Case(recipients, template.render, ("pytracking", 300.0)),
        "template, quoted-printable": Case(recipients, template.render_quoted_printable, ("EmailMessage", 300.0)),
    }
    for encoding in ENCODINGS:
        budget = ("pytracking", 6.0) if encoding == "8bit" else None
        found[f"message, {encoding}"] = Case(Campaign(encoding).messages, relay, budget)
    for encoding in ENCODINGS:
        found[f"first of its kind, {encoding}"] = Case(partial(strangers, encoding), relay)
    found["message read once, next recipient"] = Case(
        recipients, lambda who: draft.render(Copy(minter=_MINTER, base_url=BASE, token=who.token))
    )
    return found


def peers() -> dict[str, Case]:
    html = page("Ada")
    found = {"EmailMessage": Case(_numbers, lambda _: wire(html, "quoted-printable"))}
    try:
        import pytracking
        from pytracking.html import adapt_html
    except ImportError:
        return found
    configuration = pytracking.Configuration(base_open_tracking_url=f"{BASE}/o/", base_click_tracking_url=f"{BASE}/c/")
    adapt = partial(adapt_html, html, configuration=configuration)
    return {"pytracking": Case(_numbers, lambda n: adapt(extra_metadata={"recipient": n})), **found}


def _numbers(first: int, count: int) -> range:
    return range(first, first + count)


class Clock:
    """Measures a case over and over, never with the same input.

    Args:
        case: what is measured.
        seconds: how long at a time.
    """

    def __init__(self, case: Case, seconds: float) -> None:
        self._case, self._next, self._count = case, 0, 1
        while self.micros() * self._count < seconds * 1e6 and self._count < 20_000:
            self._count *= 2

    def micros(self) -> float:
        """Microseconds of processor time that one takes."""
        inputs, work = self._case.make(self._next, self._count), self._case.work
        self._next += self._count
        start = time.process_time()
        for each in inputs:
            work(each)
        return (time.process_time() - start) / self._count * 1e6


def measure(seconds: float) -> dict[str, dict[str, Any]]:
    """By case: microseconds, and the ratio to each peer as (median, lowest, highest)."""
    against = {name: Clock(case, seconds / PAIRS) for name, case in peers().items()}
    table: dict[str, dict[str, Any]] = {}
    for name, case in cases().items():
        ours, own, theirs = Clock(case, seconds / PAIRS), list[float](), {peer: list[float]() for peer in against}
        for _ in range(PAIRS):
            for peer, clock in against.items():
                theirs[peer].append(clock.micros())
            own.append(ours.micros())
        ratios = {peer: [a / b for a, b in zip(times, own, strict=True)] for peer, times in theirs.items()}
        table[name] = {"micros": statistics.median(own), "budget": case.budget} | {
            peer: (statistics.median(each), min(each), max(each)) for peer, each in ratios.items()
        }
    return table


def show(table: dict[str, dict[str, Any]]) -> None:
    print(f"{'':36}{'µs':>9}{'x pytracking':>24}{'x EmailMessage':>24}   budget")
    for name, row in table.items():
        cells = ["{:.1f} ({:.1f} to {:.1f})".format(*row[peer]) if peer in row else "-" for peer in _PEERS]
        wanted = ""
        if row["budget"] and row["budget"][0] in row:
            peer, least = row["budget"]
            wanted = f"≥ {least:g} x {peer}: {'met' if row[peer][0] >= least else 'missed'}"
        print(f"{name:36}{row['micros']:9.1f}{cells[0]:>24}{cells[1]:>24}   {wanted}".rstrip())
    if all("pytracking" not in row for row in table.values()):
        print("pytracking is not installed, so there is nothing to compare with: pip install 'pytracking[html]'")


_PEERS = ("pytracking", "EmailMessage")


def scaling() -> list[dict[str, Any]]:
    """What a kB costs, by size, links and encoding, and in a template; the best of three."""
    rows = []
    for size, links in SIZES:
        row: dict[str, Any] = {"bytes": size, "links": links}
        for encoding in ENCODINGS:
            messages = strangers(encoding, size + links, 3, size=size, links=links)
            row[encoding] = min(_spent(partial(relay, raw)) for raw in messages) / size * 1e9
        html = page("Ada", size=size, links=links).encode()
        row["template"] = min(_spent(partial(_compile, html)) for _ in range(3)) / size * 1e9
        rows.append(row)
    return rows


def _compile(html: bytes) -> bytes:
    template = Template(html, options=_OPTIONS, minter=_MINTER, base_url=BASE)
    return template.render_quoted_printable(RecipientCopy(token=token(1)))


def _spent(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def baits() -> dict[str, list[float]]:
    """Microseconds per kB of each bait, at each size."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.compose.baits import BAITS

    found = {}
    for name, (entrance, bait) in BAITS.items():
        times = [_spent(partial(entrance, bait(size))) / size * 1e9 for size in BAIT_BYTES]
        found[name] = times
    return found


def show_tables(rows: list[dict[str, Any]], bait: dict[str, list[float]]) -> None:
    print(f"\n{'µs per kB, first of their kind':>32}" + "".join(f"{name:>18}" for name in (*ENCODINGS, "template")))
    for row in rows:
        cells = "".join(f"{row[name]:18.1f}" for name in (*ENCODINGS, "template"))
        print(f"{row['bytes'] / 1000:>14g} kB{row['links']:>8} links{cells}")
    print(f"\n{'µs per kB of bait':60}" + "".join(f"{size / 1000:>9g} kB" for size in BAIT_BYTES) + "   growth")
    for name, times in sorted(bait.items(), key=lambda item: -item[1][-1] / item[1][0]):
        print(f"{name[:58]:60}" + "".join(f"{each:12.1f}" for each in times) + f"{times[-1] / times[0]:9.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--tables", action="store_true", help="print the cost by size, and that of bait, too")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    wanted = parser.parse_args()
    html, table = page("Ada"), measure(wanted.seconds)
    tables = (scaling(), baits()) if wanted.tables else None
    if wanted.json:
        mail = {"bytes": len(html), "links": LINKS, "tags": html.count("<")}
        more = {"scaling": tables[0], "bait": tables[1]} if tables else {}
        print(json.dumps({"benchmark": "compose", "mail": mail, "measured": table, **more}))
        return
    show(table)
    if tables:
        show_tables(*tables)


if __name__ == "__main__":
    main()

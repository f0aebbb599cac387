"""Everything that a page says can be said in another language: a made-up one puts marks around each message."""

import re
from collections.abc import Iterable, Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.web.conftest import HOSTILE, NOW, Asking, troubled
from tests.web.test_pages import PAGES

from mailwake.deliverability.returned import advice
from mailwake.drawing import fields
from mailwake.insight.dialects import dialects
from mailwake.insight.report import country_names
from mailwake.insight.stores import Stores
from mailwake.scoring.calls import Calls, calls
from mailwake.scoring.desk import Desk
from mailwake.web.app import create_app

#: kinds that the list of pages lacks
MORE = ("/bounces", "/suppressions", "/campaigns/2/map", "/campaigns/2/timing", "/campaigns/2/pace", "/nowhere")
#: of stores without mail
EMPTY = ("/", "/calls", "/domains", "/deliverability", "/compare", "/segments", "/experiments", "/goals", "/bounces")
#: attributes that people see or hear
SAID = frozenset(
    (
        *("aria-label", "aria-valuetext", "title", "alt", "placeholder", "label"),
        *("data-name", "data-hint", "data-human", "data-possible", "data-machine"),
    )
)
#: what stands there is typed or quoted, never said
TYPED = frozenset({"code", "pre", "script", "style", "datalist"})
WITHOUT_END = frozenset({"meta", "link", "input", "br", "line", "rect", "path", "circle", "polyline", "img"})
#: programs, servers, roles of an installation, facts of the judge, and words of the seeded mail
NAMES = (
    *("Mailwake", "Apple Mail", "Outlook", "Gmail", "Yahoo Mail", "Samsung Email", "Proofpoint", "Microsoft"),
    *("edge-0", "edge-1", "relay", "ingest", "web", "monitor", "pipeline", "send"),
    *("from residential network AS3320", "timing", "network", "purchase", "question in the subject"),
    *("Wool, weather and a warm offer", "vbscript:x", "//evil.example/x", "mailwake:unsubscribe"),
)
#: what servers answered, addresses, hosts and URLs, dates, sizes and money: data as they are
DATA = re.compile(
    r"[245]\d\d [245]\.\d\.\d .+|[245]\.\d\.\d .+|https?://.*|\S+@\S+|[\w.-]+\.(?:com|example)\b"
    r"|\d+\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|\b(?:kB|MB|GB|EUR|JPY)\b|\b(?:\d+[smh]|r2)\b"
)
LETTERS = re.compile(r"[^\W\d_]{2,}")


class Marks(NullTranslations):
    """A language in which every message is itself in marks."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def info(self) -> dict[str, str]:
        return {"language": "en_XA"}


class Unsaid(HTMLParser):
    """Texts of a page that stand outside all marks, each with the tags around it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._depth = 0
        self.feed(page)
        self.close()
        assert self._depth == 0, "a message was cut: a mark is open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SAID and value:
                self.found += [(f"{tag}[{name}]", text) for text in outside(value)]
        if tag not in WITHOUT_END:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not TYPED & set(self._open):
            self.found += [(" ".join(self._open[-3:]), text) for text in outside(data, self._depth)]
            self._depth += data.count("⟦") - data.count("⟧")
            assert self._depth >= 0, f"a message was cut before {data!r}"


def outside(text: str, depth: int = 0) -> Iterator[str]:
    """The parts of a text outside all marks."""
    for part in re.split("([⟦⟧])", text):
        depth += {"⟦": 1, "⟧": -1}.get(part, 0)
        if not depth and part not in "⟦⟧" and part.strip():
            yield part.strip()


def unsaid(page: str, names: re.Pattern[str]) -> list[tuple[str, str]]:
    """What stands outside all marks and is more than names, numbers and what else is the same in every language."""
    left = ((where, text, DATA.sub("", names.sub("", text))) for where, text in Unsaid(page).found)
    return [(where, text) for where, text, words in left if LETTERS.search(words)]


def whole(names: Iterable[str]) -> re.Pattern[str]:
    """Any of some names where it stands as a word, the longest first."""
    longest = sorted(filter(None, names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")


def drafts(answer: Calls) -> Iterator[str]:
    """Mails that an advisor may write: texts of a file that an installation may replace."""
    return (text for each in answer.calls for text in (each.follow_up.subject, each.follow_up.text))


@pytest.fixture(scope="module")
def names(stores: Stores) -> re.Pattern[str]:
    """What people called things, and what comes from tables of the world."""
    state = stores.state
    campaigns, segments = state.campaigns(), state.segments()
    links = [link for each in campaigns for link in state.links(each.id)]
    found = {
        *NAMES,
        *(each.name for each in campaigns),
        *(each.name for each in segments),
        *(each.name for each in state.experiments()),
        *(text for link in links for text in (link.label, link.href)),
        *country_names().values(),
        *(text for each in dialects().values() for text in (each.title, each.source)),
        *(category.replace("_", " ") for category in advice()),
        *drafts(calls(stores, Desk(), now=NOW)),
        HOSTILE,
        fields.read(HOSTILE),
        fields.read(HOSTILE)[:59],
        fields.read(HOSTILE.replace("/", "|")),
        HOSTILE[:59],  # and cut, where there is no room
        HOSTILE.replace("/", "|"),
    }
    return whole(found)


@pytest.mark.long
def test_every_text_of_every_page_is_a_message_or_data(
    stores: Stores, names: re.Pattern[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    look = troubled(tmp_path_factory.mktemp("installation"))
    asking = Asking(create_app(stores, look=look, wall=lambda: NOW, language=Marks()))
    for path in (*PAGES, *MORE):
        page = asking.get(path).text
        assert '<html lang="en-XA">' in page
        assert page.count("⟦") > 15, path
        assert not unsaid(page, names), path


def test_what_empty_pages_teach_is_made_of_messages(nothing: Asking, tmp_path: Path) -> None:
    told = Asking(create_app(nothing.state.stores, language=Marks()))
    for path in EMPTY:
        assert not unsaid(told.page(path), whole(NAMES)), path


@pytest.mark.parametrize(
    "page",
    [
        "<p>⟦Sent⟧ Delivered</p>",
        "<p>Delivered</p>",
        '<td data-name="Delivered">⟦1⟧</td>',
        '<a title="⟦Sent⟧ to 3 people">1</a>',
        "<p>⟦Of <b>x</b>⟧ <b>people</b></p>",
        "<p>Campaign of Nobody</p>",
    ],
)
def test_a_text_without_marks_is_found(page: str, names: re.Pattern[str]) -> None:
    assert unsaid(page, names)


def test_programs_get_english_whatever_the_pages_speak(stores: Stores) -> None:
    marked = Asking(create_app(stores, wall=lambda: NOW, language=Marks()))
    plain = Asking(create_app(stores, wall=lambda: NOW))
    assert "⟦cannot say" in marked.page("/campaigns/3/pace")  # kept a while, and not given to programs
    for path in ("/api/campaigns/3/pace", "/api/experiments/Broken", "/campaigns/1/people.csv"):
        told = marked.get(path).text
        assert told == plain.get(path).text
        assert "⟦" not in told

"""An installation with two mails, some of whose links are the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailwake.events import Micros, TemplateId
from mailwake.settings import Settings, parse
from mailwake.store.state import LinkRow, open_state
from mailwake.store.watch import WatchStore, open_watch
from mailwake.tokens import KeyRing

KEYS = KeyRing({1: bytes(range(32))})
NOW = Micros(1_790_000_000_000_000)
OLD, OTHER = "https://shop.example.com/spring", "https://shop.example.com/other"
FIRST, SECOND = TemplateId(7), TemplateId(8)


def row(number: int, href: str, *, role: str = "cta", tracked: bool = True) -> LinkRow:
    return LinkRow(number=number, href=href, label=f"link {number}", role=role, tracked=tracked)


@dataclass
class Place:
    """An installation."""

    settings: Settings
    store: WatchStore

    def mail(self, template: TemplateId, *links: LinkRow, stream: str = "marketing") -> None:
        state = open_state(self.settings.data_folder / "state.sqlite")
        campaign = state.campaign(f"campaign {template} {stream}", stream=stream, now=NOW)
        state.put_template(campaign.id, template, subject="Hello", html=b"<p>", links=links, now=NOW)
        state.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    settings = parse({"tracking": {"base_url": "https://track.example.com"}}, root=tmp_path)
    store = open_watch(settings.data_folder / "state.sqlite")
    made = Place(settings, store)
    made.mail(FIRST, row(1, OLD), row(2, OTHER), row(3, OLD))
    made.mail(SECOND, row(1, OTHER), row(2, OLD))
    yield made
    store.close()

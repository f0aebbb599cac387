"""A small installation with a person in every corner of it: log, dead letters, lists, stores, rules, an org's copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from tests.pipeline.house import House as Pipeline
from tests.pipeline.house import hit, sent

from mailwake.cli.init import make
from mailwake.events import EventType, Handle, Micros
from mailwake.insight.stores import Stores, zone_named
from mailwake.rights.erasing import Org
from mailwake.rights.opening import Opened, opened
from mailwake.settings import Settings, load

ADA, GRACE = "ada.canary@example.com", "grace@example.com"
NOW = Micros(1_793_613_600_000_000)


def installation(folder: Path, more: str = "") -> Path:
    """Settings and keys in a folder; the path of the settings."""
    make(folder, base_url="https://track.example.com", brand="Example", individual=True)
    config = folder / "mailwake.toml"
    config.write_text(config.read_text(encoding="utf-8") + more, encoding="utf-8")
    (folder / "mailwake-data").mkdir(exist_ok=True)
    return config


@dataclass
class House:
    """The pipeline at work, and what subject rights need."""

    config: Path
    pipeline: Pipeline
    settings: Settings
    own: Opened

    @property
    def data(self) -> Path:
        return self.settings.data_folder

    def handle(self, address: str) -> Handle:
        return self.pipeline.state.known_handles([address])[address]

    def mail(self, *addresses: str, start: float = 0) -> None:
        """One copy each: sent, opened and clicked; the delivery's number is that of the handle."""
        for address in addresses:
            handle = self.handle(address)
            number = handle % 2**40
            copy: dict[str, Any] = {"recipient": handle, "delivery": number}
            events = [hit(EventType.OPENED, start + 60, **copy), hit(EventType.CLICKED, start + 70, link=1, **copy)]
            first = sent(number, start)
            self.pipeline.work(_to(first, handle), *events)

    def counts(self) -> list[dict[str, Any]]:
        """What the report of the campaign is made of."""
        return self.pipeline.events.ask("campaign_counts", campaign=1)


def _to(event: Any, handle: Handle) -> Any:
    return msgspec.structs.replace(event, recipient=handle)


@contextmanager
def opened_again(folder: Path, *, org: Org | None = None) -> Iterator[House]:
    """An installation as it stands."""
    settings = load(folder / "mailwake.toml")
    pipeline = Pipeline(settings.data_folder)
    stores = Stores(state=pipeline.state, events=pipeline.events, zone=zone_named("UTC"))
    with opened(settings, stores, org=org) as own:
        yield House(folder / "mailwake.toml", pipeline, settings, own)
    pipeline.close()


@contextmanager
def house(folder: Path, *, org: Org | None = None, more: str = "") -> Iterator[House]:
    """A new one; Ada and Grace are known and were mailed."""
    installation(folder, more)
    with opened_again(folder, org=org) as found:
        fields = {ADA: {"name": "Ada Canary"}, GRACE: {"name": "Grace"}}
        found.pipeline.state.handles([ADA, GRACE], now=NOW, fields=fields)
        found.mail(ADA, GRACE)
        yield found


def bytes_of(folder: Path, *, but: tuple[str, ...] = ()) -> bytes:
    """Every byte below a folder, lower case, but for some folders."""
    files = [each for each in sorted(folder.rglob("*")) if each.is_file() and not set(but) & set(each.parts)]
    return b"".join(each.read_bytes().lower() for each in files)


__all__ = ["ADA", "GRACE", "NOW", "House", "bytes_of", "house", "installation", "opened_again"]

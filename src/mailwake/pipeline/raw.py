"""Raw user agents and shortened addresses of individual hits, where `tracking.keep_raw_days` asks for them.

One file per day of receipt, one line of JSON per hit; a day's file is removed as a whole. No store has a column for
either, no page shows them, and a file without its event says of nobody whose they were. Addresses are cut to the
network before they are written: /24 of IPv4, /48 of IPv6.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros, Request
from mailwake.pipeline.item import Item
from mailwake.reduced import is_hit

FOLDER = "raw"
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.jsonl")
_MAX_AGENT = 1_024
_encoder = msgspec.json.Encoder()


class RawFiles:
    """The files.

    Args:
        folder: ``<data>/raw``; made when first needed.
        keep_days: 0: nothing is ever written.
    """

    def __init__(self, folder: Path, keep_days: int) -> None:
        self._folder, self._keep_days = folder, keep_days

    def keep(self, items: Iterable[Item]) -> None:
        """Write down what these hits showed, before it is dropped; a crash may write a line twice.

        Raises:
            Unavailable: the folder cannot be written; the batch is tried again.
        """
        if not self._keep_days:
            return
        days: dict[date, bytes] = {}
        for item in items:
            if item.event.request is not None and is_hit(item.event):
                day = _day(item.event.received_at)
                days[day] = days.get(day, b"") + _line(item, item.event.request)
        for day, lines in days.items():
            self._append(self._folder / f"{day.isoformat()}.jsonl", lines)

    def _append(self, path: Path, lines: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
                file.write(lines)
        except OSError as fault:
            raise Unavailable(f"cannot write {path}: {fault.strerror}") from fault


def outdated(folder: Path, keep_days: int, *, now: Micros) -> list[Path]:
    """The files of which some of the hits are as old as `keep_days` allows, oldest first.

    Args:
        folder: ``<data>/raw``.
        keep_days: see `tracking.keep_raw_days`; at 0 all of them are.
        now: microseconds since 1970.
    """
    oldest = _day(now) - timedelta(days=keep_days)
    found = [path for path in sorted(folder.glob("*.jsonl")) if _NAME.fullmatch(path.name)]
    return [path for path in found if not keep_days or _named(path) <= oldest]


def _named(path: Path) -> date:
    with suppress(ValueError):
        return date.fromisoformat(path.stem)
    return date.max


def _day(at: Micros) -> date:
    return datetime.fromtimestamp(at // SECOND, UTC).date()


def _line(item: Item, request: Request) -> bytes:
    agents = [value for name, value in request.headers if name.lower() == b"user-agent"]
    agent = agents[-1][:_MAX_AGENT].decode("utf-8", "replace") if agents else None
    return _encoder.encode({"event": str(item.id), "network": _network(request.peer), "agent": agent}) + b"\n"


def _network(peer: str) -> str | None:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))

"""Requests that something else has answered and logged, put through the same endpoints: one set of rules for both.

Nothing is decided here. Host, path, method, token, mode, ceiling, withdrawal and age are judged by `App` and `Recorder`
as of a request that comes in at the time the log names; what they would have written to the log is handed back.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mailwake.edge.app import App
from mailwake.edge.counters import Counters
from mailwake.edge.exchange import Exchange
from mailwake.edge.nonces import Nonces
from mailwake.edge.pages import pages_of
from mailwake.edge.recording import Recorder
from mailwake.eventlog import Done, End
from mailwake.events import SECOND, Event, Request, decode_event
from mailwake.hosts import Hosts
from mailwake.inert.reader import InertSet
from mailwake.settings import Settings
from mailwake.tokens import KeyRing

_DAY = 86_400 * SECOND
#: Logs hold a day or two; a recorder for each costs a few kilobytes.
_DAYS = 64


class Replay:
    """Says what the edge would have recorded of a request.

    Args:
        settings: of the installation.
        keys: its master keys.
        inert: recipients of whom nothing is recorded.

    Attributes:
        counters: what became of every request, as for a worker; `recorded` counts what was handed back.
    """

    def __init__(self, settings: Settings, keys: KeyRing, *, inert: InertSet) -> None:
        self.counters = Counters()
        self._settings, self._hosts, self._inert = settings, Hosts(settings, keys), inert
        self._pages, self._nonces = pages_of(self._hosts), Nonces(keys.derive("edge forms"))
        self._kept = _Kept()
        self._apps: dict[int, App] = {}
        self._now = 0

    def take(self, request: Request, *, host: bytes, at: int) -> Event | None:
        """What would have been written to the log, or None; then the counters tell why.

        Args:
            request: as the log tells it.
            host: that it was asked of.
            at: when, in microseconds since 1970.
        """
        self._now = at
        exchange = Exchange(_NOBODY, request.method, request.path, request.head, host, request.peer)
        self._app(at // _DAY)(exchange)
        record = self._kept.take()
        if record is None:
            return None
        event = decode_event(record, split=False)
        if event.request is not None:
            msgspec.structs.force_setattr(event.request, "told", request.told)
        return event

    def _app(self, day: int) -> App:
        """The endpoints as of one day: a recorder's own day only ever moves on, and logs are read in any order."""
        app = self._apps.get(day)
        if app is None:
            if len(self._apps) >= _DAYS:
                self._apps.clear()
            recorder = Recorder(
                self._settings,
                self._hosts,
                self._kept,
                days=self._kept,
                inert=self._inert,
                clock=lambda: self._now,
                soon=lambda action: action(),
            )
            recorder.counters = self.counters
            app = self._apps[day] = App(recorder, self._pages, self._nonces)
        return app


class _Nobody:
    """The line of a client that has long gone."""

    def flush(self) -> None:
        """There is nowhere to send an answer to."""


class _Kept:
    """A log for one record: holds what was appended last, until its caller takes it to the real one."""

    writer = "replay"
    waiting = 0
    end = End(0, 0)

    def __init__(self) -> None:
        self._record: bytes | None = None

    def append(self, records: Sequence[bytes], done: Done) -> None:
        (self._record,) = records
        done(None)

    async def write(self, records: Sequence[bytes]) -> None:
        for record in records:
            self._record = record

    async def close(self) -> None:
        self._record = None

    def take(self) -> bytes | None:
        record, self._record = self._record, None
        return record


_NOBODY = _Nobody()

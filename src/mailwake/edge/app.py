"""Which path goes to which endpoint, and what everything else gets.

Only these paths exist on this listener. Nothing is decoded or normalised on the way, so no spelling of a path reaches a
place that its bytes do not name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mailwake.edge import click, goal, pixel
from mailwake.edge.doubts import SecondButton
from mailwake.edge.exchange import Exchange
from mailwake.edge.nonces import Nonces
from mailwake.edge.pages import MISDIRECTED, NOT_FOUND, READ_ONLY, ROBOTS, WITH_POST, Pages
from mailwake.edge.preferences import Preferences
from mailwake.edge.recording import Recorder
from mailwake.edge.response import Response
from mailwake.edge.unsubscribe import Unsubscribe

Endpoint = Callable[[Recorder, Exchange, str, str], None]


class _Route(NamedTuple):
    endpoint: Endpoint
    methods: frozenset[str]
    refusal: Response


_READ = frozenset({"GET", "HEAD"})


class App:
    """Answers every request of the tracking host.

    Args:
        recorder: keeps what may be kept.
        pages: for people, of every host.
        nonces: for their forms.
        second_button: whether whoever leaves the list as programs do is asked twice.
    """

    def __init__(
        self, recorder: Recorder, pages: Mapping[str, Pages], nonces: Nonces, *, second_button: bool = True
    ) -> None:
        self._recorder = recorder
        self._counters = recorder.counters
        self._hosts = {host.encode("ascii"): host for host in recorder.hosts}
        second = SecondButton(nonces, offered=second_button)
        unsubscribe = Unsubscribe(pages, nonces, second).answer
        preferences = Preferences(pages, nonces, second).answer
        self._routes = {
            b"/o/": _Route(pixel.answer, _READ, READ_ONLY),
            b"/c/": _Route(click.answer, _READ, READ_ONLY),
            b"/g/": _Route(goal.answer, _READ, READ_ONLY),
            b"/u/": _Route(unsubscribe, _READ | {"POST"}, WITH_POST),
            b"/p/": _Route(preferences, _READ | {"POST"}, WITH_POST),
        }

    def __call__(self, exchange: Exchange) -> None:
        """Answer one request, now or when the log has it."""
        self._counters.received += 1
        host = self._hosts.get(exchange.host or b"") or self._host(exchange.host)
        if host is None:
            self._reject(exchange, "host", MISDIRECTED)
            return
        target = exchange.target
        route = self._routes.get(target[:3])
        if route is None:
            self._elsewhere(exchange)
            return
        endpoint, methods, refusal = route
        if exchange.method not in methods:
            self._reject(exchange, "method", refusal)
            return
        rest = target[3:].decode("latin-1")
        if "?" in rest or "#" in rest:
            rest = rest.partition("?")[0].partition("#")[0]
        try:
            endpoint(self._recorder, exchange, host, rest)
        except Exception:  # whoever called us answers; without a count it would look as if it waited for ever
            self._counters.unrecorded += 1
            raise

    def _host(self, named: bytes | None) -> str | None:
        """The tracking host that was asked for, in any case, with any port, spelled to the root or not; else None."""
        name, _, port = (named or b"").strip().lower().partition(b":")
        return self._hosts.get(name.removesuffix(b".")) if not port or port.isdigit() else None

    def _elsewhere(self, exchange: Exchange) -> None:
        found = exchange.target.partition(b"?")[0] == b"/robots.txt"
        if exchange.method not in _READ:
            self._reject(exchange, "method", READ_ONLY)
        else:
            self._reject(exchange, "robots" if found else "path", ROBOTS if found else NOT_FOUND)

    def _reject(self, exchange: Exchange, reason: str, response: Response) -> None:
        self._counters.reject(reason)
        exchange.answer(response)

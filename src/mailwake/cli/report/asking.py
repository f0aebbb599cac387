"""Asks whoever can answer: the dashboard while it runs, for it owns the event store's file, else the stores."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from mailwake.errors import BadInput, Unavailable
from mailwake.insight.stores import Stores
from mailwake.serving import address
from mailwake.settings import Settings

#: a report over a large store may take its time, an answer that never comes may not
TIMEOUT_SECONDS = 60.0


def answer_of(
    settings: Settings, path: str, otherwise: Callable[[Stores], bytes], *, body: bytes | None = None
) -> bytes:
    """What a running dashboard answers, or what the stores say when there is none.

    Args:
        settings: say where both are.
        path: of the API.
        otherwise: asks the stores.
        body: JSON to post to the path; None: it is only got.
    """
    running = address.read(settings.data_folder)
    if running is not None:
        answer = ask(running.url, path, body, secret=running.secret)
        if answer is not None:
            return answer
    with stores_opened(settings) as stores, _taken_down(stores, path, body):
        return otherwise(stores)


def ask(url: str, path: str, body: bytes | None = None, *, secret: str = "") -> bytes | None:
    """The answer of a running dashboard; None: nobody listens there any more.

    Raises:
        BadInput: it has no such campaign.
        Unavailable: it cannot answer.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET" if body is None else "POST", path, body, address.shown(url, secret))
        response = connection.getresponse()
        answer = response.read()
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException) as fault:
        raise Unavailable(f"the dashboard on {url} does not answer: {fault}; try again") from None
    finally:
        connection.close()
    if response.status == 200:
        return answer
    raise fault_of(response.status, answer, url)


def fault_of(status: int, body: bytes, url: str) -> BadInput | Unavailable:
    """What a dashboard's refusal means here."""
    try:
        said = str(msgspec.json.decode(body, type=dict[str, str])["error"])
    except (msgspec.DecodeError, KeyError):
        said = f"the dashboard on {url} answers {status}; its log says more"
    return BadInput(said) if status in (400, 404) else Unavailable(said)


def _taken_down(stores: Stores, path: str, body: bytes | None) -> AbstractContextManager[None]:
    """A line in the audit log, where a dashboard would have written one of the same request."""
    from mailwake.audit.requests import act_of
    from mailwake.audit.words import RECIPIENT, Thing
    from mailwake.cli.acting import audited, recipient

    parts = urlsplit(path)
    found = act_of("GET" if body is None else "POST", parts.path)
    if found is None:
        return nullcontext()
    choose, named = found
    told = choose(_posted(body) | dict(parse_qsl(parts.query)) | {name: unquote(it) for name, it in named.items()})
    if told is None:
        return nullcontext()
    of = recipient(stores.state, told.name) if told.kind == RECIPIENT else Thing(told.kind, told.name)
    return audited(stores.state, told.action, of)


def _posted(body: bytes | None) -> dict[str, str]:
    given = msgspec.json.decode(body) if body else {}
    return {name: value for name, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}


@contextmanager
def stores_opened(settings: Settings) -> Iterator[Stores]:
    """The stores, for reading, of an installation whose dashboard does not run."""
    from mailwake.insight.stores import zone_named
    from mailwake.store.events import open_events
    from mailwake.store.state import open_state

    zone = zone_named(settings.web.timezone)
    with TemporaryDirectory() as spare:
        events_path = _existing(settings.data_folder / "events.duckdb", Path(spare))
        state_path = _existing(settings.data_folder / "state.sqlite", Path(spare))
        events = open_events(events_path, read_only=events_path.exists())
        state = open_state(state_path)
        try:
            yield Stores(state=state, events=events, zone=zone)
        finally:
            events.close()
            state.close()


def _existing(path: Path, spare: Path) -> Path:
    """The file, or an empty stand-in elsewhere: a report about nothing leaves nothing behind."""
    return path if path.exists() else spare / path.name

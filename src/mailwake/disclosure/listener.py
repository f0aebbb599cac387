"""``/k/<message>``: the page, and ``/k/<message>.json`` the same as a file. Nothing is ever written or counted.

The token is that of the mail's preference page, so whoever holds it may change the choices anyway.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Receive, Scope, Send

from mailwake.disclosure.seen import Looking, Seen
from mailwake.edge.nonces import Nonces
from mailwake.edge.pages import Pages, pages_of
from mailwake.errors import MailwakeError, Untrusted
from mailwake.events import SECOND, Handle, Micros
from mailwake.hosts import Hosts
from mailwake.tokens import MessageToken, Purpose

_HERE = Path(__file__).parent
PATH = "/k/"
#: mails on the page; the file has them all
MOST = 50
#: looked up at once; whoever comes on top is asked to come again
AT_ONCE = 4
_COMMON = (
    (b"cache-control", b"no-store, private"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
    (b"vary", b"accept-language"),
)
_LOCKED = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_CHOICES = ("stop", "stop_opens", "stop_clicks", "allow", "unsubscribe")


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    kind: str
    body: bytes
    more: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(kw_only=True)
class Listener:
    """The ASGI application.

    Args:
        looking: where it is looked up.
        hosts: whose tokens are read, and how their pages present themselves.
        nonces: the edge's, so that it takes what is chosen here.
        base_url: of the edge, without a slash at the end.
        log_days: how long requests are kept as they came.
        event_days: how long events of single mails are kept.
        wall: microseconds since 1970.
    """

    looking: Looking
    hosts: Hosts
    nonces: Nonces
    base_url: str
    log_days: int
    event_days: int
    wall: Callable[[], int]
    _pages: dict[str, Pages] = field(init=False)
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._pages = pages_of(self.hosts)
        self._free = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is received
        """Answer one request."""
        if scope["type"] != "http":
            return
        answer = await self._answer(scope)
        headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(answer.body)).encode())]
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": [*headers, *_COMMON, *answer.more]}
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: Scope) -> Answer:
        path = str(scope["path"])
        if scope["method"] not in ("GET", "HEAD"):
            return _plain(405, "Only GET is answered here.", (b"allow", b"GET, HEAD"))
        if path == "/robots.txt":
            return Answer(200, "text/plain", b"User-agent: *\nDisallow: /\n")
        token, is_file = path.removeprefix(PATH).removesuffix(".json"), path.endswith(".json")
        found = self._token(token) if path.startswith(PATH) else None
        if found is None:
            return _plain(404, "This link is damaged or does not exist. Please copy it completely from the email.")
        if self._free.locked():
            return _plain(503, "Many people look at the same time. Please come again in a minute.", _RETRY)
        async with self._free:
            return await asyncio.to_thread(self._look, token, found, scope["headers"], is_file=is_file)

    def _token(self, text: str) -> tuple[str, MessageToken] | None:
        """The host that a token was sealed for, and what it says; None: it is none, or names nobody."""
        reader = self.hosts.reader()
        for host in self.hosts.all:
            with suppress(Untrusted, ValueError):
                token = reader.message(text, host, Purpose.UNSUBSCRIBE_BODY)
                return (host, token) if token.recipient and token.modes.name_one else None
        return None

    def _look(
        self, text: str, found: tuple[str, MessageToken], headers: list[tuple[bytes, bytes]], *, is_file: bool
    ) -> Answer:
        host, token = found
        try:
            seen = self.looking.seen(Handle(token.recipient or 0), now=Micros(self.wall()))
        except MailwakeError:
            return _plain(503, "We cannot look just now. Please come again in a minute.", _RETRY)
        if seen is None:
            return _plain(404, "Nothing is known of whoever this mail was sent to.")
        if is_file:
            name = (b"content-disposition", b'attachment; filename="what-is-known.json"')
            return Answer(200, "application/json", msgspec.json.format(msgspec.json.encode(seen)) + b"\n", (name,))
        return self._page(text, host, seen, self._pages[host].language(headers))

    def _page(self, text: str, host: str, seen: Seen, language: str) -> Answer:
        edge = urlsplit(self.base_url)
        origin = f"{edge.scheme}://{edge.netloc if host == edge.hostname else host}"
        style = (_HERE / "templates" / "style.css").read_text(encoding="utf-8")
        says = _languages()[language]
        page = _environment().get_template("page.html").render(
            language=language, says=says, brand=self.hosts.all[host].brand, style=style, seen=seen,
            most=MOST, action=f"{origin}/p/{text}", nonce=self.nonces.mint(text, now_seconds=self.wall() // SECOND),
            choices=[(each.replace("_", "-"), says[each]) for each in _CHOICES], log_days=self.log_days,
            event_days=self.event_days,
            file=f"{PATH}{text}.json",
        )  # fmt: skip
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
        policy = f"style-src 'sha256-{digest}'; form-action {origin}; {_LOCKED}"
        more = ((b"content-security-policy", policy.encode()), (b"content-language", language.encode()))
        return Answer(200, "text/html; charset=utf-8", page.encode(), more)


_RETRY = (b"retry-after", b"60")


def _plain(status: int, text: str, *more: tuple[bytes, bytes]) -> Answer:
    policy = (b"content-security-policy", _LOCKED.encode())
    return Answer(status, "text/plain; charset=utf-8", f"{text}\n".encode(), (policy, *more))


@cache
def _languages() -> dict[str, dict[str, str]]:
    """Our own words, and the edge's for the buttons, which mean the same there."""
    own: dict[str, dict[str, str]] = tomllib.loads((_HERE / "languages.toml").read_text(encoding="utf-8"))
    text = files("mailwake.edge").joinpath("languages.toml").read_text(encoding="utf-8")
    return {name: {**edge, **own[name]} for name, edge in tomllib.loads(text).items()}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip

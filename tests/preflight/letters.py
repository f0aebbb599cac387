"""A message with nothing wrong in it, and the world that it leaves into; tests break one thing at a time."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.visiting.web import Page, Web, certificate, home, web

from mailwake.compose.options import ComposeOptions
from mailwake.hosts import Hosts
from mailwake.modes import INDIVIDUAL
from mailwake.preflight.surroundings import Installation, Surroundings
from mailwake.settings import parse
from mailwake.spf.names import NoAnswer
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Purpose
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import Visitor

KEYS = KeyRing({1: b"keys for tests, not for any mail"})
NOW = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
TRACK, SHOP = "track.example.com", "www.example.com"
SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"feedback-id", b"list-unsubscribe", b"list-unsubscribe",
    b"list-unsubscribe-post", b"list-unsubscribe-post",
)  # fmt: skip
WORDS = (
    "Spring is here, and with it everything that we have been growing since January: seedlings, bulbs, and the roses "
    "that so many of you asked for. Come by on Saturday, bring your questions, and let us find the right place for each"
    " of them in your garden, however small it may be."
)


@cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def public_record() -> bytes:
    import base64

    der = signing_key().public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def sign(message: bytes, *, fields: Sequence[bytes] = SIGNED, domain: bytes = b"example.com") -> bytes:
    pem = signing_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )  # fmt: skip
    signature: bytes = dkim.sign(message, b"s1", domain, pem, include_headers=list(fields))
    return signature + message


@dataclass
class FakeNames:
    """A DNS that says what it is told."""

    records: dict[str, list[bytes]] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    is_silent: bool = False

    def texts(self, name: str) -> Sequence[bytes]:
        if self.is_silent:
            raise NoAnswer("Timeout")
        return self.records.get(name, [])

    def addresses(self, name: str) -> Sequence[str]:
        return self.hosts.get(name, [])

    def exchangers(self, name: str) -> Sequence[str]:
        return self.hosts.get(f"mx {name}", [])

    def pointers(self, name: str) -> Sequence[str]:
        return self.hosts.get(name, [])


def good_names() -> FakeNames:
    return FakeNames(
        {
            "example.com": [b"v=spf1 ip4:203.0.113.7 -all"],
            "_dmarc.example.com": [b"v=DMARC1; p=reject"],
            "s1._domainkey.example.com": [public_record()],
        },
        {"mx example.com": ["mail.example.com"]},
    )


@dataclass
class World:
    """Where the message leaves into."""

    site: Web
    installation: Installation
    trust: Path
    names: FakeNames

    @property
    def base(self) -> str:
        return self.site.url("", TRACK)

    def shop(self, path: str) -> str:
        return self.site.url(path, SHOP)

    def around(self, **changes: object) -> Surroundings:
        wall = Wall(allow_private=True, lookup=home, trust=self._trust, seconds=5)
        given: dict[str, object] = {
            "now": NOW,
            "options": ComposeOptions(own_hosts=frozenset({TRACK})),
            "installation": self.installation,
            "hosts": {TRACK: self.base},
            "sending_address": "203.0.113.7",
            "names": self.names,
            "visitor": Visitor(wall),
            "wall": wall,
            **changes,
        }
        return Surroundings(**given)  # type: ignore[arg-type]

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.trust))

    def tracked(self, target: str, number: int = 1) -> str:
        minter = self.installation.hosts.all[TRACK].minter
        part = minter.link(LinkToken(7, number, target))
        return f"{self.base}/c/{minter.message(Purpose.READ, self.token)}/{part}"

    @property
    def token(self) -> MessageToken:
        return MessageToken(modes=INDIVIDUAL, template=7, delivery=8, recipient=9, issued=NOW.date())

    def pixel(self) -> str:
        sealed = self.installation.hosts.all[TRACK].minter.message(Purpose.READ, self.token)
        return f'<img src="{self.base}/o/{sealed}" width="1" height="1" alt="">'

    def leave(self, purpose: Purpose = Purpose.UNSUBSCRIBE_BODY) -> str:
        return f"{self.base}/u/{self.installation.hosts.all[TRACK].minter.message(purpose, self.token)}"

    def fields(self) -> dict[str, str]:
        return {
            "From": "Garden News <news@example.com>",
            "To": "reader@example.org",
            "Subject": "Spring is here",
            "Date": "Thu, 26 Nov 2026 19:58:00 +0000",
            "Message-ID": "<0000000000000008@example.com>",
            "List-Id": "Garden News <garden.example.com>",
            "Feedback-ID": "7::marketing:garden",
            "List-Unsubscribe": f"<{self.leave(Purpose.UNSUBSCRIBE_HEADER)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "X-Mailwake": "tracked",
            "MIME-Version": "1.0",
            "Content-Type": 'multipart/alternative; boundary="cut"',
        }

    def page(self, more: str = "") -> str:
        return (
            f"<html><body>\n<p>{WORDS}</p>\n"
            f'<p><a href="{self.tracked(self.shop("/roses"))}">See the roses</a></p>\n{more}\n'
            f'<p><a href="{self.leave()}">Unsubscribe</a></p>\n{self.pixel()}</body></html>'
        )


def text_part(text: str = WORDS, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    return head.encode() + text.replace("\n", "\r\n").encode() + b"\r\n"


def unsigned(fields: Mapping[str, str], *parts: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode() + b"\r\n" + b"".join(b"--cut\r\n" + part for part in parts) + b"--cut--\r\n"


def letter(
    world: World,
    *,
    page: str = "",
    text: bytes | None = None,
    more: str = "",
    change: Mapping[str, str | None] | None = None,
    fields: Sequence[bytes] = SIGNED,
) -> bytes:
    """The message, with one thing changed; a field that is None is left out."""
    header = {**world.fields(), **(change or {})}
    kept = {name: value for name, value in header.items() if value is not None}
    parts = [text_part() if text is None else text, text_part(page or world.page(more), "text/html; charset=utf-8")]
    return sign(unsigned(kept, *filter(None, parts)), fields=fields)


@contextmanager
def world_in(folder: Path, pages: dict[str, Page] | None = None, *, unsubscribe: int = 200) -> Iterator[World]:
    """A web over TLS with a shop and a tracking host, and a DNS."""
    context = certificate(folder, TRACK, SHOP)
    found = {"/roses": Page(), **(pages or {})}
    with web(found, trust=context) as site:
        settings = parse({"tracking": {"base_url": site.url("", TRACK)}}, root=folder)
        installation = Installation.of(Hosts(settings, KEYS))
        world = World(site, installation, folder / "cert.pem", good_names())
        site.default = lambda path: Page(unsubscribe) if path.startswith("/u/") else None
        yield world

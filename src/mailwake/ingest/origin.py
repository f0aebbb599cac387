"""Whose copy came back: the sealed envelope sender that a notice is addressed to, or the token in the mail it returns.

Where mail has an envelope sender of its own (`tokens.ReturnPaths`), a notice comes to that very address. Else our
``List-Unsubscribe`` header stands in every tracked mail, and servers return headers. Where they returned more, or
another sender's header stood first, the links of the body say the same. A token cannot be invented; who holds one
received that very mail, so the worst a forger can do is to report on himself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from itertools import islice
from urllib.parse import urlsplit

from mailwake.errors import Untrusted
from mailwake.hosts import HostReader
from mailwake.ingest.mail import MAX_HEADER_CHARS, inner_text, parts, text
from mailwake.ingest.read import returned_mail
from mailwake.tokens import MessageToken, Purpose, ReturnPaths, TokenReader

#: paths of the edge, and what their tokens are for
_ROUTES = {
    "u": (Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY),
    "p": (Purpose.UNSUBSCRIBE_BODY,),
    "o": (Purpose.READ,),
    "c": (Purpose.READ,),
}
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}/[ucop]/[A-Za-z0-9_-]{24,200}(?![A-Za-z0-9_-])")
#: where they do so, the surest first; a notice is also written to the envelope sender
_ADDRESSED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
_RETURN_PATH = re.compile(r"b-[a-z2-7]{61}@[A-Za-z0-9.-]{1,255}", re.IGNORECASE)
#: A mail has as many links as it likes; the first few name the copy as well as all of them.
_MAX_TRIED = 12


class Origins:
    """Finds and verifies the token in a notice.

    Args:
        reader: reads tokens for our tracking hosts.
        return_paths: read envelope senders, by bounce domain.
    """

    def __init__(self, reader: TokenReader | HostReader, return_paths: Mapping[str, ReturnPaths] | None = None) -> None:
        self._reader = reader
        self._return_paths = return_paths or {}

    def find(self, message: Message, *, envelope: Iterable[str] = ()) -> MessageToken | None:
        """The copy that this mail is addressed for, returns or quotes; None where it holds no token that names one.

        Args:
            message: the notice.
            envelope: addresses that it was delivered to, where that is known.
        """
        for address in (*envelope, *_delivered_to(message)):
            token = self.return_path(address)
            if token is not None:
                return token
        for url in islice(_unique(_candidates(message)), _MAX_TRIED):
            token = self._verify(url)
            if token is not None and token.delivery and token.recipient:
                return token
        return None

    def is_ours(self, address: str) -> bool:
        """Whether an address belongs to a bounce domain."""
        return address.rpartition("@")[2].lower() in self._return_paths

    def return_path(self, address: str) -> MessageToken | None:
        """The copy that an envelope sender of ours names; None: it is none, or somebody made it up."""
        paths = self._return_paths.get(address.rpartition("@")[2].lower())
        try:
            return None if paths is None else paths.read(address)
        except Untrusted:
            return None

    def _verify(self, url: str) -> MessageToken | None:
        try:
            address = urlsplit(url)
            _, route, sealed = address.path.split("/", 2)
            return self._reader.message(sealed, (address.hostname or "").lower(), *_ROUTES[route])
        except (Untrusted, ValueError):
            return None


def _delivered_to(message: Message) -> Iterator[str]:
    """Addresses of our form where mailboxes write down whom a mail was delivered to."""
    for name in _ADDRESSED:
        for value in message.get_all(name, [])[:_MAX_TRIED]:
            yield from _RETURN_PATH.findall(str(value)[:MAX_HEADER_CHARS])


def _candidates(message: Message) -> Iterator[str]:
    """URLs of our form: those in the returned header first, then those in anything that can be read."""
    returned = returned_mail(message)
    if returned is not None:
        for value in returned.get_all("list-unsubscribe", []):
            yield from _URL.findall("".join(str(value).split()))
    for part in parts(message):
        for value in part.get_all("list-unsubscribe", []) if part is not message else []:
            yield from _URL.findall("".join(str(value).split()))
        words = inner_text(part) if part.get_content_maintype() == "message" else text(part)
        yield from _URL.findall(words)
        yield from _URL.findall(re.sub(r"\r?\n[ \t]+", "", words))


def _unique(urls: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for url in urls:
        if url not in seen:
            seen.add(url)
            yield url

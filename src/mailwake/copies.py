"""Whose copy a text speaks of: our URLs in it, and the sealed tokens in them.

A token cannot be invented; who holds one received that very mail, or was told of it by someone who did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from urllib.parse import urlsplit

from mailwake.errors import Untrusted
from mailwake.hosts import HostReader
from mailwake.tokens import MessageToken, Purpose, TokenReader

#: paths of the edge, and what their tokens are for
_ROUTES = {
    "u": (Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY),
    "p": (Purpose.UNSUBSCRIBE_BODY,),
    "o": (Purpose.READ,),
    "c": (Purpose.READ,),
}
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}/[ucop]/[A-Za-z0-9_-]{24,200}(?![A-Za-z0-9_-])")
#: A mail has as many links as it likes; the first few name the copy as well as all of them.
_MAX_TRIED = 12


class Copies:
    """Finds and verifies tokens of ours.

    Args:
        reader: reads tokens for our tracking hosts.
    """

    def __init__(self, reader: TokenReader | HostReader) -> None:
        self._reader = reader

    def find(self, urls: Iterable[str]) -> MessageToken | None:
        """The copy that the first genuine of these URLs names; None where none names one."""
        tokens = (self.verify(url) for url in islice(_unique(urls), _MAX_TRIED))
        return next((token for token in tokens if token and token.delivery and token.recipient), None)

    def verify(self, url: str) -> MessageToken | None:
        """What the message part of one URL says; None where it is not ours."""
        try:
            address = urlsplit(url)
            _, route, sealed, *_ = address.path.split("/", 3)
            return self._reader.message(sealed, (address.hostname or "").lower(), *_ROUTES[route])
        except (Untrusted, ValueError, KeyError):
            return None

    def link(self, url: str, template: int) -> int | None:
        """The number of the link that a click URL of a template stands for; None where it is not one of ours."""
        try:
            address = urlsplit(url)
            _, route, _, sealed = address.path.split("/", 3)
            token = self._reader.link(sealed, (address.hostname or "").lower())
        except (Untrusted, ValueError):
            return None
        return token.number if route == "c" and token.template == template else None


def clicked(reader: TokenReader | HostReader, text: str, hosts: Iterable[str]) -> tuple[MessageToken, int] | None:
    """The copy and the link that a reference names, on whichever of our hosts it was made; None: no reference of ours.

    Args:
        reader: reads tokens for our tracking hosts.
        text: as a shop hands it back.
        hosts: our tracking hosts, by name.
    """
    for host in hosts:
        with suppress(Untrusted):
            return reader.reference(text, host)
    return None


def urls_in(words: str) -> list[str]:
    """URLs of our form in a text, up to the end of their message part."""
    return _URL.findall(words)


def _unique(urls: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for url in urls:
        if url not in seen:
            seen.add(url)
            yield url

"""Whose copy came back: the sealed token in the mail that a notice returns.

Our ``List-Unsubscribe`` header stands in every tracked mail, and servers return headers. Where they returned more, or
another sender's header stood first, the links of the body say the same. A token cannot be invented; who holds one
received that very mail, so the worst a forger can do is to report on himself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import urlsplit

from mailwake.errors import Untrusted
from mailwake.hosts import HostReader
from mailwake.ingest.mail import Part, parts, text
from mailwake.ingest.read import returned_mail
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


class Origins:
    """Finds and verifies the token in a notice.

    Args:
        reader: reads tokens for our tracking hosts.
    """

    def __init__(self, reader: TokenReader | HostReader) -> None:
        self._reader = reader

    def find(self, message: Part) -> MessageToken | None:
        """The copy that this mail returns or quotes; None where it holds no token of ours that names one."""
        for url in islice(_unique(_candidates(message)), _MAX_TRIED):
            token = self._verify(url)
            if token is not None and token.delivery and token.recipient:
                return token
        return None

    def _verify(self, url: str) -> MessageToken | None:
        try:
            address = urlsplit(url)
            _, route, sealed = address.path.split("/", 2)
            return self._reader.message(sealed, (address.hostname or "").lower(), *_ROUTES[route])
        except (Untrusted, ValueError):
            return None


def _candidates(message: Part) -> Iterator[str]:
    """URLs of our form: those in the returned header first, then those in anything that can be read."""
    returned = returned_mail(message)
    if returned is not None:
        for value in returned.get_all("list-unsubscribe"):
            yield from _URL.findall("".join(str(value).split()))
    for part in parts(message):
        for value in part.get_all("list-unsubscribe") if part is not message else []:
            yield from _URL.findall("".join(str(value).split()))
        words = text(part)
        yield from _URL.findall(words)
        yield from _URL.findall(re.sub(r"\r?\n[ \t]+", "", words))


def _unique(urls: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for url in urls:
        if url not in seen:
            seen.add(url)
            yield url

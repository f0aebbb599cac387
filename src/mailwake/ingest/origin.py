"""Whose copy came back: the sealed envelope sender that a notice is addressed to, or the token in the mail it returns.

Where mail has an envelope sender of its own (`tokens.ReturnPaths`), a notice comes to that very address. Else our
``List-Unsubscribe`` header stands in every tracked mail, and servers return headers. Where they returned more, or
another sender's header stood first, the links of the body say the same. A token cannot be invented; who holds one
received that very mail, so the worst a forger can do is to report on himself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mailwake.copies import Copies, urls_in
from mailwake.errors import Untrusted
from mailwake.hosts import HostReader
from mailwake.notices.mail import MAX_HEADER_CHARS, Part, parts, text
from mailwake.notices.read import returned_mail
from mailwake.tokens import MessageToken, ReturnPaths, TokenReader

#: where they do so, the surest first; a notice is also written to the envelope sender
_ADDRESSED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
_RETURN_PATH = re.compile(r"b-[a-z2-7]{61}@[A-Za-z0-9.-]{1,255}", re.IGNORECASE)
#: Header lines of one name that are looked at.
_MAX_TRIED = 12


class Origins:
    """Finds and verifies the token in a notice.

    Args:
        reader: reads tokens for our tracking hosts.
        return_paths: read envelope senders, by bounce domain.
    """

    def __init__(self, reader: TokenReader | HostReader, return_paths: Mapping[str, ReturnPaths] | None = None) -> None:
        self._copies = Copies(reader)
        self._return_paths = return_paths or {}

    def find(self, message: Part, *, envelope: Iterable[str] = ()) -> MessageToken | None:
        """The copy that this mail is addressed for, returns or quotes; None where it holds no token that names one.

        Args:
            message: the notice.
            envelope: addresses that it was delivered to, where that is known.
        """
        for address in (*envelope, *_delivered_to(message)):
            token = self.return_path(address)
            if token is not None:
                return token
        return self._copies.find(_candidates(message))

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


def _delivered_to(message: Part) -> Iterator[str]:
    """Addresses of our form where mailboxes write down whom a mail was delivered to."""
    for name in _ADDRESSED:
        for value in message.get_all(name)[:_MAX_TRIED]:
            yield from _RETURN_PATH.findall(str(value)[:MAX_HEADER_CHARS])


def _candidates(message: Part) -> Iterator[str]:
    """URLs of our form: those in the returned header first, then those in anything that can be read."""
    returned = returned_mail(message)
    if returned is not None:
        for value in returned.get_all("list-unsubscribe"):
            yield from urls_in("".join(str(value).split()))
    for part in parts(message):
        for value in part.get_all("list-unsubscribe") if part is not message else []:
            yield from urls_in("".join(str(value).split()))
        words = text(part)
        yield from urls_in(words)
        yield from urls_in(re.sub(r"\r?\n[ \t]+", "", words))

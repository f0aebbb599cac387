"""A second button for whoever leaves the list as programs do. The answer to a doubt is that button, never a refusal."""

from __future__ import annotations

from collections.abc import Mapping

from mailwake.edge.nonces import Nonces
from mailwake.events import Headers

#: Browsers say where a form was sent from. Source: Fetch standard, section 3.1 (Origin with every POST); W3C Fetch
#: Metadata, section 2; RFC 9110 section 10.1.3 for older ones
_FROM_A_PAGE = frozenset((b"origin", b"sec-fetch-mode", b"referer"))


def looks_automatic(headers: Headers) -> bool:
    """Whether the sender of a form names no program, or nothing says that it was on a page."""
    names = {name.lower() for name, value in headers if value.strip()}
    return b"user-agent" not in names or not names & _FROM_A_PAGE


class SecondButton:
    """Shared by all pages on which one can leave the list.

    Args:
        nonces: of the pages' forms; the second button's are tied to it.
        offered: False: the first press is enough for everybody.
    """

    def __init__(self, nonces: Nonces, *, offered: bool) -> None:
        self._nonces = nonces
        self._offered = offered

    def is_due(self, headers: Headers) -> bool:
        """Whether the first press came as programs send it."""
        return self._offered and looks_automatic(headers)

    def mint(self, rest: str, *, now_seconds: int) -> str:
        """The nonce that it sends, for one token."""
        return self._nonces.mint(f"{rest} again", now_seconds=now_seconds)

    def was_pressed(self, form: Mapping[str, str], rest: str, *, now_seconds: int) -> bool:
        """Whether a form comes from it."""
        return self._nonces.holds(form.get("again", ""), f"{rest} again", now_seconds=now_seconds)

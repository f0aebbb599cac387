"""One recipient's copy of a message, and the addresses that stand in it.

An axis that may not tell people apart gets the same sealed part in every copy: no delivery, no recipient, and of the
modes only its own. Unsubscribing needs to know who; those parts always name the copy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from mailwake.modes import Mode, Modes
from mailwake.tokens import MessageToken, Minter, Purpose


class Slot(IntEnum):
    """The sealed message parts that every layout can ask for; further places count on from `FIRST_FREE`."""

    #: in the pixel
    OPENED = 0
    #: in tracked links
    CLICKED = 1
    #: in the List-Unsubscribe header
    HEADER = 2
    #: in unsubscribe and preference links of the body
    PAGE = 3


FIRST_FREE = len(Slot)


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One recipient's copy; builds its addresses."""

    minter: Minter
    #: scheme and host of pixel and links, such as ``https://track.example.com``
    base_url: str
    token: MessageToken

    @property
    def base(self) -> str:
        """The base URL without a slash at the end."""
        return self.base_url.rstrip("/")

    def pixel_url(self) -> str:
        """The address of the pixel."""
        return f"{self.base}/o/{self._opened}"

    def click_url(self, link_part: str) -> str:
        """The address of a tracked link.

        Args:
            link_part: sealed by `Minter.link` for this copy's template.
        """
        return f"{self.base}/c/{self._clicked}/{link_part}"

    def unsubscribe_header_url(self) -> str:
        """For List-Unsubscribe; takes the one-click POST of RFC 8058."""
        return f"{self.base}/u/{self._header}"

    def unsubscribe_url(self) -> str:
        """For the link in the body; a page with a button."""
        return f"{self.base}/u/{self._page}"

    def preferences_url(self) -> str:
        """The page on which a recipient says what may be tracked."""
        return f"{self.base}/p/{self._page}"

    def values(self, slots: Collection[int]) -> list[bytes]:
        """The sealed parts in the order of `Slot`, made only where they are asked for."""
        return [
            self._opened.encode() if Slot.OPENED in slots else b"",
            self._clicked.encode() if Slot.CLICKED in slots else b"",
            self._header.encode() if Slot.HEADER in slots else b"",
            self._page.encode() if Slot.PAGE in slots else b"",
        ]

    @cached_property
    def _opened(self) -> str:
        token = self.token
        if token.modes.opens >= Mode.INDIVIDUAL:
            return self._reading
        if token.modes.opens == Mode.DELIVERABILITY:
            return self.minter.message(Purpose.READ, token._replace(delivery=0))
        modes = Modes(opens=token.modes.opens, clicks=Mode.OFF)
        return self.minter.message(Purpose.READ, token._replace(modes=modes, delivery=0, recipient=0))

    @cached_property
    def _clicked(self) -> str:
        token = self.token
        if token.modes.clicks >= Mode.INDIVIDUAL:
            return self._reading
        modes = Modes(opens=Mode.OFF, clicks=token.modes.clicks)
        return self.minter.message(Purpose.READ, token._replace(modes=modes, delivery=0, recipient=0))

    @cached_property
    def _reading(self) -> str:
        return self.minter.message(Purpose.READ, self.token)

    @cached_property
    def _header(self) -> str:
        return self.minter.message(Purpose.UNSUBSCRIBE_HEADER, self.token)

    @cached_property
    def _page(self) -> str:
        return self.minter.message(Purpose.UNSUBSCRIBE_BODY, self.token)

"""One recipient's copy of a message, and the addresses that stand in it.

An axis that may not tell people apart gets the same sealed part in every copy: no delivery, no recipient, and of the
modes only its own. Unsubscribing needs to know who; those parts always name the copy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from mailwake.modes import Mode, Modes
from mailwake.tokens import MessageToken, Minter, Purpose


class Slot:
    """The sealed message parts that every layout can ask for; further places count on from `FIRST_FREE`.

    Plain numbers and no enum: rendering looks them up per recipient.
    """

    #: in the pixel
    OPENED: Final = 0
    #: in tracked links
    CLICKED: Final = 1
    #: in the List-Unsubscribe header
    HEADER: Final = 2
    #: in unsubscribe and preference links of the body
    PAGE: Final = 3


FIRST_FREE = 4


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
        return f"{self.base}/o/{self._opened()}"

    def click_url(self, link_part: str) -> str:
        """The address of a tracked link.

        Args:
            link_part: sealed by `Minter.link` for this copy's template.
        """
        return f"{self.base}/c/{self._clicked()}/{link_part}"

    def unsubscribe_header_url(self) -> str:
        """For List-Unsubscribe; takes the one-click POST of RFC 8058."""
        return f"{self.base}/u/{self.minter.message(Purpose.UNSUBSCRIBE_HEADER, self.token)}"

    def unsubscribe_url(self) -> str:
        """For the link in the body; a page with a button."""
        return f"{self.base}/u/{self.minter.message(Purpose.UNSUBSCRIBE_BODY, self.token)}"

    def preferences_url(self) -> str:
        """The page on which a recipient says what may be tracked."""
        return f"{self.base}/p/{self.minter.message(Purpose.UNSUBSCRIBE_BODY, self.token)}"

    def values(self, slots: Collection[int]) -> list[bytes]:
        """The sealed parts in the order of `Slot`, made only where they are asked for."""
        return sealed_parts(self.minter, self.token, slots)

    def _opened(self) -> str:
        return self.minter.message(Purpose.READ, opened_token(self.token))

    def _clicked(self) -> str:
        return self.minter.message(Purpose.READ, clicked_token(self.token))


def sealed_parts(minter: Minter, token: MessageToken, slots: Collection[int]) -> list[bytes]:
    """The sealed parts of a copy in the order of `Slot`; empty where they are not asked for."""
    seal, parts = minter.message_bytes, [b"", b"", b"", b""]
    if Slot.OPENED in slots:
        parts[Slot.OPENED] = seal(Purpose.READ, opened_token(token))
    if Slot.CLICKED in slots:
        modes = token.modes
        same = modes.opens is modes.clicks is Mode.INDIVIDUAL
        parts[Slot.CLICKED] = (same and parts[Slot.OPENED]) or seal(Purpose.READ, clicked_token(token))
    if Slot.HEADER in slots:
        parts[Slot.HEADER] = seal(Purpose.UNSUBSCRIBE_HEADER, token)
    if Slot.PAGE in slots:
        parts[Slot.PAGE] = seal(Purpose.UNSUBSCRIBE_BODY, token)
    return parts


def opened_token(token: MessageToken) -> MessageToken:
    """What the pixel may say of a copy."""
    opens = token.modes.opens
    if opens is Mode.INDIVIDUAL:
        return token
    if opens is Mode.DELIVERABILITY:
        return token._replace(delivery=0)
    return token._replace(modes=Modes(opens=opens, clicks=Mode.OFF), delivery=0, recipient=0)


def clicked_token(token: MessageToken) -> MessageToken:
    """What a link may say of a copy."""
    clicks = token.modes.clicks
    if clicks is Mode.INDIVIDUAL:
        return token
    return token._replace(modes=Modes(opens=Mode.OFF, clicks=clicks), delivery=0, recipient=0)

"""What a sender wants put into mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailwake.compose.metadata import check_esp
from mailwake.errors import BadInput
from mailwake.settings import Settings

_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f]")
#: Source: RFC 2919 section 3; shorter than a header line that needs folding
_LIST_ID = re.compile(r"[ -;=?A-~]{0,200}<[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+>")


@dataclass(frozen=True, kw_only=True)
class ComposeOptions:
    """How mail is instrumented; what cannot stand in a header is refused here.

    Raises:
        BadInput: a value has a line end or another control character in it.
    """

    #: add List-Unsubscribe and List-Unsubscribe-Post (RFC 8058) where the sender has none
    list_unsubscribe: bool = True
    #: mailto address for List-Unsubscribe, beside the https one; empty: none
    unsubscribe_mailto: str = ""
    #: Feedback-ID header, complete; empty: none. It must be the same for all recipients
    feedback_id: str = ""
    #: List-Id header, complete; empty: none. It stays the same for the list
    list_id: str = ""
    #: a pixel at the top and another at the end
    end_pixel: bool = False
    #: two hidden links that only machines follow
    decoys: bool = False
    #: track links of text/plain parts too
    text_parts: bool = False
    #: no pixel in a page of fewer bytes
    pixel_min_bytes: int = 0
    #: the pixel is a background instead of a picture
    background_pixel: bool = False
    #: query parameters for tracked links that do not have them
    utm: Mapping[str, str] = field(default_factory=dict)
    #: turn {{unsubscribe_url}}, {{preferences_url}} and mailwake: addresses into our pages
    own_pages: bool = True
    #: hosts whose links are tracked already, lower case
    own_hosts: frozenset[str] = frozenset()
    #: instrument mail that has a DKIM-Signature, which breaks the signature
    dkim_signed: bool = False
    #: the ESP whose metadata carries our unsubscribe URL; empty: none
    esp: str = ""
    #: say in a header why a message passes untouched, where that breaks nothing
    mark_untouched: bool = True

    def __post_init__(self) -> None:
        """Nothing that ends a header line gets any further."""
        for name in ("unsubscribe_mailto", "feedback_id", "list_id"):
            if _LINE_BREAK.search(getattr(self, name)):
                raise BadInput(f"{name} has a line end or control character in it; take it out")
        if re.search(r"[<>,\s]", self.unsubscribe_mailto):
            raise BadInput("unsubscribe_mailto is not one mail address; give one without name or brackets")
        if self.list_id and not _LIST_ID.fullmatch(self.list_id):
            raise BadInput(
                "list_id is not of the form News <news.example.com>; give a name in ASCII and a host of yours"
            )

    @classmethod
    def from_settings(cls, settings: Settings, *, campaign: str = "", stream: str = "marketing") -> ComposeOptions:
        """The options of an installation.

        Args:
            settings: all of mailwake.toml.
            campaign: what the Feedback-ID shall tell campaigns apart by, such as the campaign's number.
            stream: marketing, transactional or outbound.
        """
        wanted, sender = settings.compose, settings.compose.feedback_id
        check_esp(settings.smtp.esp)
        return cls(
            list_unsubscribe=wanted.list_unsubscribe,
            unsubscribe_mailto=wanted.unsubscribe_mailto,
            list_id=wanted.list_id,
            feedback_id=sender and f"{campaign}::{stream}:{sender}",
            end_pixel=wanted.end_pixel,
            decoys=wanted.decoys,
            text_parts=wanted.text_parts,
            pixel_min_bytes=wanted.pixel_min_bytes,
            background_pixel=wanted.background_pixel,
            dkim_signed=wanted.dkim_signed,
            utm=wanted.utm,
            own_hosts=settings.own_hosts,
            esp=settings.smtp.esp,
        )

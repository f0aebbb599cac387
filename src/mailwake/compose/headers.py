"""The headers that are added, and only where the sender has none.

Source: RFC 2369 (List-Unsubscribe), RFC 8058 (one-click), RFC 2919 (List-Id),
https://support.google.com/a/answer/6254652 (Feedback-ID).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailwake.compose.copy import Copy, Slot
from mailwake.compose.options import ComposeOptions
from mailwake.errors import BadInput
from mailwake.markup.mime import Entity

#: Everything that this room adds; the way back to the original is to take these out.
ADDED = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "X-Mailwake")
_UNFIT = re.compile(r"[^!-~]|[<>]")


def added_headers(
    message: Entity,
    copy: Copy,
    options: ComposeOptions,
    *,
    newline: bytes,
    untouched: str | None,
    more: Sequence[bytes | int] = (),
) -> list[bytes | int]:
    """New header lines, to be put in at the end of the message's header.

    Args:
        message: its places.
        copy: whose copy it is.
        options: what the sender wants.
        newline: the message's line end.
        untouched: why nothing else changes; None when something does.
        more: one more line, without its end.

    Raises:
        BadInput: the base URL cannot stand in a header.
    """
    if _UNFIT.search(copy.base):
        raise BadInput("the base URL cannot stand in a header; write it as https://track.example.com")
    lines: list[list[bytes | int]] = []
    # Without a recipient there is nobody to unsubscribe.
    if options.list_unsubscribe and copy.token.recipient and message.header("list-unsubscribe") is None:
        mailto = f", <mailto:{options.unsubscribe_mailto}>" if options.unsubscribe_mailto else ""
        lines.append([f"List-Unsubscribe: <{copy.base}/u/".encode(), Slot.HEADER, f">{mailto}".encode()])
        if message.header("list-unsubscribe-post") is None:
            lines.append([b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"])
    if options.list_id and message.header("list-id") is None:
        lines.append([b"List-Id: ", options.list_id.encode("ascii")])
    if options.feedback_id and message.header("feedback-id") is None:
        lines.append([b"Feedback-ID: ", options.feedback_id.encode("ascii", "replace")])
    if more:
        lines.append([*more])
    lines.append([f"X-Mailwake: untouched; {untouched}".encode() if untouched else b"X-Mailwake: tracked"])
    ended = message.header_end == 0 or message.lines[message.header_end - 1] in b"\n\r"
    if ended:
        return [item for line in lines for item in (*line, newline)]
    return [item for line in lines for item in (newline, *line)]

"""Reads a delivered message as a mail program or a scanner does: what it would load, and what one could follow."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HREF = re.compile(r"""<(?:a|area)\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_MSO_HREF = re.compile(r"""<v:[a-z]+\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IMAGE = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_HEADER_URL = re.compile(r"<(https?://[^>\s]+)>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """What a message offers to whoever opens it. URLs as they stand there, entities decoded."""

    #: remote images of the tracking host
    images: tuple[str, ...]
    #: links that a person sees, in document order, without those to the pages below
    links: tuple[str, ...]
    #: links for Outlook's Word engine alone; scanners that read the source find them
    mso_links: tuple[str, ...]
    #: page behind the unsubscribe link in the body; None: there is none
    unsubscribe_page: str | None
    preferences_page: str | None
    #: where a mailbox provider posts (RFC 8058); None: not offered
    one_click: str | None


def read_mail(raw: bytes, tracking_url: str) -> Mail:
    """Take a message apart.

    Args:
        raw: as it was stored.
        tracking_url: scheme and host; what leads elsewhere cannot be reached from here and is left out.
    """
    message = BytesParser(policy=compat32).parsebytes(raw)
    page = _html(message)
    ours = tracking_url.rstrip("/") + "/"
    visible = _COMMENT.sub("", page)
    links = [url for url in _urls(_HREF, visible) if url.startswith(ours)]
    mso = [url for url in (*_urls(_HREF, _inside(page)), *_urls(_MSO_HREF, page)) if url.startswith(ours)]
    return Mail(
        images=tuple(url for url in _urls(_IMAGE, visible) if url.startswith(ours)),
        links=tuple(url for url in links if url.startswith(ours + "c/")),
        mso_links=tuple(url for url in mso if url.startswith(ours + "c/")),
        unsubscribe_page=next((url for url in links if url.startswith(ours + "u/")), None),
        preferences_page=next((url for url in links if url.startswith(ours + "p/")), None),
        one_click=_one_click(message),
    )


def header_block(raw: bytes) -> bytes:
    """The message's headers as they stand there, up to the empty line."""
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n"


def _html(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/html":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return payload.decode(part.get_content_charset("utf-8"), "replace")
    return ""


def _inside(page: str) -> str:
    return "\n".join(_COMMENT.findall(page))


def _urls(pattern: re.Pattern[str], page: str) -> list[str]:
    return [html.unescape(found[1] if found[1] is not None else found[2]) for found in pattern.finditer(page)]


def _one_click(message: Message) -> str | None:
    if "one-click" not in str(message.get("List-Unsubscribe-Post", "")).lower():
        return None
    found = _HEADER_URL.search("".join(str(message.get("List-Unsubscribe", "")).split()))
    return found[1] if found else None

"""What the author wrote: an .html file with a few lines on top, or a complete .eml.

An .html file may begin with front matter, ``---``, lines of ``name: value``, ``---``. Known names: subject, from,
reply-to, campaign, stream. An .eml keeps its pictures, attachments and own headers; what belongs to one delivery
(To, Date, Message-ID and the way it took) is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import cast

from mailwake.errors import BadInput
from mailwake.merge.people import refuse
from mailwake.merge.plain import plain_text

FRONT_MATTER = ("subject", "from", "reply-to", "campaign", "stream")
#: Headers of an .eml that belong to one delivery, or that we set ourselves.
_OWN = re.compile(
    r"to|cc|bcc|date|message-id|received|return-path|delivered-to|dkim-signature|arc-.*|authentication-results|subject|from"
    r"|reply-to|mime-version|content-.*|x-mailwake.*"
)
_TOP = re.compile(r"\A---[ \t]*\r?\n(?P<lines>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A message as authored, for any number of recipients."""

    html: str = field(repr=False)
    #: the author's own text, or one made from the HTML
    text: str = field(repr=False)
    #: with merge fields
    subject: str
    sender: str
    reply_to: str = ""
    campaign: str = ""
    stream: str = ""
    #: further headers of an .eml, as they stand there
    headers: tuple[tuple[str, str], ...] = ()
    #: what else an .eml holds, with where it hangs: "alternative", "related" (pictures of the page) or "mixed"
    parts: tuple[tuple[EmailMessage, str], ...] = field(default=(), repr=False)

    @property
    def sender_address(self) -> str:
        """The bare address, which is also the envelope sender."""
        return parseaddr(self.sender)[1]


def read_source(path: Path, given: Mapping[str, str]) -> Source:
    """Read a template.

    Args:
        path: an .html or .eml file.
        given: what the command line says, by the names of the front matter; it wins.

    Raises:
        BadInput: the file cannot be read, has no HTML, or subject or sender are missing or broken.
    """
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise BadInput(f"{path}: {fault.strerror}") from None
    return parse_source(raw, path, given)


def parse_source(raw: bytes, path: Path, given: Mapping[str, str]) -> Source:
    """The template in a file's bytes; see `read_source`.

    Args:
        raw: what the file held.
        path: where it stood; the end of its name tells the kind, the whole is named in messages.
        given: as for `read_source`.
    """
    source = _from_eml(raw, path) if path.suffix.lower() == ".eml" else _from_html(raw, path)
    return _checked(source, {name: value for name, value in given.items() if value}, path)


def _from_html(raw: bytes, path: Path) -> dict[str, object]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}: is not UTF-8; save it as UTF-8") from None
    found = _TOP.match(text)
    if not found:
        return {"html": text}
    said: dict[str, object] = {"html": text[found.end() :]}
    for number, line in enumerate(found["lines"].splitlines(), 2):
        name, colon, value = line.partition(":")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not colon or name.strip().lower() not in FRONT_MATTER:
            raise BadInput(f"{path}, line {number}: write one of {', '.join(FRONT_MATTER)}, a colon and the value")
        said[name.strip().lower()] = value.strip()
    return said


def _from_eml(raw: bytes, path: Path) -> dict[str, object]:
    message = message_from_bytes(raw, policy=policy.default)
    page = message.get_body(("html",))
    if page is None:
        raise BadInput(f"{path}: holds no text/html part; there is nothing to merge")
    text = message.get_body(("plain",))
    parts = [(part, where) for part, where in _leaves(message, "mixed") if part is not page and part is not text]
    return {
        "html": page.get_content(),
        "text": text.get_content() if text is not None else "",
        "subject": str(message["Subject"] or ""),
        "from": str(message["From"] or ""),
        "reply-to": str(message["Reply-To"] or ""),
        "headers": tuple((name, str(value)) for name, value in message.items() if not _OWN.fullmatch(name.lower())),
        "parts": tuple(parts),
    }


def _leaves(part: EmailMessage, where: str) -> Iterator[tuple[EmailMessage, str]]:
    """Every part that holds no others, with the kind of multipart it stands in; an attached message is one part."""
    if part.get_content_maintype() != "multipart":
        yield part, where
        return
    for inner in part.iter_parts():
        kind = part.get_content_subtype()
        yield from _leaves(cast("EmailMessage", inner), kind if kind in {"alternative", "related"} else "mixed")


def _checked(said: dict[str, object], given: Mapping[str, str], path: Path) -> Source:
    merged = {**said, **given}
    for name, option in (("subject", "--subject"), ("from", "--from")):
        if not merged.get(name):
            raise BadInput(f"{path}: has no {name}; add `{name}: …` to its front matter or give {option}")
    for name in FRONT_MATTER:
        if re.search(r"[\r\n\0]", str(merged.get(name, ""))):
            raise BadInput(f"{path}: {name} holds a line break, which could forge a header")
    html = str(merged["html"])
    return Source(
        html=html,
        text=str(merged.get("text") or "") or plain_text(html),
        subject=str(merged["subject"]),
        sender=_mailbox(str(merged["from"]), "from"),
        reply_to=_mailbox(str(merged["reply-to"]), "reply-to") if merged.get("reply-to") else "",
        campaign=str(merged.get("campaign") or ""),
        stream=str(merged.get("stream") or ""),
        headers=cast("tuple[tuple[str, str], ...]", merged.get("headers", ())),
        parts=cast("tuple[tuple[EmailMessage, str], ...]", merged.get("parts", ())),
    )


def _mailbox(text: str, option: str) -> str:
    name, address = parseaddr(text)
    if reason := refuse(address, {}):
        raise BadInput(f"{option}: {text!r}: {reason}; write it as Name <name@example.com>")
    return formataddr((name, address)) if name else address

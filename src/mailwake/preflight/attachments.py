"""Files that providers do not take, whatever is in them: told by the end of their name.

What is packed into an archive is not looked at.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache
from importlib import resources

from mailwake.markup.mime import Entity
from mailwake.markup.words import readable
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.mail import Mail

#: Of a field, as much as any program writes for one name.
_FIELD_CHARS = 2_000


@lru_cache(maxsize=1)
def _blocked() -> frozenset[str]:
    """Ends of names, lower case, without the dot."""
    text = resources.files(__package__).joinpath("blocked_files.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["ends"])


def check_attachments(mail: Mail) -> Iterator[Finding]:
    """Every attached file by itself."""
    for leaf in mail.leaves:
        name = _name(leaf).strip().rstrip(".")
        if name.rpartition(".")[2].lower() in _blocked() and "." in name:
            yield finding("attachment_blocked", mail.line(leaf.start), name, name=name)


def _name(leaf: Entity) -> str:
    """What an attachment is called, as RFC 2231 has it or in encoded words, as many programs do; empty: nothing."""
    message = Message()
    for field in ("content-disposition", "content-type"):
        message[field] = "".join((leaf.header(field) or "").splitlines())[:_FIELD_CHARS]
    try:
        return readable(message.get_filename("") or "")
    except (LookupError, ValueError):  # a charset that is none
        return ""

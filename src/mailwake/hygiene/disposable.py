"""A list of the operator's own of domains whose mailboxes last minutes, beside the short one in known.toml.

One domain a line, as the lists that are kept in public have it; what stands behind a # and empty lines are passed over.
"""

from __future__ import annotations

import re

from mailwake.errors import Misconfigured
from mailwake.settings import Settings

_OPTION = "hygiene.disposable"
#: a hundred times the longest list that is kept in public
_MOST_BYTES = 64_000_000
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}", re.ASCII)


def own_disposable(settings: Settings | None) -> frozenset[str]:
    """The domains of the operator's file, lower case and in IDNA form; none where none is named.

    Raises:
        Misconfigured: the file cannot be read, or a line is no domain.
    """
    if settings is None or not settings.hygiene.disposable:
        return frozenset()
    path = settings.path(settings.hygiene.disposable)
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as fault:
        raise Misconfigured(_OPTION, f"cannot read {path}: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise Misconfigured(_OPTION, f"{path} is not UTF-8; give a text file with a domain a line") from None
    if len(raw) > _MOST_BYTES:
        raise Misconfigured(_OPTION, f"{path} is larger than {_MOST_BYTES // 1_000_000} MB")
    lines = ((number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    return frozenset(_domain(line, f"{path}, line {number}") for number, line in lines if line)


def _domain(text: str, where: str) -> str:
    try:
        domain = (text if text.isascii() else text.encode("idna").decode("ascii")).lower().rstrip(".")
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise Misconfigured(_OPTION, f"{where}: {text[:100]!r} is no domain; write one a line, such as mailinator.com")
    return domain

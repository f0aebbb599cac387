"""Whether a form came as programs send it. The answer to a doubt is a second button, never a refusal."""

from __future__ import annotations

from mailwake.events import Headers

#: Browsers say where a form was sent from. Source: Fetch standard, section 3.1 (Origin with every POST); W3C Fetch
#: Metadata, section 2; RFC 9110 section 10.1.3 for older ones
_FROM_A_PAGE = frozenset((b"origin", b"sec-fetch-mode", b"referer"))


def looks_automatic(headers: Headers) -> bool:
    """Whether the sender of a form names no program, or nothing says that it was on a page."""
    names = {name.lower() for name, value in headers if value.strip()}
    return b"user-agent" not in names or not names & _FROM_A_PAGE

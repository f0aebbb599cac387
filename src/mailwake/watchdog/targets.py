"""Which targets are visited: those that every reader of a mail shares, and where a look changes nothing.

A visit is a GET at worst, made by nobody who received the mail. So no address is visited that may be one person's own,
because it may log that person in or be used up by the look; and none that says it changes something. The template of a
mail that came through the relay is the first copy of it, so even its addresses may be somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, unquote, urlsplit

from mailwake.compose.targets import judge_target
from mailwake.store.watch import Place

#: links that are about the reader, by the role that compose gave them
_ROLES = frozenset(("unsubscribe", "preferences", "decoy"))
#: words of an address that say that a look does something, or is somebody's
_ACTS = re.compile(
    r"(?i)unsub|opt-?_?out|opt-?_?in|preferenc|subscri|confirm|verif|activat|reset|passw|log-?_?in|log-?_?out|sign-?_?in"
    r"|sign-?_?out|magic|invit|delete|remove|cancel|abmeld|austrag|abbestell|accept|decline|rsvp|vote|survey|logout"
)
#: names of parameters whose values are for one person or one time
_NAMES = frozenset((
    *("token", "tok", "key", "apikey", "api_key", "code", "sig", "signature", "auth", "otp", "jwt", "nonce", "ticket"),
    *("secret", "session", "sessionid", "sid", "hash", "user", "userid", "user_id", "uid", "email", "e-mail", "mail"),
    *("recipient", "subscriber", "contact", "contactid", "customer", "customerid", "member", "memberid", "mc_eid"),
    *("_hsenc", "_hsmi", "vero_id", "oly_enc_id", "mkt_tok", "ck_subscriber_id"),
))  # fmt: skip
_UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
#: long enough to be a secret; words and numbers of shops are shorter, or are letters or digits alone
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_MANY_DIGITS = 16


def why_not(place: Place, streams: Collection[str]) -> str | None:
    """Why the target of a link is never visited; None: it is.

    Args:
        place: the link.
        streams: whose mail is watched.

    Returns:
        stream, role, address, acts, personal or secret.
    """
    if place.stream not in streams:
        return "stream"
    if place.role in _ROLES:
        return "role"
    if judge_target(place.href)[0] is not None:
        return "address"
    return why_not_address(place.href)


def why_not_address(href: str) -> str | None:
    """The same of an address alone, one that may be tracked."""
    parts = urlsplit(href)
    told = unquote(f"{parts.path}?{parts.query}")
    if _ACTS.search(told):
        return "acts"
    if "@" in told or any(name.lower() in _NAMES for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return "personal"
    return "secret" if _UUID.search(told) or any(map(_looks_drawn, _RUN.findall(told))) else None


def _looks_drawn(run: str) -> bool:
    """Whether letters and digits stand together as nobody writes them."""
    digits = sum(character.isdigit() for character in run)
    return digits >= _MANY_DIGITS or (digits >= 2 and digits < len(run))

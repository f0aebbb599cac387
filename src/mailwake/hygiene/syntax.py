"""What is wrong with an address as it is written, in words for whoever has to mend it.

More exact than `merge.people`, which only refuses what no server could take: this says what the fault is.

Source: RFC 5321 section 4.1.2 (mailbox), 4.5.3.1 (lengths, in octets); RFC 6531 (letters of all scripts);
RFC 5891 (labels of a domain).
"""

from __future__ import annotations

import re

from mailwake.errors import BadInput
from mailwake.store.state import split_address

MAX_LOCAL_OCTETS, MAX_DOMAIN_OCTETS, MAX_LABEL_OCTETS = 64, 253, 63
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*"')
_LABEL = re.compile(r"(?!-)[a-z0-9_-]+(?<!-)")

NO_ADDRESS = "it has no @ with a name before and a domain behind it"
SPACE = "it holds a space or a character that cannot be seen"
DOTS = "a dot stands at the start or end of the name, or two follow each other"
LETTER = "the name holds a character that needs quotes around it"
LONG_NAME = "the name is longer than the 64 octets that mail servers take"
NO_DOMAIN = "the domain is none: it needs labels of letters, digits and hyphens with dots between"
LITERAL = "a number in brackets instead of a domain; lists cannot be mailed there"


def fault(address: str) -> str:
    """What is wrong, in English; empty where nothing is.

    A quoted name is right; `is_quoted` tells it.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain:
        return NO_ADDRESS
    if not address.strip().isprintable() or (" " in address.strip() and not is_quoted(address)):
        return SPACE
    return _fault_of_name(local) or _fault_of_domain(address, domain)


def is_quoted(address: str) -> bool:
    """Whether the name is a quoted string, which few programs can handle."""
    return bool(_QUOTED.fullmatch(address.strip().rpartition("@")[0]))


def _fault_of_name(local: str) -> str:
    if len(local.encode("utf-8", "surrogatepass")) > MAX_LOCAL_OCTETS:
        return LONG_NAME
    if _QUOTED.fullmatch(local):
        return ""
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return DOTS
    return "" if all(_ATOM.fullmatch(atom) for atom in local.split(".")) else LETTER


def _fault_of_domain(address: str, domain: str) -> str:
    if domain.startswith("["):
        return LITERAL
    try:
        name = split_address(address)[1]
    except BadInput:
        return NO_DOMAIN
    labels = name.split(".")
    fits = len(name) <= MAX_DOMAIN_OCTETS and len(labels) > 1 and not labels[-1].isdigit()
    return "" if fits and all(len(x) <= MAX_LABEL_OCTETS and _LABEL.fullmatch(x) for x in labels) else NO_DOMAIN

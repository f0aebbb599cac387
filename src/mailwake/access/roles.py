"""Roles and what they may, from ``roles.toml`` and ``permissions.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mailwake.errors import BadInput

#: the role without which nobody could let anybody in; there is always somebody who has it
OWNER = "owner"
#: to see addresses instead of pseudonyms
REVEAL = "people:read"
#: all numbers, and those about many alone, which are part of them
NUMBERS, TOTALS = "stats:read", "stats:totals"


@cache
def _told() -> tuple[Mapping[str, str], Mapping[str, tuple[str, frozenset[str]]]]:
    known: dict[str, str] = _read("permissions.toml")
    roles = {
        name: (str(role["says"]), frozenset(known) if role["may"] == ["*"] else whole(role["may"]))
        for name, role in _read("roles.toml").items()
    }
    return known, roles


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def whole(may: Iterable[str]) -> frozenset[str]:
    """Permissions with those that are part of them."""
    found = frozenset(may)
    return found | {TOTALS} if NUMBERS in found else found


def permissions() -> Mapping[str, str]:
    """Every permission, with what it lets somebody do."""
    return _told()[0]


def roles() -> Mapping[str, str]:
    """Every role, with what it is for."""
    return {name: says for name, (says, _) in _told()[1].items()}


def may(role: str) -> frozenset[str]:
    """What a role may do; a role that there is none of, nothing."""
    return _told()[1].get(role, ("", frozenset[str]()))[1]


def role_named(name: str) -> str:
    """The role of this name.

    Raises:
        BadInput: there is none.
    """
    if name not in roles():
        raise BadInput(f"there is no role {name[:40]!r}; there are {', '.join(roles())}")
    return name


def scopes_named(names: Iterable[str]) -> tuple[str, ...]:
    """Permissions for a key, once each, in the order of the list.

    Raises:
        BadInput: one of them is none, or there are none.
    """
    wanted = {name.strip() for name in names if name.strip()}
    if unknown := sorted(wanted - set(permissions())):
        raise BadInput(f"there is no scope {unknown[0][:40]!r}; there are {', '.join(permissions())}")
    if not wanted:
        raise BadInput(f"name at least one scope; there are {', '.join(permissions())}")
    return tuple(name for name in permissions() if name in wanted)

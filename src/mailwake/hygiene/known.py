"""What is known of domains and names by themselves: the table of known.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The table of known.toml; all in lower case, domains in IDNA form."""

    #: whose names people mistype
    providers: frozenset[str]
    #: mailboxes that last minutes
    disposable: frozenset[str]
    #: names of tasks
    roles: frozenset[str]
    #: dots in the name do not count
    dotless: frozenset[str]
    #: what follows a + does not count
    plus: frozenset[str]


@cache
def known() -> Known:
    """The table, read once."""
    tree: dict[str, list[str]] = tomllib.loads(files("mailwake.hygiene").joinpath("known.toml").read_text("utf-8"))
    return Known(**{name: frozenset(words) for name, words in tree.items()})


def is_disposable(domain: str, own: Collection[str] = ()) -> bool:
    """Whether mailboxes there last minutes; a name below such a domain is one of its own.

    Args:
        domain: lower case, in IDNA form.
        own: domains of the operator's own list.
    """
    labels = domain.split(".")
    above = (".".join(labels[place:]) for place in range(len(labels) - 1))
    return any(each in known().disposable or each in own for each in above)


def is_role(local: str) -> bool:
    """Whether a name stands for a task and not for a person."""
    return local.partition("+")[0].casefold() in known().roles


def mailbox(key: str) -> str:
    """The mailbox that an address leads to, as far as its provider says so in public.

    Args:
        key: of `store.state.address_key`.
    """
    local, _, domain = key.rpartition("@")
    if domain in known().plus:
        local = local.partition("+")[0] or local
    if domain in known().dotless:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"

"""What only a CRM knows of a person: who looks after them, and whether they may be profiled; nothing at first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from mailwake.events import Handle


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactFacts:
    """What a CRM says of one person. Texts may be hostile; an empty one is not known."""

    name: str = ""
    #: who looks after them
    owner: str = ""
    #: of their record in the CRM
    url: str = ""


def _nobody(_: Sequence[Handle]) -> Mapping[Handle, ContactFacts]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Contacts:
    """Where such facts come from."""

    #: gives the facts of those that it knows
    facts: Callable[[Sequence[Handle]], Mapping[Handle, ContactFacts]] = field(default=_nobody)
    #: gives those who do not want to be profiled
    not_profiled: Callable[[], AbstractSet[Handle]] = field(default=frozenset)

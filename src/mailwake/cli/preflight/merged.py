"""What a list makes of a letter beyond the copy that is looked at: addresses merged into links, and empty fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from mailwake.errors import BadInput
from mailwake.events import DeliveryId
from mailwake.merge.run import Addressee
from mailwake.merge.run import Letter as AnyLetter
from mailwake.preflight.findings import Finding, Unknown, printable
from mailwake.preflight.mail import Mail
from mailwake.preflight.surroundings import Surroundings
from mailwake.preflight.targets import MOST_TARGETS, Target, check_targets, follow, targets
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import End, Hop, Visit, Visitor
from mailwake.watchdog.targets import why_not_address

#: Copies that are made to see where their links lead, each with other values in them.
_MOST_COPIES = 200


class Letter(AnyLetter, Protocol):
    """A letter that tells what the list puts into it."""

    def fields_of(self, addressee: Addressee) -> frozenset[str]:
        """The names of the merge fields of a copy."""
        ...

    def link_values(self, addressee: Addressee) -> tuple[str, ...]:
        """What the links of a copy are made of beside the page; empty: nothing."""
        ...


@dataclass(frozen=True, kw_only=True)
class Row:
    """A finding in the copy of one line of the list."""

    found: Finding | Unknown
    #: of the list, from 1
    line: int


@dataclass(kw_only=True)
class Followed:
    """What the addresses that a list makes are found to be."""

    rows: list[Row] = field(default_factory=list)
    #: addresses, or copies with further ones, that were left out because there are too many
    left: int = 0
    #: addresses that were left out because a look may do something, or because they are one person's
    personal: int = 0


@dataclass(frozen=True, kw_only=True)
class _Made:
    """An address that the list makes, in the first copy that has it."""

    target: Target
    mail: Mail
    line: int


def empty_fields(letter: Letter, addressees: Iterable[Addressee]) -> dict[str, list[int]]:
    """By merge field that the letter uses, the lines of the list that have nothing there."""
    found: dict[str, list[int]] = {}
    for addressee in addressees:
        for name in letter.fields_of(addressee):
            if not addressee.person.fields.get(name.lower(), "").strip():
                found.setdefault(name.lower(), []).append(addressee.person.line)
    return dict(sorted(found.items()))


def followed(
    letter: Letter, addressees: Sequence[Addressee], around: Surroundings, *, known: Collection[str]
) -> Followed:
    """Where the addresses lead that the list makes, each visited once.

    Args:
        letter: makes the copies.
        addressees: everybody who is to be mailed.
        around: asks the network.
        known: addresses that were looked at already.
    """
    told = Followed()
    if around.visitor is None:
        return told
    made = {url: each for url, each in _made(letter, addressees, around, told).items() if url not in known}
    safe = [each for url, each in made.items() if why_not_address(url) is None]
    told.personal, told.left = len(made) - len(safe), told.left + max(len(safe) - MOST_TARGETS, 0)
    chosen = safe[:MOST_TARGETS]
    visits = follow([each.target for each in chosen], around.visitor, each=around.each)
    told.left += len(chosen) - len(visits)
    seen = replace(around, visitor=_Seen(visits))
    told.rows += [row for each in chosen if each.target.url in visits for row in _judged(each, seen)]
    return told


def _made(letter: Letter, addressees: Sequence[Addressee], around: Surroundings, told: Followed) -> Mapping[str, _Made]:
    """The addresses in copies whose links differ, each in the first copy that has it."""
    found: dict[str, _Made] = {}
    copies: set[tuple[str, ...]] = set()
    for addressee in addressees:
        values = letter.link_values(addressee)
        if not values or values in copies:
            continue
        if len(copies) >= _MOST_COPIES:
            told.left += 1
            continue
        copies.add(values)
        try:
            copy = letter.copy(addressee, DeliveryId(1))
        except BadInput:
            continue  # the run itself says why
        mail = Mail(copy.message, around.options)
        for target in targets(mail, around):
            found.setdefault(target.url, _Made(target=target, mail=mail, line=addressee.person.line))
    return found


def _judged(made: _Made, around: Surroundings) -> Iterator[Row]:
    words = printable(made.target.url)
    for found in check_targets(made.mail, around):
        about = found.place.words if isinstance(found, Finding) else printable(found.values.get("url", ""))
        if about == words:
            yield Row(found=found, line=made.line)


class _Seen(Visitor):
    """Gives the visits that were made; of every other address it says that all is well, which is no finding."""

    def __init__(self, visits: Mapping[str, Visit]) -> None:
        super().__init__(Wall())
        self._visits = visits

    def visit(self, url: str, *, only_head: bool = False) -> Visit:
        """A visit that was made before."""
        del only_head
        return self._visits.get(url) or Visit(hops=(Hop(url=url, status=200, seconds=0.0),), end=End.ANSWER)

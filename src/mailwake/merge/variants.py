"""Several letters of one campaign: who gets which was settled before, and here it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mailwake.errors import BadInput
from mailwake.events import DeliveryId, Handle
from mailwake.merge.letter import Letter
from mailwake.merge.plan import Plan
from mailwake.merge.run import Addressee
from mailwake.send.addressed import Tracked


class Variants:
    """Letters by what decides on them; to a run it is one letter.

    Args:
        letters: by variant.
        choose: the variant of a recipient, one of the letters'.

    Raises:
        BadInput: the letters have different senders.
    """

    def __init__(self, letters: Mapping[str, Letter], choose: Callable[[Handle], str]) -> None:
        self._letters, self._choose = letters, choose
        senders = {letter.sender for letter in letters.values()}
        if len(senders) != 1:
            told = ", ".join(sorted(senders))
            raise BadInput(f"the letters have the senders {told}; give all one address, the name before it may differ")
        (self.sender,) = senders

    def register(self) -> None:
        """Keep every page and its links, for reports."""
        for letter in self._letters.values():
            letter.register()

    def fields_of(self, addressee: Addressee) -> frozenset[str]:
        """The names of the merge fields of the letter that is theirs."""
        return self._letters[self._choose(addressee.handle)].fields_of(addressee)

    def link_values(self, addressee: Addressee) -> tuple[str, ...]:
        """What the links of their copy are made of beside the page, after the name of their letter."""
        name = self._choose(addressee.handle)
        values = self._letters[name].link_values(addressee)
        return (name, *values) if values else ()

    def copy(self, addressee: Addressee, delivery: DeliveryId) -> Tracked:
        """One person's copy of the letter that is theirs.

        Raises:
            BadInput: a value cannot stand where the message has it.
        """
        return self._letters[self._choose(addressee.handle)].copy(addressee, delivery)


def confined(plan: Plan, is_due: Callable[[Handle], bool]) -> Plan:
    """The plan for those alone whose turn it is."""
    return replace(
        plan,
        addressees=tuple(each for each in plan.addressees if is_due(each.handle)),
        people={handle: person for handle, person in plan.people.items() if is_due(handle)},
        suppressed={handle: held for handle, held in plan.suppressed.items() if is_due(handle)},
    )

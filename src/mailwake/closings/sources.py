"""Where a goal's records stand in the org: object, what has to be so, the fields with worth, time and person."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mailwake.errors import BadInput, Misconfigured
from mailwake.events import SECOND, Micros
from mailwake.goals.claims import goal_name
from mailwake.more_sections import SalesforceGoal
from mailwake.salesforce import soql
from mailwake.salesforce.describe import ObjectShape
from mailwake.salesforce.records import as_micros
from mailwake.settings import Settings

#: instead of a field that leads to the person
ROLES = "roles"
_DAY = 86_400 * SECOND
#: What stands where nothing is said, by object. Source: Object Reference for the Salesforce Platform,
#: https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-opportunity.html
#: and object-lead.html there
_AMOUNT = {"Opportunity": "Amount"}
_DATE = {"Opportunity": "CloseDate", "Lead": "ConvertedDate"}
_PERSON = {"Opportunity": ROLES, "Lead": "Id", "Contact": "Id", "Account": "Id"}
_CREATED, _CHANGED = "CreatedDate", "SystemModstamp"
#: only in orgs with several currencies
CURRENCY = "CurrencyIsoCode"
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Records of one object that reach one goal."""

    goal: str
    object: str
    #: field to what may stand in it: texts in lower case, or one truth
    where: Mapping[str, frozenset[str] | bool]
    #: empty: as the goal says
    amount: str
    date: str
    person: str

    @property
    def by_role(self) -> bool:
        """Whether the contact roles lead to the person."""
        return self.person == ROLES

    @property
    def fingerprint(self) -> int:
        """Another number where something else is meant."""
        where = sorted((name, told if isinstance(told, bool) else sorted(told)) for name, told in self.where.items())
        told = repr((self.object, where, self.amount, self.date, self.person))
        return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6])

    def fields(self, shape: ObjectShape) -> list[str]:
        """What is read of each record."""
        own = ["AccountId"] if self.by_role else [self.person]
        named = ["Id", _CHANGED, *self.where, self.amount, self.date, *own]
        named += [CURRENCY] if CURRENCY in shape.fields else []
        return list(dict.fromkeys(name for name in named if name in shape.fields))

    def problem(self, shape: ObjectShape | None) -> str:
        """What is missing in the org, and what to do; empty: nothing."""
        if shape is None:
            return f"{self.object}: there is no such object for this user; give it access, or name another"
        own = () if self.by_role else (self.person,)
        for name in (*self.where, self.amount, self.date, *own):
            if name and name not in shape.fields:
                near = difflib.get_close_matches(name, shape.fields, n=1)
                hint = f", or write {near[0]}" if near else ""
                return f"{self.object}.{name}: hidden or not there; give the user read access{hint}"
        return ""

    def is_met(self, row: Row) -> bool:
        """Whether a record is as it has to be."""
        return all(_holds(row.get(name), told) for name, told in self.where.items())

    def at(self, row: Row) -> Micros:
        """When it was reached: a day ends at its end (UTC), and nothing is later than the record's last change."""
        changed = as_micros(row[_CHANGED]) or 0
        text = row.get(self.date)
        if not isinstance(text, str):
            return Micros(changed)
        time = as_micros(text if "T" in text else f"{text}T00:00:00.000+0000") or 0
        return Micros(min(changed, time if "T" in text else time + _DAY - 1))

    def worth(self, row: Row) -> tuple[str, str]:
        """The amount in digits and its currency; empty where the record says none."""
        told = row.get(self.amount) if self.amount else None
        if not isinstance(told, int | float) or isinstance(told, bool):
            return "", ""
        return f"{Decimal(str(told)):f}", str(row.get(CURRENCY) or "")


def sources_of(settings: Settings) -> tuple[Source, ...]:
    """What the settings name.

    Raises:
        Misconfigured: something cannot be; it says which option.
    """
    return tuple(_source(name, told) for name, told in sorted(settings.salesforce_goals.items()))


def _source(goal: str, told: SalesforceGoal) -> Source:
    option = f"salesforce_goals.{goal}"
    person = told.person or _PERSON.get(told.object, "")
    if not person:
        raise Misconfigured(f"{option}.person", f"name the field of {told.object} that leads to a person")
    if person == ROLES and told.object != "Opportunity":
        raise Misconfigured(f"{option}.person", f"only opportunities have contact roles, {told.object} has none")
    when = _DATE.get(told.object, _CHANGED) if told.where else _CREATED
    found = Source(
        goal=goal,
        object=told.object,
        where={name: _wanted(each, f"{option}.where.{name}") for name, each in told.where.items()},
        amount=told.amount or _AMOUNT.get(told.object, ""),
        date=told.date or when,
        person=person,
    )
    _check_names(found, option)
    return found


def _check_names(found: Source, option: str) -> None:
    try:
        goal_name(found.goal)
    except BadInput as fault:
        raise Misconfigured(option, str(fault)) from None
    for part, name in _named(found):
        try:
            soql.name(name)
        except BadInput as fault:
            raise Misconfigured(f"{option}.{part}", str(fault)) from None
        if "." in name:
            raise Misconfigured(f"{option}.{part}", f"{name!r} is a field of another record; name one of its own")


def _named(found: Source) -> Iterator[tuple[str, str]]:
    yield "object", found.object
    yield from (("where", name) for name in found.where)
    yield from (
        (part, name)
        for part, name in (("amount", found.amount), ("date", found.date), ("person", found.person))
        if name
    )


def _wanted(told: str | bool | Sequence[str], option: str) -> frozenset[str] | bool:
    if isinstance(told, bool):
        return told
    words = frozenset(each.casefold() for each in ([told] if isinstance(told, str) else told))
    if not words:
        raise Misconfigured(option, "name at least one value that may stand there")
    return words


def _holds(value: object, wanted: frozenset[str] | bool) -> bool:
    """Texts are compared as Salesforce compares them, without regard to capitals."""
    if isinstance(wanted, bool):
        return value is wanted
    return isinstance(value, str) and value.casefold() in wanted

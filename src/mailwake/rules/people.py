"""Whom a rule might act for, as the guards need them: their record in the org, its owner, and what they want."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailwake.crm.identity import primary
from mailwake.events import Handle
from mailwake.store.crm import CrmPerson, CrmStore, CrmUser
from mailwake.store.state import StateStore


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who was mailed."""

    handle: Handle
    #: the one of their records that is acted on; None: they are not in the org
    record: CrmPerson | None
    #: user who is to act; None: nobody is known
    owner: str | None
    #: where that is
    zone: ZoneInfo
    #: why they are not mailed; empty: they may be
    suppressed: frozenset[str]
    #: they want no tracking
    is_silent: bool
    #: they want no profile
    is_unprofiled: bool
    #: the org says that they want no mail
    is_opted_out: bool


@dataclass(frozen=True, kw_only=True)
class Office:
    """Where people are looked up.

    Args:
        state: addresses, suppressions, consent.
        crm: records of the org.
        zone: of the installation; where no owner's is known.
        fallback_owner: user who acts where a record's owner cannot; empty: nobody.
    """

    state: StateStore
    crm: CrmStore
    zone: ZoneInfo
    fallback_owner: str = ""

    def people(self, handles: Iterable[Handle]) -> dict[Handle, Person]:
        """Some people as they stand now."""
        wanted = sorted(set(handles))
        keys = self.crm.keys_of(wanted)
        at = self.crm.people_at(keys.values())
        records = {handle: at.get(keys.get(handle, ""), []) for handle in wanted}
        rules = self.crm.individuals({each.individual for rows in records.values() for each in rows if each.individual})
        owners = {each.owner for rows in records.values() for each in rows if each.owner}
        users = self.crm.users(owners | ({self.fallback_owner} if self.fallback_owner else set()))
        suppressed: dict[Handle, set[str]] = {}
        for row in self.state.holding_against(wanted):
            suppressed.setdefault(row.handle, set()).add(row.reason)
        silent = set(self.state.inert()) & set(wanted) if wanted else set()
        return {
            handle: self._person(
                handle,
                rows,
                users,
                said={
                    word
                    for row in rows
                    if (told := rules.get(row.individual or ""))
                    for word in _WORDS
                    if getattr(told, word)
                },
                suppressed=frozenset(suppressed.get(handle, ())),
                is_silent=handle in silent,
            )
            for handle, rows in records.items()
        }

    def _person(
        self,
        handle: Handle,
        rows: list[CrmPerson],
        users: dict[str, CrmUser],
        *,
        said: set[str],
        suppressed: frozenset[str],
        is_silent: bool,
    ) -> Person:
        record = primary(rows) if rows else None
        owner = self._owner(record, users)
        return Person(
            handle=handle,
            record=record,
            owner=owner,
            zone=_zone(users.get(owner or ""), self.zone),
            suppressed=suppressed,
            is_silent=is_silent or bool({"no_tracking", "no_mail", "is_to_forget"} & said),
            is_unprofiled="no_profiling" in said,
            is_opted_out=any(each.is_opted_out for each in rows) or bool({"no_mail", "no_marketing"} & said),
        )

    def _owner(self, record: CrmPerson | None, users: dict[str, CrmUser]) -> str | None:
        """The record's owner, or whoever stands in where they are away for good; a queue is nobody's to ask."""
        if record is None:
            return None
        told = users.get(record.owner or "")
        if told is not None and told.is_active:
            return told.id
        return self.fallback_owner or None


_WORDS = ("no_tracking", "no_profiling", "no_mail", "no_marketing", "is_to_forget")


def _zone(user: CrmUser | None, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(user.timezone) if user is not None and user.timezone else otherwise
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise

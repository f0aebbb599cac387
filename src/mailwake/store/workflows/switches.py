"""Which rules are known, since when, and which are switched off."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import RowMapping, select

from mailwake.events import Handle, Micros
from mailwake.store.crm.tables import people as _people
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.schema import recipients as _recipients
from mailwake.store.workflows import tables
from mailwake.store.workflows.rows import RuleState

_rules = tables.rules
#: who was mailed and belongs to an account of the org
_members = select(_recipients.c.handle, _people.c.account).where(
    _recipients.c.address_key == _people.c.address_key,
    _people.c.is_deleted.is_(False),
    _people.c.kind == "Contact",
    _people.c.account.is_not(None),
)
#: the switch of all rules together
ALL = "*"


class Switches(OnDatabase):
    """The part of the store that knows which rules act."""

    def rule_states(self) -> dict[str, RuleState]:
        """Every rule that was ever met, by name."""
        with self._database.reading() as connection:
            return {row["name"]: _state(row) for row in connection.execute(select(_rules)).mappings()}

    def meet(self, name: str, version: str, *, now: Micros) -> RuleState:
        """A rule as it is kept; one that is new, or says something else than before, starts now."""
        query = select(_rules).where(_rules.c.name == name)
        with self._database.writing() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                told = {"name": name, "version": version, "started_at": now, "changed_at": now}
                connection.execute(_rules.insert().values(**told, is_on=True, why=""))
            elif row["version"] != version:
                connection.execute(
                    _rules.update().where(_rules.c.name == name).values(version=version, started_at=now, changed_at=now)
                )
            return _state(connection.execute(query).mappings().one())

    def switch(self, name: str, *, is_on: bool, why: str, now: Micros) -> None:
        """Let a rule act, or not. What happens while it is off never makes it act."""
        made = self._database.upsert(_rules).values(
            name=name, version="", started_at=now, is_on=is_on, changed_at=now, why=why
        )
        change = {"is_on": is_on, "changed_at": now, "why": why} | ({"started_at": now} if is_on else {})
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=change))

    def accounts_of(self, handles: Iterable[Handle]) -> dict[Handle, str]:
        """The account of the org that people belong to, of those who belong to one."""
        found: dict[Handle, str] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                query = _members.where(_recipients.c.handle.in_(part)).order_by(_people.c.id.desc())
                found.update((Handle(handle), account) for handle, account in connection.execute(query))
        return found

    def colleagues(self, accounts: Iterable[str]) -> dict[Handle, str]:
        """Everybody who was mailed and belongs to one of these accounts of the org, with the account."""
        found: dict[Handle, str] = {}
        with self._database.reading() as connection:
            for part in chunks(accounts):
                query = _members.where(_people.c.account.in_(part)).order_by(_people.c.id.desc())
                found.update((Handle(handle), account) for handle, account in connection.execute(query))
        return found


def _state(row: RowMapping) -> RuleState:
    return RuleState(**row)

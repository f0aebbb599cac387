"""Takes back what a run did to the org: fields get their values of before, records that it made are deleted.

A field that somebody changed since stays as they left it; it is told. Nothing is sent by itself afterwards until
`mailwake salesforce push` or `resume`, else the same would come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.crm.fields import CONSENT, OBJECTIONS, OPT_OUT_SOURCE, named, same
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.pushing.sending import hold, is_event
from mailwake.salesforce.faults import Cure, RowFault
from mailwake.salesforce.records import GROUP, Org
from mailwake.store.crm import CrmStore, Entry

PAUSED = "paused"


@dataclass(kw_only=True)
class Undone:
    """What came of it."""

    changed: int = 0
    deleted: int = 0
    #: records with something that others changed since, which stays: object, id, fields
    kept: list[tuple[str, str, tuple[str, ...]]]
    #: records that the org did not let us change back: object, id, why
    refused: list[tuple[str, str, str]]
    #: gone by themselves
    gone: int = 0


def undo(
    org: Org,
    store: CrmStore,
    job: str,
    *,
    now: Micros,
    keep_opt_outs: bool = False,
    progress: Callable[[int], None] = lambda _count: None,
) -> Undone:
    """Take back a run.

    Args:
        org: that it wrote to.
        store: with its journal.
        job: its name.
        now: the time.
        keep_opt_outs: let stand who wants no mail.
        progress: told how many entries are done.

    Raises:
        BadInput: there is no such run, or it was taken back before.
    """
    entries = [each for each in store.entries(job) if each.state in ("sent", "written")]
    if not entries:
        raise BadInput(f"nothing of a run {job!r} stands; `mailwake salesforce jobs` has those that are")
    store.put_mark(PAUSED, now)
    undoing = _Undoing(org, store, now, keep_opt_outs, Undone(kept=[], refused=[]))
    for start in range(0, len(entries), GROUP):
        part = entries[start : start + GROUP]
        for of in dict.fromkeys(each.object for each in part if not is_event(each.object)):
            undoing.group(of, [each for each in part if each.object == of])
        progress(start + len(part))
    return undoing.done


@dataclass(frozen=True, slots=True)
class _Undoing:
    org: Org
    store: CrmStore
    now: Micros
    keep_opt_outs: bool
    done: Undone

    def group(self, of: str, entries: Sequence[Entry]) -> None:
        """Take back entries of one object, the latest first."""
        ids = _ids(self.org, entries)
        fields = list(dict.fromkeys(["Id", *(name for each in entries for name in each.after)]))
        current = self.org.read(of, sorted(set(ids.values())), fields)
        back: dict[str, dict[str, Any]] = {}
        drop: dict[str, Entry] = {}
        for each in entries:
            record = ids.get(each.id)
            if record is None or record not in current:
                self._is_gone(each)
            elif each.before is None:
                drop[record] = each
            else:
                self._restore(each, record, current[record], back)
        self._write_back(of, back)
        self._delete(drop)

    def _is_gone(self, entry: Entry) -> None:
        self.done.gone += 1
        self.store.undone([entry.id], "undone", at=self.now)
        self.store.unwrite({(entry.object, entry.key): None})

    def _restore(self, entry: Entry, record: str, current: Mapping[str, Any], back: dict[str, dict[str, Any]]) -> None:
        restored, kept = _restored(entry, {**current, **back.get(record, {})}, keep_opt_outs=self.keep_opt_outs)
        if kept:
            self.done.kept.append((entry.object, record, tuple(kept)))
        if restored:
            back[record] = {**back.get(record, {}), **restored}
        self.store.unwrite({(entry.object, entry.key): restored})
        self.store.undone([entry.id], "kept" if kept else "undone", at=self.now)

    def _write_back(self, of: str, back: Mapping[str, Mapping[str, Any]]) -> None:
        good: dict[str, Mapping[str, Any]] = {}
        rows = [{"Id": record, **fields} for record, fields in back.items()]
        for row, result in zip(rows, self.org.change(of, rows), strict=True):
            if result.faults:
                self.done.refused.append((of, str(row["Id"]), _told(result.faults[0])))
            else:
                good[str(row["Id"])] = row
        self.done.changed += len(good)
        if good and of in CONSENT:
            hold(self.store, of, good)

    def _delete(self, drop: Mapping[str, Entry]) -> None:
        results = self.org.delete(list(drop))
        for (record, entry), result in zip(drop.items(), results, strict=True):
            if result.faults and result.faults[0].cure is not Cure.MOVED:
                self.done.refused.append((entry.object, record, _told(result.faults[0])))
                continue
            self.done.deleted += 1
            self.store.unwrite({(entry.object, entry.key): None})
            self.store.undone([entry.id], "undone", at=self.now)


def _ids(org: Org, entries: Sequence[Entry]) -> dict[int, str]:
    """Entry to the id of its record; those whose answer never came are looked for by their key."""
    from mailwake.salesforce import soql

    found = {each.id: each.record for each in entries if each.record}
    found |= {each.id: each.key for each in entries if each.key_field == "Id"}
    lost = [each for each in entries if each.id not in found]
    for by in dict.fromkeys(each.key_field for each in lost):
        keys = {each.key: each.id for each in lost if each.key_field == by}
        for part in soql.each_in(by, keys):
            for row in org.query(soql.select(["Id", by], lost[0].object, part)):
                found[keys[row[by]]] = row["Id"]
    return {number: record for number, record in found.items() if record}


def _restored(entry: Entry, current: Mapping[str, Any], *, keep_opt_outs: bool) -> tuple[dict[str, Any], list[str]]:
    """What to write back, and which fields others changed since."""
    before = entry.before or {}
    stay = _opt_out_fields(entry.object) if keep_opt_outs else ()
    restored, kept = {}, []
    for name, value in entry.after.items():
        if name in ("Id", entry.key_field) or name in stay or same(before.get(name), current.get(name)):
            continue
        if same(value, current.get(name)):
            restored[name] = before.get(name)
        else:
            kept.append(name)
    return restored, kept


def _opt_out_fields(of: str) -> tuple[str, ...]:
    if of in OBJECTIONS:
        return OBJECTIONS[of]
    return (CONSENT[of][0], named(OPT_OUT_SOURCE, of)) if of in CONSENT else ()


def _told(fault: RowFault) -> str:
    return f"{fault.code}: {fault.message}"

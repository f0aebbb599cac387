"""Takes back what a run did to the org: fields get their values of before, records that it made are deleted.

A field that somebody changed since stays as they left it; it is told. Nothing is sent by itself afterwards until
`mailwake salesforce push` or `resume`, else the same would come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.crm.fields import CONSENT, OPT_OUT_SOURCE, named, same
from mailwake.crm.sending import hold
from mailwake.errors import BadInput
from mailwake.events import Micros
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
    done = Undone(kept=[], refused=[])
    for start in range(0, len(entries), GROUP):
        part = entries[start : start + GROUP]
        for of in dict.fromkeys(each.object for each in part):
            _undo_group(org, store, [each for each in part if each.object == of], now, done, keep_opt_outs)
        progress(start + len(part))
    return done


def _undo_group(
    org: Org, store: CrmStore, entries: Sequence[Entry], now: Micros, done: Undone, keep_opt_outs: bool
) -> None:
    of = entries[0].object
    ids = _ids(org, entries)
    fields = list(dict.fromkeys(["Id", *(name for each in entries for name in each.after)]))
    current = org.read(of, sorted(set(ids.values())), fields)
    back: dict[str, tuple[Entry, dict[str, Any]]] = {}
    drop: dict[str, Entry] = {}
    for each in entries:
        record = ids.get(each.id)
        if record is None or record not in current:
            done.gone += 1
            store.undone([each.id], "undone", at=now)
            store.unwrite({(of, each.key): None})
            continue
        theirs = {**current[record], **(back[record][1] if record in back else {})}
        if each.before is None:
            drop[record] = each
            continue
        restored, kept = _restored(each, theirs, keep_opt_outs=keep_opt_outs)
        if kept:
            done.kept.append((of, record, tuple(kept)))
        if restored:
            back[record] = (each, {**(back[record][1] if record in back else {}), **restored})
        store.unwrite({(of, each.key): restored})
        store.undone([each.id], "kept" if kept else "undone", at=now)
    _write_back(org, store, of, back, done)
    _delete(org, store, drop, done, now)


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
    return (CONSENT[of][0], named(OPT_OUT_SOURCE, of)) if of in CONSENT else ()


def _write_back(
    org: Org, store: CrmStore, of: str, back: Mapping[str, tuple[Entry, Mapping[str, Any]]], done: Undone
) -> None:
    rows = [{"Id": record, **fields} for record, (_, fields) in back.items()]
    good: dict[str, Mapping[str, Any]] = {}
    for row, result in zip(rows, org.change(of, rows), strict=True):
        if not result.faults:
            done.changed += 1
            good[str(row["Id"])] = row
        else:
            done.refused.append((of, str(row["Id"]), _told(result.faults[0])))
    if good and of in CONSENT:
        hold(store, of, good)


def _delete(org: Org, store: CrmStore, drop: Mapping[str, Entry], done: Undone, now: Micros) -> None:
    results = org.delete(list(drop))
    for (record, entry), result in zip(drop.items(), results, strict=True):
        if result.faults and result.faults[0].cure is not Cure.MOVED:
            done.refused.append((entry.object, record, _told(result.faults[0])))
            continue
        done.deleted += 1
        store.unwrite({(entry.object, entry.key): None})
        store.undone([entry.id], "undone", at=now)


def _told(fault: RowFault) -> str:
    return f"{fault.code}: {fault.message}"

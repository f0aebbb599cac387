"""What commands on the org print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mailwake.crm.consenting import Followed
from mailwake.drawing.terminal import visible
from mailwake.events import SECOND
from mailwake.pushing.desk import Looked
from mailwake.pushing.planning import Change, Plan
from mailwake.pushing.repairing import Repaired
from mailwake.pushing.sending import Sent
from mailwake.pushing.undoing import Undone
from mailwake.store.crm import DeadWish, JobSummary

_SHOWN = 20
_CALLS, _STORAGE = "DailyApiRequests", "DataStorageMB"


def tell_plan(found: Plan) -> None:
    """What a push would do."""
    if not found.objects:
        print("nothing waits: the org holds what we know")
    for each in found.objects:
        cost = f"{each.calls:,} calls, {each.kilobytes:,.0f} kB"
        print(f"{each.object}: {each.changed:,} to change, {each.new:,} new, {cost}")
        for name, count in each.fields.items():
            print(f"    {name:<34}{count:>9,}")
    for change in found.samples:
        _tell_change(change)
    print(f"calls: {found.calls:,} now, at most {found.calls_per_month:,} in 30 days{_of_limit(found, _CALLS)}")
    print(f"storage: {found.kilobytes_per_month:,.0f} kB of new records{_of_limit(found, _STORAGE)}")
    if found.dead:
        print(f"refused before: {found.dead:,}; `mailwake salesforce dead` says why")
    for line in found.missing:
        print(f"missing: {line}")


def _of_limit(found: Plan, name: str) -> str:
    limit = found.limits.get(name)
    if limit is None:
        return ""
    unit = " a day" if name == _CALLS else " MB"
    return f"; the org has {limit.left:,} of {limit.most:,}{unit} left"


def _tell_change(change: Change) -> None:
    print(f"  {change.object} {change.key}{' (new)' if change.is_new else ''}")
    for name, (before, after) in change.fields.items():
        print(f"    {name:<34}{_value(before)} → {_value(after)}")


def _value(value: object) -> str:
    return "nothing" if value is None else visible(str(value))[:80]


def tell_sent(done: Sent) -> None:
    """What became of a push."""
    print(f"run {done.job}: {done.written:,} written ({done.created:,} new), {done.refused:,} refused, "
          f"{done.postponed:,} put off, {done.calls:,} calls")  # fmt: skip
    for name in sorted(done.hidden):
        print(f"left out, because we may not write it: {name}")
    for of, why in done.stopped.items():
        print(f"{of}: nothing more is written: {visible(why)}")
    if done.ended:
        print(f"ended early: {visible(done.ended)}")
    elif done.written:
        print(f"`mailwake salesforce undo {done.job}` takes it back")


def tell_undone(done: Undone) -> None:
    """What came of taking back."""
    print(f"{done.changed:,} changed back, {done.deleted:,} deleted, {done.gone:,} were gone")
    for of, record, names in done.kept[:_SHOWN]:
        print(f"left as others changed it since: {of} {record}: {', '.join(names)}")
    for of, record, why in done.refused[:_SHOWN]:
        print(f"not taken back: {of} {record}: {visible(why)}")
    print("nothing is written by itself until `mailwake salesforce push` or `resume`")


def tell_jobs(runs: Sequence[JobSummary]) -> None:
    """The latest runs."""
    for run in runs:
        stands = f"{run.written:,} written, {run.refused:,} refused, {run.undone:,} taken back"
        print(f"{run.job}  {_time(run.began_at)}  {stands}")
    if not runs:
        print("nothing was written yet; `mailwake salesforce plan` shows what would be")


def tell_dead(found: Sequence[DeadWish]) -> None:
    """What was refused, by code."""
    by_code: dict[str, list[DeadWish]] = {}
    for each in found:
        by_code.setdefault(each.code, []).append(each)
    for code, rows in sorted(by_code.items()):
        print(f"{visible(code)}: {len(rows):,}")
        for each in rows[:_SHOWN]:
            print(f"    {each.wish.object} {each.wish.key}: {visible(each.message)[:160]}")
    if not found:
        print("nothing was refused")


def tell_looked(found: Looked) -> None:
    """What a look at the org brought."""
    read = found.reading
    print(f"{read.people:,} people read, {read.gone:,} gone, {read.merged:,} of them merged into others")
    _tell_followed(found.followed)
    if found.closings.told:
        print(f"{found.closings.told:,} goals reached, told as conversions")
    for name in read.hidden:
        print(f"hidden from us: {name}")
    for goal, why in found.closings.problems.items():
        print(f"goal {goal} is not read: {visible(why)}")


def _tell_followed(found: Followed) -> None:
    print(f"{found.opted_out:,} want no mail any more, {found.untracked:,} no tracking")
    if found.to_forget:
        print(f"{found.to_forget:,} want to be forgotten; they get no mail and are not tracked, erase them by hand")


def tell_repaired(done: Repaired) -> None:
    """What the comparison found."""
    print(f"{done.drifted:,} differ and will be written again, {done.gone:,} gone, {done.purged:,} too old and deleted")


def tell_status(told: Mapping[str, Any]) -> None:
    """What stands."""
    people = ", ".join(f"{count:,} {kind}" for kind, count in told["people"].items() if count)
    print(f"people in the org: {people or 'none read yet'}")
    calls = f"{told['calls']:,} of {told['daily_calls']:,}"
    print(f"waiting: {told['waiting']:,}, refused: {told['dead']:,}, calls of ours today: {calls}")
    print("writes by itself" if told["pushes"] else "writes only when told to (salesforce.push = false)")
    if told["is_paused"]:
        print("paused since a run was taken back; `mailwake salesforce resume` goes on")
    for goal, why in told["goals"].items():
        print(f"goal {goal} is not read: {visible(why)}")
    if told["looked_at"]:
        print(f"looked at the org: {_time(told['looked_at'])}")


def _time(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / SECOND, UTC):%Y-%m-%d %H:%M} UTC"

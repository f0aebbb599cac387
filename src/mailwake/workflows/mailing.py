"""Follow-up mail: a run of `mailwake send` per rule, in a process of its own.

All that holds for any mail holds for it: who is suppressed gets none, and whoever has the mail never gets it again, for
the campaign of a rule is one campaign for good, whose log says who has it. A run that was killed is run again; of whom
nobody can say whether they have the mail, as their server was asked just then, that is noted and they are left alone.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
import structlog

from mailwake.events import SECOND, Micros
from mailwake.rules.rule import Rule
from mailwake.rules.signals import OWN_CAMPAIGN
from mailwake.rules.wording import one_line
from mailwake.store.workflows import Decision, RuleEntry, RuleState
from mailwake.workflows.desk import Desk

log = structlog.get_logger(__name__)
#: who may or may not have the mail is not asked for again: twice is worse than not at all
DOUBTFUL = {"state": "doubtful", "why": "the run ended while the server was asked; they may have the mail"}
#: greylisting and a server that is away pass by themselves
_AGAIN_SECONDS = 600
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of `mailwake send` ended."""

    #: exit code
    status: int
    #: as `mailwake send --json` tells it; empty: it told nothing
    told: Mapping[str, Any] = field(default_factory=dict)


Run = Callable[[list[str]], Outcome]


def mail(desk: Desk, rules: Mapping[str, Rule], acting: Mapping[str, RuleState], run: Run, *, now: Micros) -> None:
    """Mail what waits to be mailed."""
    waiting: dict[str, list[RuleEntry]] = {}
    for each in desk.store.unfinished(now=now):
        told = each.actions.get("letter", {})
        is_due = told.get("state") == "waiting" and told.get("not_before", 0) <= now
        if is_due and each.decision is Decision.ENTERED and each.rule in acting:
            waiting.setdefault(each.rule, []).append(each)
    for name, entries in waiting.items():
        _mail(desk, rules[name], entries, run, now=now)


def _mail(desk: Desk, rule: Rule, entries: Sequence[RuleEntry], run: Run, *, now: Micros) -> None:
    if rule.letter is None or not rule.mail:
        _note(desk, entries, {"state": "dropped", "why": "the rule mails nothing any more"})
        return
    path = desk.data / f"workflow-{rule.name}.csv"
    people = _write_list(desk, path, entries)
    words = ["send", str(Path(rule.path).parent / rule.letter.file), str(path), f"--campaign={OWN_CAMPAIGN}{rule.name}"]
    words += [f"--subject={rule.letter.subject}"] if rule.letter.subject else []
    words += [f"--from={rule.letter.sender}"] if rule.letter.sender else []
    ended = run(words) if people else Outcome(status=0)
    path.unlink(missing_ok=True)
    if not ended.status:
        _note(desk, entries, {"state": "done"})
        return
    log.warning("workflow.mail_waits", rule=rule.name, status=ended.status)
    _note_each(desk, entries, ended, now=now)


def _note_each(desk: Desk, entries: Sequence[RuleEntry], ended: Outcome, *, now: Micros) -> None:
    """After a run that left something to do: what became of each, so that one does not keep the others waiting."""
    again: dict[str, Any] = {"state": "waiting", "why": f"mailwake send ended with {ended.status}"}
    again["not_before"] = now + _AGAIN_SECONDS * SECOND
    is_whole = bool(ended.told) and not ended.told.get("deferred") and not ended.told.get("waiting")
    left = _left(ended.told)
    addresses = desk.stores.state.addresses(each.handle for each in entries)
    for each in entries:
        usual = {"state": "done"} if is_whole else again
        _note(desk, [each], left.get(addresses.get(each.handle, ""), usual))


def _left(told: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Address to what is noted of it, of those whom another run would not help."""
    found: dict[str, dict[str, Any]] = dict.fromkeys(told.get("in_doubt", ()), DOUBTFUL)
    for each in told.get("could_not", ()):
        found[each["address"]] = {"state": "failed", "why": str(each["reason"])[:200]}
    return found


def _note(desk: Desk, entries: Sequence[RuleEntry], change: Mapping[str, object]) -> None:
    for each in entries:
        actions = {**each.actions, "letter": {**each.actions["letter"], **change}}
        times = [told.get("not_before", 0) for told in actions.values() if told["state"] == "waiting"]
        desk.means.save(each, actions, next_at=min(times, default=0))


def _write_list(desk: Desk, path: Path, entries: Sequence[RuleEntry]) -> int:
    """The people of a run with the merge fields that were last given, and what they clicked; says how many."""
    known = desk.stores.state.recipients(each.handle for each in entries)
    rows = []
    for each in entries:
        who = known.get(each.handle)
        if who is not None:
            topic = {"clicked_link": each.facts.get("label") or "", "about_mail": each.facts.get("mail") or ""}
            told = {name: one_line(str(value)) for name, value in topic.items()}
            rows.append({**who.fields, **told, "email": who.address})
    columns = list(dict.fromkeys(["email", *(name for row in rows for name in row)]))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def runner(config: str, stop: threading.Event) -> Run:
    """Runs the command until it ends, or until told to stop."""

    def run(words: list[str]) -> Outcome:
        quiet = subprocess.DEVNULL  # its words name addresses, and a role's output is a log
        with tempfile.TemporaryFile() as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "mailwake", *words, "--json", f"--config={config}"],
                stdin=quiet, stdout=file, stderr=quiet,
            )  # fmt: skip
            while process.poll() is None:
                if stop.wait(_LOOK_SECONDS):
                    process.terminate()  # it ends after the messages that are under way
            return Outcome(status=process.returncode or 0, told=_told(file))

    return run


def _told(file: IO[bytes]) -> Mapping[str, Any]:
    """What a run told; a run that was killed told nothing."""
    file.seek(0)
    try:
        return msgspec.json.decode(file.read(), type=dict[str, Any])
    except msgspec.DecodeError:
        return {}

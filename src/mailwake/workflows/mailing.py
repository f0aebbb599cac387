"""Follow-up mail: a run of `mailwake send` per rule, in a process of its own.

All that holds for any mail holds for it: who is suppressed gets none, and whoever has the mail never gets it again, for
the campaign of a rule is one campaign for good, whose log says who has it. A run that was killed is run again.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from mailwake.events import SECOND, Micros
from mailwake.rules.rule import Rule
from mailwake.rules.signals import OWN_CAMPAIGN
from mailwake.rules.wording import one_line
from mailwake.store.workflows import Decision, RuleEntry, RuleState
from mailwake.workflows.desk import Desk

log = structlog.get_logger(__name__)
Run = Callable[[list[str]], int]
#: greylisting and a server that is away pass by themselves
_AGAIN_SECONDS = 600
_LOOK_SECONDS = 0.5


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
    status = run(words) if people else 0
    path.unlink(missing_ok=True)
    if status:
        log.warning("workflow.mail_waits", rule=rule.name, status=status)
        again = {"state": "waiting", "why": f"mailwake send ended with {status}"}
        _note(desk, entries, {**again, "not_before": now + _AGAIN_SECONDS * SECOND})
    else:
        _note(desk, entries, {"state": "done"})


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

    def run(words: list[str]) -> int:
        quiet = subprocess.DEVNULL  # its words name addresses, and a role's output is a log
        process = subprocess.Popen(
            [sys.executable, "-m", "mailwake", *words, f"--config={config}"], stdin=quiet, stdout=quiet, stderr=quiet
        )
        while process.poll() is None:
            if stop.wait(_LOOK_SECONDS):
                process.terminate()  # it ends after the messages that are under way
        return process.returncode or 0

    return run

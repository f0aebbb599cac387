"""Reads rules from their folder, and refuses what cannot be, with what to write instead."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from mailwake.crm.fields import CONSENT, OPT_OUT_SOURCE, PEOPLE, ours
from mailwake.errors import BadInput, Misconfigured
from mailwake.rules.rule import NARROWED, PARTS, Rule, Trigger
from mailwake.rules.wording import check_words
from mailwake.salesforce.ids import full_id
from mailwake.segments import keeper
from mailwake.segments.faults import Unclear

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_AGAIN = re.compile(r"once|every|after [1-9][0-9]{0,3}d")
_OWN = ("name", "version", "path")
#: keys that mean something to some triggers alone
_MEANT = {
    "times": {Trigger.RETURN, Trigger.ACCOUNT},
    "within_days": {Trigger.RETURN, Trigger.ACCOUNT},
    "days": {Trigger.SILENCE},
    "sends": {Trigger.SILENCE},
    "score": {Trigger.HOT},
    "hysteresis": {Trigger.HOT},
    "roles": NARROWED - {Trigger.BOUNCE, Trigger.REPLY, Trigger.COMPLAINT, Trigger.HOT},
    "labels": NARROWED - {Trigger.BOUNCE, Trigger.REPLY, Trigger.COMPLAINT, Trigger.HOT},
    "campaigns": NARROWED - {Trigger.HOT},
}
_LEAST = {"times": 2, "within_days": 1, "days": 1, "sends": 1, "score": 1, "most_per_hour": 1, "late_hours": 1}
_MOST = {"times": 100, "within_days": 365, "days": 3_650, "score": 100, "late_hours": 720, "settle_minutes": 1_440}


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What rules of an installation may do."""

    #: fields that may be set, such as Contact.Rating__c
    fields: frozenset[str] = frozenset()
    #: names of [notify.NAME]
    endpoints: frozenset[str] = frozenset()


class BadRule(Misconfigured):
    """A rule cannot be."""


def read_file(path: Path, allowed: Allowed) -> Iterator[Rule]:
    """The rules of one file.

    Raises:
        BadRule: it is none.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadRule(path.name, f"cannot be read: {fault.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadRule(path.name, f"is not TOML: {fault}") from None
    if set(tree) == {"rule"} and isinstance(tree["rule"], dict):
        for name, table in tree["rule"].items():
            yield _rule(path, name, table, allowed)
    else:
        yield _rule(path, path.stem, tree, allowed)


def _rule(path: Path, name: str, tree: object, allowed: Allowed) -> Rule:
    where = f"{path.name} {name}" if name != path.stem else path.name
    if not _NAME.fullmatch(name):
        raise BadRule(where, "a rule's name is made of up to 64 small letters, digits, - and _")
    if not isinstance(tree, dict):
        raise BadRule(where, "is a rule; write it as a table")
    _refuse_unknown(tree, Rule, f"{where}: ", without=_OWN)
    for part, kind in PARTS.items():
        if part in tree:
            if not isinstance(tree[part], dict):
                raise BadRule(where, f"{part} is a table; write it as [{part}]")
            _refuse_unknown(tree[part], kind, f"{where}: {part}.")
    text = json.dumps(tree, sort_keys=True, default=str)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    try:
        rule = msgspec.convert({**tree, "name": name, "version": version, "path": str(path)}, Rule)
    except msgspec.ValidationError as fault:
        raise BadRule(where, str(fault)) from None
    for problem in (*_problems(rule, tree), *_problems_of_actions(rule, allowed)):
        raise BadRule(where, problem)
    return rule


def _refuse_unknown(tree: Mapping[str, Any], kind: type, prefix: str, *, without: Iterable[str] = ()) -> None:
    known = [each.name for each in fields(kind) if each.name not in without]
    for name in tree:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise BadRule(f"{prefix}{name}", f"there is no such key; did you mean {near[0]}?")


def _problems(rule: Rule, tree: Mapping[str, Any]) -> Iterator[str]:
    for key, triggers in _MEANT.items():
        if key in tree and rule.trigger not in triggers:
            yield f"{key} means nothing to trigger {rule.trigger.value!r}; leave it out"
    for key, least in _LEAST.items():
        if getattr(rule, key) < least:
            yield f"{key} must be {least} or more"
    for key, most in _MOST.items():
        if getattr(rule, key) > most:
            yield f"{key} must be {most} or less"
    if not 0.5 <= rule.p_human <= 1:
        yield "p_human must be 0.5 to 1: below that a machine is as likely"
    if rule.hysteresis < 0 or rule.hysteresis >= rule.score:
        yield "hysteresis must be 0 or more, and less than score"
    if not _AGAIN.fullmatch(rule.again):
        yield f'again = "{rule.again[:40]}": write "once", "every" or such as "after 7d"'
    if rule.who:
        try:
            keeper.sentence(rule.who)
        except Unclear as fault:
            yield f"who: {fault}"


def _problems_of_actions(rule: Rule, allowed: Allowed) -> Iterator[str]:
    if not rule.actions:
        yield "it does nothing; add one of " + ", ".join(f"[{part}]" for part in PARTS)
    if rule.letter is not None and not rule.mail:
        yield "[letter] is mailed without anybody looking at it; say mail = true if that is meant"
    if rule.mail and rule.letter is None:
        yield "mail = true has no letter; add [letter] with file ="
    if rule.letter is not None and not (Path(rule.path).parent / rule.letter.file).is_file():
        yield f"letter.file: there is no {rule.letter.file}; it is looked for beside the rule"
    if rule.webhook is not None and rule.webhook.endpoint not in allowed.endpoints:
        known = ", ".join(sorted(allowed.endpoints)) or "none"
        yield f"webhook.endpoint: there is no [notify.{rule.webhook.endpoint}]; there are: {known}"
    if rule.task is not None:
        yield from check_words("task.subject", rule.task.subject)
        yield from check_words("task.note", rule.task.note)
        if rule.task.priority not in ("High", "Normal", "Low"):
            yield "task.priority must be High, Normal or Low"
        if not 0 <= rule.task.due_days <= 365:
            yield "task.due_days must be 0 to 365"
    if rule.campaign_member is not None:
        try:
            if not full_id(rule.campaign_member.campaign).startswith("701"):
                yield "campaign_member.campaign must be the id of a campaign; it begins with 701"
        except BadInput as fault:
            yield f"campaign_member.campaign: {fault}"
    if rule.field is not None:
        yield from _problems_of_field(rule.field.name, rule.field.value, allowed)


def _problems_of_field(name: str, value: object, allowed: Allowed) -> Iterator[str]:
    """Only fields that somebody allowed; never ours, and of wishes about mail only towards less."""
    of, _, field = name.partition(".")
    if of not in PEOPLE or not field:
        yield f"field.name must be such as Contact.Rating__c; {name[:60]!r} is none of {', '.join(PEOPLE)}"
    elif name not in allowed.fields:
        yield f"field.name: {name[:80]!r} may not be set; add it to fields of [workflows] if that is meant"
    elif (is_consent(of, field)) and value is not True:
        yield f"field.name: {name} is a wish about mail; a rule may only set it to true"
    elif field in ours(of) and not is_consent(of, field):
        yield f"field.name: {name} is kept by Mailwake itself; take another field"


def is_consent(of: str, field: str) -> bool:
    """Whether a field says what somebody wants; a rule never loosens one."""
    low = field.lower()
    told = ("optedout", "donotcall", "opt_out", "optout", "consent")
    return field in (CONSENT[of][0], OPT_OUT_SOURCE) or any(word in low for word in told)

"""What the org is to hold of some people: made anew from the facts each time, so that it can be told twice.

Only people's opens and clicks are told; what machines did stands beside them in numbers of its own. What is not old
enough to be sure of is left out until it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailwake.crm.fields import (
    CONSENT,
    OPT_OUT_SOURCE,
    ROW,
    ROW_KEY,
    SCORE,
    SUMS,
    cut,
    named,
    when,
)
from mailwake.crm.identity import primary
from mailwake.crm.links import Names
from mailwake.crm.membership import Ladder, member_wishes
from mailwake.crm.objecting import objection_wishes
from mailwake.events import CampaignId, Handle, Micros
from mailwake.segments.spans import spans
from mailwake.store.crm import CrmPerson, CrmStore, Lane, Wish
from mailwake.store.events import EventStore
from mailwake.store.state import Axis, StateStore, Suppression, TemplateRow

DAY = 86_400_000_000
WINDOW = 30 * DAY
#: a score that moved less, within its band, waits for the night
_LITTLE = 2
_NOT_PROFILED = "Not profiled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """How warm somebody is, with the reason in words."""

    #: 0 to 100; None: cannot say
    score: int | None
    band: str
    momentum: int | None
    reasons: str


#: scores of some people at a time
Scorer = Callable[[Sequence[Handle], Micros], Mapping[Handle, Scored]]


@dataclass(frozen=True, kw_only=True)
class Around:
    """Where facts come from, and where they go."""

    state: StateStore
    events: EventStore
    store: CrmStore
    names: Names
    score: Scorer = field(default=lambda _handles, _now: {})
    ladder: Ladder = field(default_factory=Ladder)
    #: rows of single copies are told
    rows: bool = True
    #: copies sent longer ago get no row
    row_days: int = 180
    #: what we learned later than so long ago is not told yet
    wait: int = 900_000_000
    #: name of the org's data use purpose for watching mail; empty: there is none
    purpose: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of some people at a time."""

    now: Micros
    people: Mapping[Handle, Sequence[CrmPerson]]
    sums: Mapping[Handle, Mapping[str, Any]]
    copies: Mapping[Handle, Sequence[Mapping[str, Any]]]
    scores: Mapping[Handle, Scored]
    suppressed: Mapping[Handle, Sequence[Suppression]]
    #: want no tracking: nothing that they did is told
    silent: frozenset[Handle]
    #: want no profile
    unprofiled: frozenset[Handle]
    labels: Mapping[tuple[int, int], str]
    templates: Mapping[int, TemplateRow]
    campaigns: Mapping[int, str]
    crm_campaigns: Mapping[CampaignId, str]


def gather(around: Around, handles: Iterable[Handle], now: Micros) -> Facts:
    """All that is known of those of some people who are in the org."""
    keys = around.store.keys_of(handles)
    at = around.store.people_at(keys.values())
    people = {handle: at[key] for handle, key in keys.items() if key in at}
    known = list(people)
    events, until = around.events.among(known), now - around.wait
    sums = events.ask("crm_sums", since=now - WINDOW, until=until) if known else []
    copies = _copies(around, events, now) if known else {}
    suppressed: dict[Handle, list[Suppression]] = {}
    for row in around.state.holding_against(known):
        suppressed.setdefault(row.handle, []).append(row)
    wanted = {row["campaign"] for rows in copies.values() for row in rows} | _of_clicks(around, sums)
    labels, templates = _letters(around.state, wanted)
    return Facts(
        now=now,
        people=people,
        sums={Handle(row["recipient"]): row for row in sums},
        copies=copies,
        scores=around.score(known, now),
        suppressed=suppressed,
        silent=frozenset(around.state.inert()) & set(known) | _by_individual(around.store, people, "no_tracking"),
        unprofiled=_by_individual(around.store, people, "no_profiling")
        | (around.state.refusing(Axis.PROFILE) & set(known)),
        labels=labels,
        templates=templates,
        campaigns={each.id: each.name for each in around.state.campaigns()},
        crm_campaigns=around.store.crm_campaigns(),
    )


def wishes(around: Around, facts: Facts, *, is_nightly: bool = False) -> list[Wish]:
    """What the org is to hold of them."""
    told = objection_wishes(around.state, around.store, facts.people, purpose=around.purpose, now=facts.now)
    for handle, people in facts.people.items():
        told += _consent_wishes(facts, handle, people)
        told += [_sums_wish(around, facts, handle, person, is_shared=len(people) > 1) for person in people]
        if around.rows:
            told += [_row_wish(around, facts, handle, people=people, copy=copy) for copy in _engaged(facts, handle)]
    told += member_wishes(
        around.store,
        around.names,
        around.ladder,
        campaigns=facts.crm_campaigns,
        people=facts.people,
        copies=facts.copies,
    )
    return told if is_nightly else _without_little(around.store, told)


def _copies(around: Around, events: EventStore, now: Micros) -> dict[Handle, list[dict[str, Any]]]:
    campaigns = ",".join(map(str, around.store.crm_campaigns()))
    since = now - around.row_days * DAY
    found: dict[Handle, list[dict[str, Any]]] = {}
    for row in events.ask("crm_copies", since=since, until=now - around.wait, campaigns=campaigns):
        found.setdefault(Handle(row["recipient"]), []).append(row)
    return found


def _engaged(facts: Facts, handle: Handle) -> list[Mapping[str, Any]]:
    """Copies that are worth a row: a person did something with them, or they came back."""
    if handle in facts.silent:
        return []
    words = ("opened_at", "clicked_at", "bounced_at", "unsubscribed_at", "complained_at", "replied_at")
    return [row for row in facts.copies.get(handle, ()) if any(row[word] is not None for word in words)]


def _of_clicks(around: Around, sums: Iterable[Mapping[str, Any]]) -> set[int]:
    """The campaigns of the letters that were clicked last."""
    letters = {row["template"] for row in sums if row["template"] is not None}
    found = (around.state.template(each) for each in letters)
    return {each.campaign for each in found if each is not None}


def _letters(state: StateStore, campaigns: Iterable[int]) -> tuple[dict[tuple[int, int], str], dict[int, TemplateRow]]:
    labels: dict[tuple[int, int], str] = {}
    templates: dict[int, TemplateRow] = {}
    for campaign in sorted(campaigns):
        labels |= {(link.template or 0, link.number): link.label for link in state.links(CampaignId(campaign))}
        templates |= {row.id: row for row in state.templates(CampaignId(campaign))}
    return labels, templates


def _by_individual(store: CrmStore, people: Mapping[Handle, Sequence[CrmPerson]], word: str) -> frozenset[Handle]:
    """Those of whom one record says so; one is enough."""
    ids = {each.individual for rows in people.values() for each in rows if each.individual}
    saying = {id_ for id_, row in store.individuals(ids).items() if getattr(row, word)}
    return frozenset(handle for handle, rows in people.items() if any(each.individual in saying for each in rows))


def _sums_wish(around: Around, facts: Facts, handle: Handle, person: CrmPerson, *, is_shared: bool) -> Wish:
    fields = {**_sums(facts, handle), **_score(facts, handle), "Engagement_Shared_Email__c": is_shared}
    if handle in facts.silent:
        fields = dict.fromkeys(SUMS) | {"Engagement_Shared_Email__c": is_shared}
    fields["Engagement_Status__c"] = _status(facts, handle)
    fields["Engagement_Person_Key__c"] = around.names.copy(handle)[:36]
    return Wish(
        object=person.kind,
        key=person.id,
        fields={named(name, person.kind): value for name, value in fields.items()},
        lane=Lane.SUMS,
        parent=person.account or "",
        handle=handle,
    )


def _sums(facts: Facts, handle: Handle) -> dict[str, Any]:
    row = facts.sums.get(handle)
    if row is None:
        return dict.fromkeys(name for name in SUMS if name not in SCORE)
    label = facts.labels.get((row["template"] or 0, row["link"] or 0))
    return {
        "Last_Human_Click__c": when(row["clicked_at"]),
        "Last_Human_Open__c": when(row["opened_at"]),
        "Last_Email_Sent__c": when(row["sent_at"]),
        "Last_Reply__c": when(row["replied_at"]),
        "Human_Clicks_30d__c": row["clicked"],
        "Human_Opens_30d__c": row["opened"],
        "Emails_Sent_30d__c": row["sent"],
        "Last_Clicked_Link__c": cut(label, 255) if label else None,
    }


def _score(facts: Facts, handle: Handle) -> dict[str, Any]:
    if handle in facts.unprofiled:
        return dict.fromkeys(SCORE) | {"Engagement_Band__c": _NOT_PROFILED}
    found = facts.scores.get(handle)
    if found is None:
        return dict.fromkeys(SCORE)
    told = (found.score, found.band or None, found.momentum, cut(found.reasons, 255) or None)
    return dict(zip(SCORE, told, strict=True))


def _status(facts: Facts, handle: Handle) -> str:
    """One word for where somebody stands; the gravest that holds."""
    reasons = {row.reason for row in facts.suppressed.get(handle, ())}
    for reason, word in (("complained", "Complained"), ("unsubscribed", "Opted out"), ("bounced", "Bounced")):
        if reason in reasons:
            return word
    row = facts.sums.get(handle)
    if row is None or row["sent_at"] is None:
        return "Never sent"
    if handle in facts.silent:
        return "Opted out"
    last = max((row[word] or 0 for word in ("clicked_at", "opened_at", "replied_at")), default=0) or row["sent_at"]
    days = (facts.now - last) // DAY
    return "Active" if days < spans().active_days else "Lapsing" if days < spans().dormant_days else "Dormant"


def _consent_wishes(facts: Facts, handle: Handle, people: Sequence[CrmPerson]) -> list[Wish]:
    """Who wants no mail, and whose mail comes back, on every record of theirs; only ever tightened."""
    rows = facts.suppressed.get(handle, ())
    left = _first(rows, ("unsubscribed", "complained"))
    back = _first(rows, ("bounced",))
    told = []
    for person in people:
        opted_out, reason, date = CONSENT[person.kind]
        fields: dict[str, Any] = {}
        if left is not None and left.source != "salesforce" and person.is_opted_out is False:
            words = f"{left.reason.capitalize()} {when(left.at)}, told by {left.source}"
            fields |= {opted_out: True, named(OPT_OUT_SOURCE, person.kind): cut(words, 255)}
        if back is not None and person.held.get(reason) is None:
            fields |= {reason: cut(back.quoted or "mail came back", 255), date: when(back.at)}
        if fields:
            told.append(
                Wish(
                    object=person.kind,
                    key=person.id,
                    fields=fields,
                    lane=Lane.CONSENT,
                    parent=person.account or "",
                    handle=handle,
                )
            )
    return told


def _first(rows: Sequence[Suppression], reasons: Sequence[str]) -> Suppression | None:
    return min((row for row in rows if row.reason in reasons), key=lambda row: row.at, default=None)


def _row_wish(
    around: Around, facts: Facts, handle: Handle, *, people: Sequence[CrmPerson], copy: Mapping[str, Any]
) -> Wish:
    who = primary(people)
    template = facts.templates.get(copy["template"] or 0)
    fields = {
        "Contact__c": {"Contact": who.id, "Account": who.account}.get(who.kind),
        "Lead__c": who.id if who.kind == "Lead" else None,
        "Campaign__c": facts.crm_campaigns.get(CampaignId(copy["campaign"] or 0)),
        "Subject__c": cut(template.subject, 255) if template else None,
        "Message_Name__c": cut(facts.campaigns.get(copy["campaign"] or 0, ""), 255) or None,
        "Sent_At__c": when(copy["sent_at"]),
        "Delivered_At__c": when(copy["delivered_at"]),
        "First_Human_Open__c": when(copy["opened_at"]),
        "Last_Human_Open__c": when(copy["reopened_at"]),
        "Human_Open_Count__c": copy["opens_human"],
        "Machine_Open_Count__c": copy["opens_machine"],
        "First_Human_Click__c": when(copy["clicked_at"]),
        "Last_Human_Click__c": when(copy["reclicked_at"]),
        "Human_Click_Count__c": copy["clicks_human"],
        "Machine_Click_Count__c": copy["clicks_machine"],
        "Bounce_Reason__c": cut(copy["reason"], 255) if copy["bounced_at"] is not None and copy["reason"] else None,
        "Unsubscribed_At__c": when(copy["unsubscribed_at"]),
        "Complained_At__c": when(copy["complained_at"]),
        "Device__c": copy["device"],
        "Country__c": copy["country"],
        "Confidence__c": None if copy["confidence"] is None else round(100 * copy["confidence"]),
    }
    key = around.names.copy(copy["delivery"])
    return Wish(object=ROW, key=key, key_field=ROW_KEY, fields=fields, lane=Lane.ROWS, parent=who.id, handle=handle)


def _without_little(store: CrmStore, told: Sequence[Wish]) -> list[Wish]:
    """Without scores that moved too little to be worth a call today."""
    sums = [each for each in told if each.lane is Lane.SUMS]
    written = store.written((each.object, each.key) for each in sums)
    little: dict[tuple[str, str], Wish] = {}
    for each in sums:
        before = written.get((each.object, each.key))
        score, band, *_ = (named(name, each.object) for name in SCORE)
        if before is None or each.fields[band] != before.fields.get(band):
            continue
        old, new = before.fields.get(score), each.fields[score]
        if old is not None and new is not None and abs(new - old) < _LITTLE:
            drop = {named(name, each.object) for name in SCORE}
            kept = {name: value for name, value in each.fields.items() if name not in drop}
            little[each.object, each.key] = Wish(
                object=each.object, key=each.key, fields=kept, lane=each.lane, parent=each.parent, handle=each.handle
            )
    return [little.get((each.object, each.key), each) if each.lane is Lane.SUMS else each for each in told]

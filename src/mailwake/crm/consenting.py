"""What the org says people want: followed here at once, and only ever tightened.

Salesforce is where people's wishes are kept by hand; a wish for less mail or no tracking that it holds holds here too.
Taken back there, it stays here until somebody lifts it here, for a wrong import must not start mail to who left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailwake.crm.fields import CONSENT, CONSENT_OF_POINT, INDIVIDUAL
from mailwake.events import Handle, Micros, event_id
from mailwake.store.consent.ledger import entry_of
from mailwake.store.crm import CrmStore, PointConsent
from mailwake.store.state import Axis, Consent, StateStore, Suppression, Unsubscribe
from mailwake.suppression.scope import UNWANTED

SOURCE = "salesforce"
_REASON = "unsubscribed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """What was followed."""

    opted_out: int = 0
    untracked: int = 0
    #: want no scores
    unprofiled: int = 0
    #: want to be forgotten; somebody has to erase them
    to_forget: int = 0


def follow_wishes(
    state: StateStore,
    store: CrmStore,
    *,
    people: Iterable[str],
    individuals: Iterable[str],
    now: Micros,
    purpose: str = "",
) -> Followed:
    """Follow the wishes of those who changed; an opt-out that we told the org ourselves is none of them.

    Args:
        state: where it is kept whom to mail.
        store: what the org told.
        people: ids of records that changed.
        individuals: ids of Individual records that changed.
        now: the time.
        purpose: name of the org's data use purpose for watching mail; an opt-out from another one is from marketing.
    """
    changed = {each.id: each for each in store.people_of(people).values() if not each.is_deleted}
    changed |= {each.id: each for each in store.people_with(individuals)}
    told = store.written((each.kind, each.id) for each in changed.values())
    by_us = {key for (of, key), row in told.items() if row.fields.get(CONSENT[of][0])}
    rules = store.individuals({each.individual for each in changed.values() if each.individual})
    points = _opt_outs(store, rules, now)
    ours = _ours(store, rules)
    mailless, untracked, forgotten = set[str](), set[str](), set[str]()
    marketless, unprofiled = set[str](), set[str]()
    for each in changed.values():
        if each.address_key is None:
            continue
        rule = rules.get(each.individual or "")
        if each.is_opted_out and each.id not in by_us:
            marketless.add(each.address_key)
        if rule is not None:
            mailless |= {each.address_key} if rule.no_mail or rule.is_to_forget else set()
            marketless |= {each.address_key} if rule.no_marketing else set()
            is_untracked = rule.no_tracking and "HasOptedOutTracking" not in ours[rule.id]
            untracked |= {each.address_key} if is_untracked or rule.no_mail or rule.is_to_forget else set()
            is_unprofiled = rule.no_profiling and "HasOptedOutProfiling" not in ours[rule.id]
            unprofiled |= {each.address_key} if is_unprofiled else set()
            named = {point.purpose.casefold() == purpose.casefold() and bool(purpose) for point in points[rule.id]}
            untracked |= {each.address_key} if True in named else set()
            marketless |= {each.address_key} if False in named else set()
            forgotten |= {each.address_key} if rule.is_to_forget else set()
    handles = state.handles(sorted(mailless | marketless | untracked | unprofiled), now=now)
    opted_out = _suppress(state, {handles[key] for key in mailless}, (None,), now)
    opted_out += _suppress(state, {handles[key] for key in marketless - mailless}, UNWANTED, now)
    both = state.refusing(Axis.OPENS) & state.refusing(Axis.CLICKS)
    count = _refuse(state, {handles[key] for key in untracked} - both, Axis.BOTH, now)
    unscored = _refuse(state, {handles[key] for key in unprofiled} - state.refusing(Axis.PROFILE), Axis.PROFILE, now)
    return Followed(opted_out=opted_out, untracked=count, unprofiled=unscored, to_forget=len(forgotten))


def _opt_outs(store: CrmStore, individuals: Iterable[str], now: Micros) -> dict[str, list[PointConsent]]:
    """Noes for single purposes that are in force, by Individual; those that we wrote ourselves are none."""
    found: dict[str, list[PointConsent]] = {each: [] for each in individuals}
    told = [each for each in store.point_consents(found) if each.is_opt_out and each.holds_at(now)]
    by_us = store.written((CONSENT_OF_POINT, each.id) for each in told)
    for each in told:
        if (CONSENT_OF_POINT, each.id) not in by_us:
            found[each.individual].append(each)
    return found


def _ours(store: CrmStore, individuals: Iterable[str]) -> dict[str, frozenset[str]]:
    """The noes that we told the org ourselves, by Individual: taken back here, they are no wish of the org's people."""
    ids = list(individuals)
    told = store.written((INDIVIDUAL, each) for each in ids)
    return {
        each: frozenset(told[INDIVIDUAL, each].fields) if (INDIVIDUAL, each) in told else frozenset() for each in ids
    }


def _suppress(state: StateStore, handles: set[Handle], streams: Iterable[str | None], now: Micros) -> int:
    """How many were not suppressed in this way before."""
    known = {(row.handle, row.stream) for row in state.holding_against(handles) if row.reason == _REASON}
    rows = [
        Suppression(handle=handle, reason=_REASON, source=SOURCE, at=now, stream=stream)
        for handle in sorted(handles)
        for stream in streams
        if (handle, stream) not in known and (handle, None) not in known
    ]
    state.put_suppressions(rows)
    state.note_unsubscribes(_left(state, {row.handle for row in rows}, now))
    return len({row.handle for row in rows})


def _left(state: StateStore, handles: set[Handle], now: Micros) -> Iterator[Unsubscribe]:
    domains = state.domains(handles)
    for handle in sorted(handles):
        left = Unsubscribe(id=event_id(SOURCE, handle, now), handle=handle, at=now, how=SOURCE, campaign=None)
        yield replace(left, domain=domains.get(handle), proof="opted out in Salesforce")


def _refuse(state: StateStore, handles: set[Handle], axis: Axis, now: Micros) -> int:
    """How many did not refuse before."""
    no = Consent.DENIED
    state.put_consents(entry_of(each, axis=axis, state=no, at=now, source=SOURCE) for each in sorted(handles))
    return len(handles)

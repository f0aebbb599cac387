"""What the org says people want: followed here at once, and only ever tightened.

Salesforce is where people's wishes are kept by hand; a wish for less mail or no tracking that it holds holds here too.
Taken back there, it stays here until somebody lifts it here, for a wrong import must not start mail to who left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailwake.crm.fields import CONSENT
from mailwake.events import Handle, Micros, event_id
from mailwake.store.crm import CrmStore
from mailwake.store.state import Axis, Consent, StateStore, Suppression, Unsubscribe
from mailwake.suppression.scope import UNWANTED

SOURCE = "salesforce"
_REASON = "unsubscribed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """What was followed."""

    opted_out: int = 0
    untracked: int = 0
    #: want to be forgotten; somebody has to erase them
    to_forget: int = 0


def follow_wishes(
    state: StateStore, store: CrmStore, *, people: Iterable[str], individuals: Iterable[str], now: Micros
) -> Followed:
    """Follow the wishes of those who changed; an opt-out that we told the org ourselves is none of them.

    Args:
        state: where it is kept whom to mail.
        store: what the org told.
        people: ids of records that changed.
        individuals: ids of Individual records that changed.
        now: the time.
    """
    changed = {each.id: each for each in store.people_of(people).values() if not each.is_deleted}
    changed |= {each.id: each for each in store.people_with(individuals)}
    told = store.written((each.kind, each.id) for each in changed.values())
    by_us = {key for (of, key), row in told.items() if row.fields.get(CONSENT[of][0])}
    rules = store.individuals({each.individual for each in changed.values() if each.individual})
    mailless, untracked, forgotten = set[str](), set[str](), set[str]()
    marketless = set[str]()
    for each in changed.values():
        if each.address_key is None:
            continue
        rule = rules.get(each.individual or "")
        if each.is_opted_out and each.id not in by_us:
            marketless.add(each.address_key)
        if rule is not None:
            mailless |= {each.address_key} if rule.no_mail or rule.is_to_forget else set()
            marketless |= {each.address_key} if rule.no_marketing else set()
            untracked |= {each.address_key} if rule.no_tracking or rule.no_mail or rule.is_to_forget else set()
            forgotten |= {each.address_key} if rule.is_to_forget else set()
    handles = state.handles(sorted(mailless | marketless | untracked), now=now)
    opted_out = _suppress(state, {handles[key] for key in mailless}, (None,), now)
    opted_out += _suppress(state, {handles[key] for key in marketless - mailless}, UNWANTED, now)
    count = _untrack(state, {handles[key] for key in untracked}, now)
    return Followed(opted_out=opted_out, untracked=count, to_forget=len(forgotten))


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


def _untrack(state: StateStore, handles: set[Handle], now: Micros) -> int:
    silent = set(state.inert())
    for handle in sorted(handles - silent):
        state.set_consent(handle, axis=Axis.BOTH, state=Consent.DENIED, at=now, source=SOURCE)
    return len(handles - silent)

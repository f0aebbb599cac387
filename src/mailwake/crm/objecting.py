"""Who objects here to being watched or scored, told to the org's own records of what people allow: only ever tightened.

An Individual gets its *Don't Track* or *Don't Profile*, and a consent for the purpose of watching mail becomes an
opt-out. What the org told us itself is not told back to it, and none of these records is made anew: an org that keeps
no wishes of people is not told any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailwake.crm.fields import CONSENT_OF_POINT, INDIVIDUAL, cut, when
from mailwake.events import Handle, Micros
from mailwake.store.consent.ledger import REFUSALS, axes_of
from mailwake.store.crm import CrmPerson, CrmStore, Lane, Wish
from mailwake.store.state import Axis, ConsentEntry, StateStore

_TRACKING, _PROFILING = "HasOptedOutTracking", "HasOptedOutProfiling"
_OURS = "salesforce"


def objection_wishes(
    state: StateStore, store: CrmStore, people: Mapping[Handle, Sequence[CrmPerson]], *, purpose: str, now: Micros
) -> list[Wish]:
    """What the org's Individual and consent records are to hold of those who object here.

    Args:
        state: what people said.
        store: what the org told.
        people: whom to look at.
        purpose: name of the org's data use purpose for watching mail; empty: there is none.
        now: the time.
    """
    refusing = {axis: state.refusing(axis) for axis in (Axis.OPENS, Axis.CLICKS, Axis.PROFILE)}
    unwatched = refusing[Axis.OPENS] & refusing[Axis.CLICKS]
    told: list[Wish] = []
    for handle in sorted(people.keys() & (unwatched | refusing[Axis.PROFILE])):
        ids = sorted({each.individual for each in people[handle] if each.individual})
        entries = state.consents(handle)
        tracking = _last_refusal(entries, Axis.OPENS) if handle in unwatched else None
        profiling = _last_refusal(entries, Axis.PROFILE) if handle in refusing[Axis.PROFILE] else None
        told += _individuals(store, handle, ids, tracking=tracking, profiling=profiling)
        if tracking is not None and purpose:
            told += _points(store, handle, ids, tracking, purpose=purpose, now=now)
    return told


def _last_refusal(entries: Iterable[ConsentEntry], axis: Axis) -> ConsentEntry | None:
    """The line that the refusal rests on; None: the org itself told it."""
    fit = [each for each in entries if axis in axes_of(each.axis) and each.state in REFUSALS]
    last = max(fit, key=lambda each: (each.at, each.number), default=None)
    return None if last is None or last.source == _OURS else last


def _individuals(
    store: CrmStore,
    handle: Handle,
    ids: Sequence[str],
    *,
    tracking: ConsentEntry | None,
    profiling: ConsentEntry | None,
) -> Iterator[Wish]:
    for id_, known in sorted(store.individuals(ids).items()):
        fields = {}
        if tracking is not None and not known.no_tracking:
            fields[_TRACKING] = True
        if profiling is not None and not known.no_profiling:
            fields[_PROFILING] = True
        if fields:
            yield Wish(object=INDIVIDUAL, key=id_, fields=fields, lane=Lane.CONSENT, parent=id_, handle=handle)


def _points(
    store: CrmStore, handle: Handle, ids: Sequence[str], entry: ConsentEntry, *, purpose: str, now: Micros
) -> Iterator[Wish]:
    for point in store.point_consents(ids):
        if point.purpose.casefold() == purpose.casefold() and point.holds_at(now) and not point.is_opt_out:
            source = cut(f"Mailwake: {entry.state}, {entry.method or entry.source}", 255)
            fields = {"PrivacyConsentStatus": "OptOut", "CaptureDate": when(entry.at), "CaptureSource": source}
            yield Wish(
                object=CONSENT_OF_POINT, key=point.id, fields=fields, lane=Lane.CONSENT, parent=point.individual,
                handle=handle,
            )  # fmt: skip

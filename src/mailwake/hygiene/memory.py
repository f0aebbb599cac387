"""What this installation itself remembers of addresses: who is suppressed, who was refused, where nobody ever is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailwake.events import SECOND, Handle, Micros
from mailwake.hygiene.known import known
from mailwake.profiles import asked_like
from mailwake.store.state import StateStore

#: Refusals that are older tell nothing of the next one.
DAYS = 180
_DAY = 86_400 * SECOND
#: The class of a refusal for good that blames the address.
_DEAD = "hard"
#: A server that had taken everybody by luck would do so in fewer than one of so many cases.
_LUCK = 0.01


@dataclass(frozen=True, kw_only=True)
class Own:
    """What is remembered of the addresses of a list."""

    #: address as listed to why no mail goes there
    suppressed: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: address as listed to its refusals and the cause of the last; without those that are suppressed
    refused: Mapping[str, tuple[int, str]] = field(default_factory=dict, repr=False)
    #: domains that never refused an address, though by what others refuse some should have been
    catch_all: frozenset[str] = frozenset()
    #: domains of the operator's own list of mailboxes that last minutes
    disposable: frozenset[str] = frozenset()


def own(
    state: StateStore, addresses: Iterable[str], *, now: Micros, stream: str, mailed: Mapping[str, int] | None = None
) -> Own:
    """Look up what is remembered.

    Args:
        state: remembers.
        addresses: right ones.
        now: microseconds since 1970.
        stream: of the mail that is to go there.
        mailed: domain to different people mailed there lately; None: not known, and no domain is suspected.
    """
    handles = state.known_handles(list(addresses))
    held = state.suppressed(handles.values(), stream=asked_like(stream))
    suppressed = {address: held[handle].reason for address, handle in handles.items() if handle in held}
    since = Micros(max(0, now - DAYS * _DAY))
    causes: dict[Handle, list[str]] = {}
    for row in state.refusals_of_campaign(None, since=since):
        causes.setdefault(row.handle, []).append(row.category)
    refused = {
        address: (len(causes[handle]), causes[handle][-1])
        for address, handle in handles.items()
        if handle in causes and address not in suppressed
    }
    dead: Counter[str] = Counter()
    for domain, klass, copies in state.refusal_classes(since=since):
        if klass == _DEAD and domain is not None:
            dead[domain] += copies
    return Own(suppressed=suppressed, refused=refused, catch_all=suspects(mailed or {}, dead))


def suspects(mailed: Mapping[str, int], dead: Mapping[str, int]) -> frozenset[str]:
    """Domains that seem to take mail for every name: nobody was refused where by the others' share some should be.

    Large providers are left out: they refuse unknown names at once, and their users type their own.

    Args:
        mailed: domain to different people mailed there.
        dead: domain to copies that were refused because of the address.
    """
    people = sum(mailed.values())
    gone = sum(dead.get(domain, 0) for domain in mailed)
    if not gone:
        return frozenset()
    stay = max(0.0, 1 - gone / people)
    return frozenset(
        domain
        for domain, count in mailed.items()
        if not dead.get(domain) and domain not in known().providers and stay**count < _LUCK
    )

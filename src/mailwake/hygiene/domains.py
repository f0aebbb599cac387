"""Whether domains take mail: each looked up once, several at a time, and what is found is kept.

Source: RFC 5321 section 5.1 (a domain without MX that has an address takes mail there), RFC 7505 (null MX: it takes
none, and says so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event

from mailwake.atlas.exchangers import KEEP_MICROS, MAX_NAME_CHARS, LookedUp, NoAnswer, RouteResolver
from mailwake.events import Micros
from mailwake.store.state import Exchangers, Route, StateStore

#: questions under way; a local name server answers thousands a second, a stranger's should not have to
AT_ONCE = 16
#: so long what a domain without any way for mail says is believed: somebody may be about to mend it
KEEP_NONE_MICROS = KEEP_MICROS // 30
#: so many silences after one another, and the way to the DNS is lost
GIVE_UP_AFTER = 3 * AT_ONCE
#: a domain that surely takes mail: a name server that denies it is none to be believed
CONTROL = "gmail.com"

_Told = tuple[tuple[str, ...], Route]


def kept(state: StateStore, domains: Iterable[str], *, now: Micros) -> dict[str, Exchangers]:
    """What the DNS said lately of each domain, for those where that still holds."""
    return {name: row for name, row in state.exchangers(domains).items() if _holds(row, now)}


def _holds(row: Exchangers, now: Micros) -> bool:
    if row.route is None:  # looked up by somebody who did not ask how a domain without MX is meant
        return False
    takes_mail = row.route in (Route.EXCHANGERS, Route.ADDRESS)
    return now - row.looked_up_at < (KEEP_MICROS if takes_mail else KEEP_NONE_MICROS)


def look_up(
    state: StateStore,
    domains: Iterable[str],
    resolver: RouteResolver,
    *,
    now: Micros,
    each: Callable[[], object] = lambda: None,
) -> LookedUp:
    """Ask for every domain of which nothing is kept, and keep the answers; stops early where nobody answers.

    Args:
        state: where answers are kept.
        domains: lower case, IDNA.
        resolver: asks; is called from several threads at once.
        now: microseconds since 1970.
        each: called after every domain that was asked for.
    """
    wanted = {name for name in domains if len(name) <= MAX_NAME_CHARS}
    fresh = kept(state, wanted, now=now)
    stale = sorted(wanted - fresh.keys())
    if not stale or not _is_believed(resolver):
        return LookedUp(found=0, fresh=len(fresh), unanswered=0, given_up=len(stale))
    enough = Event()
    found = unanswered = silences = 0
    for domain, told in _answers(stale, resolver, enough):
        if told is not None:
            state.put_exchangers(domain, told[0], now=now, route=told[1])
            found, silences = found + 1, 0
        elif not enough.is_set():
            unanswered, silences = unanswered + 1, silences + 1
        if silences >= GIVE_UP_AFTER:
            enough.set()
        each()
    given_up = len(stale) - found - unanswered
    return LookedUp(found=found, fresh=len(fresh), unanswered=unanswered, given_up=given_up)


def _is_believed(resolver: RouteResolver) -> bool:
    """Whether the DNS that answers is that of the world: behind some firewalls no name exists at all."""
    try:
        return resolver.route(CONTROL)[1] is Route.EXCHANGERS
    except NoAnswer:
        return False


def _answers(domains: Iterable[str], resolver: RouteResolver, enough: Event) -> Iterator[tuple[str, _Told | None]]:
    """Domains with what the DNS says, in the order of its answers."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dns") as pool:
        asked = {pool.submit(_ask, resolver, name, enough): name for name in domains}
        for answer in as_completed(asked):
            yield asked[answer], answer.result()


def _ask(resolver: RouteResolver, domain: str, enough: Event) -> _Told | None:
    """What the DNS says; None: it says nothing, or nobody is to be asked any more."""
    if enough.is_set():
        return None
    try:
        return resolver.route(domain)
    except NoAnswer:
        return None

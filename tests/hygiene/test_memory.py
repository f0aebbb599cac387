"""What is remembered of addresses, from a real state store."""

from mailwake.events import SECOND, Micros
from mailwake.hygiene.memory import DAYS, own, suspects
from mailwake.store.state import Refusal, StateStore

NOW = Micros(1_790_000_000_000_000)


def refuse(state: StateStore, address: str, *, event: int, at: int = NOW, category: str = "mailbox_full") -> None:
    handle = state.handles([address], now=NOW)[address]
    klass = "hard" if category == "bad_mailbox" else "soft"
    domain = address.partition("@")[2]
    row = Refusal(
        event=event,
        handle=handle,
        at=Micros(at),
        category=category,
        klass=klass,
        action="suppress_after_n",
        rule="test",
        quoted="",
        domain=domain,
        place=domain,
    )
    state.put_refusals([row])


def test_the_suppressed_and_the_refused_are_told_apart(state: StateStore) -> None:
    handles = state.handles(["dead@example.com", "shop@example.com", "new@example.com"], now=NOW)
    state.suppress(handles["dead@example.com"], reason="bounced", source="bounce", at=NOW)
    state.suppress(handles["shop@example.com"], reason="manual", source="api", at=NOW, stream="transactional")
    refuse(state, "dead@example.com", event=1, category="bad_mailbox")
    refuse(state, "full@example.com", event=2, at=NOW - SECOND, category="bad_mailbox")
    refuse(state, "full@example.com", event=3)
    addresses = ["DEAD@example.com", "full@example.com", "new@example.com", "shop@example.com", "never@example.com"]
    found = own(state, addresses, now=NOW, stream="marketing")
    assert found.suppressed == {"DEAD@example.com": "bounced"}
    assert found.refused == {"full@example.com": (2, "mailbox_full")}
    assert found.catch_all == frozenset()


def test_old_refusals_are_forgotten(state: StateStore) -> None:
    refuse(state, "full@example.com", event=1, at=NOW - (DAYS + 1) * 86_400 * SECOND)
    assert not own(state, ["full@example.com"], now=NOW, stream="marketing").refused


def test_a_domain_that_never_refuses_where_others_do_is_suspected(state: StateStore) -> None:
    for number in range(10):
        refuse(state, f"gone{number}@strict.example", event=number, category="bad_mailbox")
    mailed = {"strict.example": 100, "open.example": 100, "small.example": 20}
    found = own(state, [], now=NOW, stream="marketing", mailed=mailed)
    assert found.catch_all == {"open.example"}  # 0.955 ** 100 is 1 %, 0.955 ** 20 is 40 %


def test_nothing_is_suspected_without_refusals_or_of_large_providers() -> None:
    assert suspects({"open.example": 10_000}, {}) == frozenset()
    assert suspects({}, {"a.example": 3}) == frozenset()
    assert suspects({"gmail.com": 10_000, "a.example": 100}, {"a.example": 50}) == frozenset()

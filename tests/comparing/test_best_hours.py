"""The hour of one recipient: named where reactions tell it, shrunk to what is usual, and else not named."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.insight import seeding
from tests.insight.seeding import HOUR

from mailwake.comparing.best_hours import LEAST_REACTIONS, PersonHour, best_hours
from mailwake.comparing.timing import still_fresh
from mailwake.errors import NotEnoughData
from mailwake.events import AgentKind, Class, EventType
from mailwake.insight.stores import Stores
from mailwake.stats.clockwise import best, profile

NOW = seeding.micros(86_400)
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)


def letters(
    stores: Stores,
    reads: dict[str, list[int | None]],
    *,
    country: str | None = "GB",
    at: Callable[[int], int] = lambda day: 7 * day % 24,
    **more: object,
) -> None:
    """One mail each day, at another hour each; read at an hour of the same day or the next, or not."""
    days = max(map(len, reads.values()))
    for day in range(days):
        mail = seeding.sending(stores, f"Day {day}", start=BEGIN + timedelta(days=day, hours=at(day)))
        mail.people(list(reads))
        for number, hours in enumerate(reads.values()):
            mail.add(EventType.SENT, number, 0)
            mail.add(EventType.DELIVERED, number, 1)
            wanted = hours[day] if day < len(hours) else None
            if wanted is not None:
                after = ((wanted - mail.start.hour) % 24 + 0.5) * HOUR
                told = {"p_human": 0.9, "klass": Class.HUMAN, "country": country, **more}
                mail.add(EventType.OPENED, number, after, **told)
        mail.write()


def hour_of(stores: Stores, address: str) -> PersonHour:
    handle = stores.state.known_handles([address])[address]
    return best_hours(stores, [handle], now=NOW)[handle]


def test_who_always_reads_in_the_evening_is_told_so_by_their_own_clock(stores: Stores) -> None:
    letters(stores, {"eve@example.com": [20] * 14, "ann@example.com": [8] * 14}, country="FR")
    found = hour_of(stores, "eve@example.com")
    assert (found.hour, found.clock, found.reactions) == (22, "Europe/Paris", 14), "two hours ahead in summer"
    assert found.sureness is not None
    assert found.sureness > 0.5
    assert hour_of(stores, "ann@example.com").hour == 10


def test_too_few_reactions_name_no_hour(stores: Stores) -> None:
    letters(stores, {"new@example.com": [20] * (LEAST_REACTIONS - 1), "one@example.com": [20]})
    assert hour_of(stores, "new@example.com").cannot_say == "cannot say: 4 reactions are too few; it takes 5"
    assert hour_of(stores, "one@example.com").cannot_say == "cannot say: 1 reaction is too few; it takes 5"


@pytest.mark.long
def test_who_reads_at_any_hour_has_no_best_one(stores: Stores) -> None:
    letters(stores, {"any@example.com": [5 * day % 24 for day in range(24)]})
    found = hour_of(stores, "any@example.com")
    assert found.hour is None
    assert "too little is known" in (found.cannot_say or "")


@pytest.mark.long
def test_who_is_mailed_at_one_hour_alone_has_no_best_hour(stores: Stores) -> None:
    letters(stores, {"eve@example.com": [18] * 14, "ann@example.com": [17] * 14}, at=lambda _: 16)
    found = hour_of(stores, "eve@example.com")
    assert (found.hour, found.reactions) == (None, 14)
    assert "mail was sent at too few hours of the day" in (found.cannot_say or "")


@pytest.mark.long
def test_the_hours_after_most_mail_are_nobodys_best(stores: Stores) -> None:
    """Most mail comes at nine, and is read whenever it is read."""
    draw, days = random.Random(5), 36
    hours = [9 if day % 6 else (5 * day + 13) % 24 for day in range(days)]
    fresh = still_fresh([1] + [0] * 23)
    crowd: dict[str, list[int | None]] = {
        f"p{n}@example.com": [(at + draw.choices(range(24), fresh)[0]) % 24 for at in hours] for n in range(12)
    }
    letters(stores, crowd, at=hours.__getitem__)
    told = best_hours(stores, stores.state.known_handles(crowd).values(), now=NOW)
    assert {each.hour for each in told.values()} == {None}


def test_the_country_of_a_proxy_is_nobodys_clock(stores: Stores) -> None:
    letters(stores, {"proxied@example.com": [20] * 12}, agent_kind=AgentKind.IMAGE_PROXY)
    found = hour_of(stores, "proxied@example.com")
    assert (found.hour, found.clock, found.cannot_say) == (None, None, "cannot say: their clock is not known")


def test_machines_have_no_hour_and_strangers_none_either(stores: Stores) -> None:
    letters(stores, {"scanned@example.com": [20] * 12}, p_human=0.1, klass=Class.SCANNER)
    assert hour_of(stores, "scanned@example.com").reactions == 0
    assert best_hours(stores, [], now=NOW) == {}


@pytest.mark.parametrize("reactions", [5, 12, 30])
@pytest.mark.long
def test_an_hour_is_seldom_named_for_those_who_have_none(reactions: int) -> None:
    """Readers without any preference: an hour named is false. Measured, of 200: none with 5, 1 with 12, 8 with 30."""
    draw, named = random.Random(reactions), 0
    for _ in range(60):
        counts = [0] * 24
        for _ in range(reactions):
            counts[draw.randrange(24)] += 1
        try:
            best(profile(counts, [1.0] * 24, 24.0))
        except NotEnoughData:
            continue
        named += 1
    assert named <= 3

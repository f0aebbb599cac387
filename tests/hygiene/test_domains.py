"""Every domain is asked for once, a few at a time, and what is kept is not asked again."""

import pytest
from tests.hygiene.conftest import MAIL, World

from mailwake.atlas.exchangers import KEEP_MICROS
from mailwake.events import Micros
from mailwake.hygiene.domains import AT_ONCE, CONTROL, GIVE_UP_AFTER, KEEP_NONE_MICROS, kept, look_up
from mailwake.store.state import Route, StateStore

NOW = Micros(1_790_000_000_000_000)


def test_each_is_asked_once_and_kept(state: StateStore) -> None:
    world = World({"corp.example": MAIL, "null.example": ((), Route.REFUSED), "web.example": ((), Route.ADDRESS)})
    names = ["corp.example", "null.example", "web.example", "gone.example", "corp.example"]
    ticks: list[None] = []
    done = look_up(state, names, world, now=NOW, each=lambda: ticks.append(None))
    assert (done.found, done.fresh, done.unanswered, done.given_up) == (4, 0, 0, 0)
    assert len(ticks) == 4
    assert set(world.asked.values()) == {1}
    found = kept(state, names, now=NOW)
    assert {name: row.route for name, row in found.items()} == {
        "corp.example": Route.EXCHANGERS,
        "null.example": Route.REFUSED,
        "web.example": Route.ADDRESS,
        "gone.example": Route.NO_DOMAIN,
    }
    assert found["corp.example"].hosts == ("mx.example",)
    assert look_up(state, names, world, now=NOW).fresh == 4
    assert world.asked["corp.example"] == 1


@pytest.mark.parametrize(("name", "holds"), [("corp.example", KEEP_MICROS), ("gone.example", KEEP_NONE_MICROS)])
def test_bad_news_is_believed_for_a_shorter_time(state: StateStore, name: str, holds: int) -> None:
    look_up(state, [name], World({"corp.example": MAIL}), now=NOW)
    assert name in kept(state, [name], now=Micros(NOW + holds - 1))
    assert name not in kept(state, [name], now=Micros(NOW + holds))


def test_what_others_looked_up_counts_where_it_says_enough(state: StateStore) -> None:
    """The atlas keeps exchangers alone: that there are none may be a null MX, an address, or no such name."""
    state.put_exchangers("corp.example", ["mx.example"], now=NOW)
    state.put_exchangers("none.example", [], now=NOW)
    assert set(kept(state, ["corp.example", "none.example"], now=NOW)) == {"corp.example"}


def test_silence_is_not_kept(state: StateStore) -> None:
    done = look_up(
        state, ["slow.example", "corp.example"], World({"slow.example": None, "corp.example": MAIL}), now=NOW
    )
    assert (done.found, done.unanswered, done.given_up) == (1, 1, 0)
    assert set(kept(state, ["slow.example", "corp.example"], now=NOW)) == {"corp.example"}


@pytest.mark.parametrize("control", [None, ((), Route.NO_DOMAIN)])
def test_a_name_server_that_denies_the_world_is_not_believed(
    state: StateStore, control: tuple[tuple[str, ...], Route] | None
) -> None:
    world = World({CONTROL: control})
    done = look_up(state, ["gone.example"], world, now=NOW)
    assert (done.found, done.given_up) == (0, 1)
    assert set(world.asked) == {CONTROL}
    assert not kept(state, ["gone.example"], now=NOW)


def test_it_ends_where_the_way_to_the_dns_is_lost(state: StateStore) -> None:
    names = [f"d{number}.example" for number in range(GIVE_UP_AFTER * 20)]
    world = World(dict.fromkeys(names))
    done = look_up(state, names, world, now=NOW)
    assert done.unanswered == GIVE_UP_AFTER
    assert done.given_up == len(names) - GIVE_UP_AFTER
    assert not done.found


def test_only_so_many_questions_are_under_way(state: StateStore) -> None:
    names = [f"d{number}.example" for number in range(300)]
    world = World(dict.fromkeys(names, MAIL))
    assert look_up(state, names, world, now=NOW).found == 300
    assert world.most_at_once <= AT_ONCE

"""The same people for the same seed, at reserved domains, each with an address of their own."""

from collections import Counter

from mailwake.simulate.agents import load_dials
from mailwake.simulate.people import Person, make_people, spread, without_trouble
from mailwake.simulate.places import load_world
from mailwake.simulate.sink import Trouble

WORLD, DIALS = load_world(), load_dials()


def people(count: int = 2_000, seed: int = 7) -> list[Person]:
    return make_people(count, seed=seed, world=WORLD, dials=DIALS)


def test_a_seed_always_gives_the_same_people() -> None:
    assert people(50) == people(50)
    assert people(50) != people(50, seed=8)


def test_more_people_begin_with_the_same_ones() -> None:
    assert people(80)[:50] == people(50)


def test_addresses_are_unique_and_reserved() -> None:
    addresses = [person.address for person in people()]
    assert len(set(addresses)) == len(addresses) == 2_000
    reserved = (".example", "example.com", "example.net", "example.org")
    assert all(address.endswith(reserved) for address in addresses)


def test_people_of_a_company_share_its_way_out_and_its_gateway() -> None:
    office: dict[str, set[tuple[str, str]]] = {}
    for person in people():
        if person.office:
            office.setdefault(person.address.partition("@")[2], set()).add((person.office, person.gateway))
    assert len(office) > 15
    assert all(len(ways) == 1 for ways in office.values())


def test_private_mailboxes_have_no_gateway() -> None:
    assert {person.gateway for person in people() if not person.office} == {"none"}


def test_every_agent_of_the_table_is_in_the_crowd() -> None:
    clients = Counter(person.client for person in people())
    assert set(clients) == {*DIALS["clients"]["private"], *DIALS["clients"]["company"]}
    assert {person.gateway for person in people()} == set(DIALS["gateways"])


def test_some_mailboxes_give_trouble_of_every_kind() -> None:
    trouble = Counter(person.trouble for person in people())
    assert set(trouble) == {None, *Trouble}
    assert trouble[None] > 1_900
    assert all(person.trouble is None for person in without_trouble(people()))


def test_a_spread_keeps_the_proportions() -> None:
    assert Counter(spread({"a": 50, "b": 30, "c": 20}, 10)) == {"a": 5, "b": 3, "c": 2}
    assert set(spread({"a": 98, "b": 1, "c": 1}, 10)) == {"a", "b", "c"}

"""One recipient over all campaigns: days, returns, devices, and forwards that are never asserted."""

from typing import Any

import pytest
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import Class, EventType
from mailwake.insight.stores import Stores
from mailwake.people.person import Forward, NoSuchPerson, person

DAY = 86_400
ANN = "ann@example.com"


def copy(stores: Stores, name: str, *opens: tuple[float, dict[str, Any]]) -> None:
    """A campaign to Ann: what happened so many seconds after it was sent."""
    sending = seeding.sending(stores, name)
    sending.people([ANN])
    sending.add(EventType.SENT, 0, 0)
    sending.add(EventType.DELIVERED, 0, 1)
    for after, more in opens:
        told = {"p_human": 0.9, "klass": Class.HUMAN, **more}
        sending.add(more.pop("kind", EventType.OPENED), 0, after, **{k: v for k, v in told.items() if k != "kind"})
    sending.write()


def test_days_are_counted_and_not_clicks(stores: Stores) -> None:
    copy(stores, "One", (60, {}), (120, {}), (2 * DAY, {}))
    copy(stores, "Two", (90, {}))
    told = person(stores, "ANN@example.com")
    assert (told.sent, told.opened, told.clicked, told.days) == (2, 2, 0, 2)
    assert {each.name for each in told.copies} == {"One", "Two"}


def test_what_a_machine_did_is_not_theirs(stores: Stores) -> None:
    copy(stores, "One", (5, {"p_human": 0.01, "klass": Class.SCANNER}))
    told = person(stores, ANN)
    assert (told.opened, told.days, told.last_at) == (0, 0, None)
    assert told.copies[0].opened == "machine"


def test_a_late_reaction_is_a_return(stores: Stores) -> None:
    copy(stores, "One", (60, {}), (15 * DAY, {}), (13 * DAY, {}))
    assert person(stores, ANN).returns == 1


def test_links_are_told_by_their_words_each_once(stores: Stores) -> None:
    click = {"kind": EventType.CLICKED, "link": 2, "role": "cta"}
    copy(
        stores, "One", (60, dict(click)), (70, dict(click)), (80, {"kind": EventType.CLICKED, "link": 4, "role": "cta"})
    )
    assert person(stores, ANN).copies[0].links == ("See the autumn range", "Shop now")


def test_devices_are_told_as_far_as_nobody_hides_them(stores: Stores) -> None:
    phone = {"client": "Apple Mail", "device": "phone"}
    copy(
        stores,
        "One",
        (60, phone),
        (70, phone),
        (80, {"client": "Gmail", "device": "proxied"}),
        (90, {"device": "desktop"}),
    )
    assert person(stores, ANN).devices == ("Apple Mail on phone", "desktop")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ([("phone", "FR"), ("desktop", "FR")], None),
        ([("phone", "FR"), ("phone", "JP")], None),
        ([("phone", "FR"), ("desktop", "JP")], "likely"),
        ([("phone", "FR"), ("desktop", "FR"), ("tablet", "FR")], "possible"),
    ],
)
def test_a_forward_is_a_likelihood(stores: Stores, seen: list[tuple[str, str]], told: str | None) -> None:
    copy(
        stores, "One", *((60.0 * n, {"device": device, "country": place}) for n, (device, place) in enumerate(seen, 1))
    )
    found = person(stores, ANN).copies[0].forward
    assert (found and found.likelihood) == told


def test_a_traveller_is_only_possible(stores: Stores) -> None:
    copy(stores, "One", (60, {"device": "phone", "country": "FR"}), (DAY, {"device": "desktop", "country": "JP"}))
    found = person(stores, ANN).copies[0].forward
    assert found == Forward(likelihood="possible", why="2 devices, 2 countries")


def test_who_was_never_mailed_is_told_so(stores: Stores) -> None:
    with pytest.raises(NoSuchPerson, match="nobody was ever mailed at nobody@"):
        person(stores, "nobody@example.com")
    with pytest.raises(BadInput):
        person(stores, "no address")

"""Keys of programs: AT-63, AT-67, AT-68 and AT-71."""

import re
from dataclasses import replace

import httpx2
import pytest
from tests.access.house import House, house_over
from tests.every import every

from mailwake.access.actors import COMMAND, Actor, NotAllowed
from mailwake.access.keyform import id_in, key_hash, new_key
from mailwake.access.programs import Wanted
from mailwake.access.roles import may
from mailwake.errors import BadInput
from mailwake.insight.stores import Stores
from mailwake.store.access import Key


def asked(house: House, key: str, path: str = "/api/campaigns", **more: object) -> httpx2.Response:
    return house.asking.get(path, headers={"Authorization": f"Bearer {key}"}, **more)  # type: ignore[arg-type]


def made(house: House, *scopes: str, by: Actor = COMMAND, **more: object) -> tuple[str, Key]:
    told = house.gate.programs.make(by, Wanted(name="shop", scopes=scopes or ("stats:read",), **more))  # type: ignore[arg-type]
    return told.text, told.key


def actor(house: House, role: str) -> Actor:
    known = house.gate.accounts.known(house.session(house.user(role)).token)
    assert known is not None
    return known


def test_a_key_looks_like_one_and_is_kept_as_a_hash(house: House) -> None:
    text, key = made(house)
    assert re.fullmatch(r"mwk_live_[a-z0-9]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", text)
    assert id_in(text) == key.id
    kept = house.store.key(key.id)
    assert kept is not None
    assert kept.hash == key_hash(text)
    assert text not in repr(kept)


def test_a_slip_in_a_key_is_known_without_asking_anybody() -> None:
    text, number = new_key("test")
    assert id_in(text) == number
    for place in range(len(text)):
        slipped = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        assert id_in(slipped) is None


@every("env", ["", "LIVE", "a b", "x" * 13, "live_"])
def test_the_environment_is_a_short_word(env: str) -> None:
    with pytest.raises(BadInput):
        new_key(env)


def test_a_key_opens_what_its_scopes_say_and_nothing_else(house: House) -> None:
    text, _ = made(house, "stats:read")
    assert asked(house, text).status_code == 200
    for path in ("/api/campaigns/2/people", "/api/suppressions", "/users", "/api/status", "/account", "/sessions"):
        assert asked(house, text, path).status_code == 403


def test_a_program_changes_things_without_a_form(house: House) -> None:
    text, _ = made(house, "campaigns:write", "stats:read")
    done = asked(house, text, "/api/goals", method="POST", body=b'{"name": "by-a-program", "by": "the boss"}')
    assert done.status_code == 200
    assert done.json()["goal"]["made_by"] == "key shop"
    asked(house, text, "/api/goals/delete", method="POST", body=b'{"name": "by-a-program"}')


def test_a_key_beside_a_cookie_is_no_way_around_the_form(house: House) -> None:
    """AT-63: what a browser sends by itself has to come from a page of ours."""
    browser = house.session(house.user("owner"))
    head = {"Authorization": "Bearer x", "Cookie": f"s={browser.token}"}
    answer = house.asking.get("/api/goals", method="POST", headers=head, body=b'{"name": "stolen"}')
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/api/campaigns?key={}", "/api/campaigns?api_key={}&x=1", "/?{}", "/api/goals/{}"])
def test_a_key_in_an_address_is_refused(house: House, path: str) -> None:
    """AT-68: also beside a good one in the header, so that nobody gets used to it."""
    text, _ = made(house)
    answer = asked(house, text, path.format(text))
    assert answer.status_code == 400
    assert "never into an address" in answer.json()["error"]
    assert text not in answer.text


def test_a_key_ends_at_its_hour_and_when_it_is_revoked(house: House) -> None:
    first, _ = made(house, days=1)
    second, key = made(house)
    house.clock.later(86_399)
    assert asked(house, first).status_code == 200
    house.clock.later(1)
    assert asked(house, first).status_code == 401
    assert asked(house, second).status_code == 200
    house.gate.programs.revoke(COMMAND, key.id)
    assert asked(house, second).status_code == 401
    with pytest.raises(BadInput, match="already"):
        house.gate.programs.revoke(COMMAND, key.id)


def test_a_key_is_good_for_a_year_where_nobody_says(house: House) -> None:
    _, key = made(house)
    assert key.expires_at - key.created_at == 365 * 86_400 * 1_000_000


def test_two_keys_are_good_while_one_takes_the_place_of_the_other(house: House) -> None:
    first, key = made(house, "stats:read", networks=("127.0.0.0/8",), env="test")
    again = house.gate.programs.rotate(COMMAND, key.id, hours=2)
    assert again.text.startswith("mwk_test_")
    assert (again.key.scopes, again.key.networks) == (key.scopes, key.networks)
    house.clock.later(2 * 3_600 - 1)
    assert [asked(house, each).status_code for each in (first, again.text)] == [200, 200]
    house.clock.later(1)
    assert [asked(house, each).status_code for each in (first, again.text)] == [401, 200]
    former = house.store.key(key.id)
    assert former is not None
    assert former.next == again.key.id
    with pytest.raises(BadInput, match="has ended"):
        house.gate.programs.rotate(COMMAND, key.id)


def test_a_key_that_ends_sooner_lives_no_longer_for_being_rotated(house: House) -> None:
    first, key = made(house, days=1)
    house.clock.later(86_000)
    house.gate.programs.rotate(COMMAND, key.id, hours=24)
    house.clock.later(401)
    assert asked(house, first).status_code == 401


@pytest.mark.parametrize(
    ("networks", "status"),
    [((), 200), (("127.0.0.1",), 200), (("192.0.2.0/24", "2001:db8::/32"), 401)],
)
def test_a_key_is_taken_from_its_networks_alone(house: House, networks: tuple[str, ...], status: int) -> None:
    text, _ = made(house, networks=networks)
    assert asked(house, text).status_code == status


def test_a_named_proxy_says_from_where_a_key_comes(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> None:
    with house_over(stores, tmp_path_factory.mktemp("proxy"), proxies=["127.0.0.1/32"]) as house:
        text, _ = made(house, networks=("192.0.2.0/24",))
        for forwarded, status in (("192.0.2.7", 200), ("192.0.2.7, 203.0.113.9", 401), ("203.0.113.9, 192.0.2.7", 200)):
            head = {"Authorization": f"Bearer {text}", "X-Forwarded-For": forwarded}
            assert house.asking.get("/api/campaigns", headers=head).status_code == status


def test_nobody_makes_a_key_for_more_than_they_may(house: House) -> None:
    analyst = actor(house, "analyst")
    with pytest.raises(NotAllowed):
        made(house, "people:read", by=analyst)
    assert made(house, "stats:read", by=analyst)[1].user == (analyst.user and analyst.user.id)
    with pytest.raises(NotAllowed):
        made(house, "stats:read", by=replace(analyst, permissions=may("viewer")))


def test_a_key_may_no_more_than_its_maker_may_by_now(house: House) -> None:
    house.user("owner")
    editor = actor(house, "editor")
    assert editor.user is not None
    text, _ = made(house, "people:read", "stats:read", by=editor)
    assert asked(house, text, "/api/suppressions").status_code == 200
    house.gate.accounts.change_role(COMMAND, editor.user, "viewer")
    assert asked(house, text, "/api/suppressions").status_code == 403
    assert asked(house, text).status_code == 200
    house.gate.accounts.remove(COMMAND, house.gate.accounts.named(editor.user.name))
    assert asked(house, text).status_code == 401


def test_nobody_touches_the_keys_of_others(house: House) -> None:
    editor, analyst, admin = (actor(house, role) for role in ("editor", "analyst", "admin"))
    _, key = made(house, "people:read", by=editor)
    assert [each.id for each in house.gate.programs.shown_to(editor)] == [key.id]
    assert house.gate.programs.shown_to(analyst) == []
    with pytest.raises(BadInput, match="of yours"):
        house.gate.programs.revoke(analyst, key.id)
    _, everything = made(house, "modes:raise")
    with pytest.raises(NotAllowed):
        house.gate.programs.rotate(admin, everything.id)
    house.gate.programs.revoke(admin, everything.id)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(name="", scopes=("stats:read",)),
        Wanted(name="x" * 101, scopes=("stats:read",)),
        Wanted(name="a\nb", scopes=("stats:read",)),
        Wanted(name="a", scopes=()),
        Wanted(name="a", scopes=("everything",)),
        Wanted(name="a", scopes=("stats:read",), days=0),
        Wanted(name="a", scopes=("stats:read",), days=5_000),
        Wanted(name="a", scopes=("stats:read",), networks=("nowhere",)),
        Wanted(name="a", scopes=("stats:read",), networks=("10.0.0.0/8",) * 51),
    ],
)
def test_a_key_that_cannot_be_is_refused(house: House, wanted: Wanted) -> None:
    with pytest.raises(BadInput):
        house.gate.programs.make(COMMAND, wanted)
    assert house.store.keys() == []


def test_when_a_key_was_last_used_is_known(house: House) -> None:
    text, key = made(house)
    assert key.used_at is None
    house.clock.later(100)
    asked(house, text)
    house.clock.later(30)
    asked(house, text)
    kept = house.store.key(key.id)
    assert kept is not None
    assert kept.used_at == house.clock.micros - 30_000_000


def test_a_key_calls_six_hundred_times_a_minute(house: House) -> None:
    text, key = made(house)
    for _ in range(599):
        house.gate.programs._calls.take(key.id)
    assert asked(house, text).status_code == 200
    late = asked(house, text)
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    house.clock.later(60)
    assert asked(house, text).status_code == 200


def test_guessing_keys_ends_soon(house: House) -> None:
    """AT-67: what has the form of a key and what has not get the same answer."""
    text, _ = made(house)
    wrong = new_key("live")[0]
    said = [asked(house, each).text for each in (wrong, "mwk_x", "", text[:-1])]
    assert len(set(said)) == 1
    codes = [asked(house, wrong).status_code for _ in range(30)]
    assert (codes[0], codes[-1]) == (401, 429)


def test_five_exports_an_hour_are_enough_for_anybody(house: House) -> None:
    """AT-71."""
    text, _ = made(house, "stats:read", "stats:export")
    codes = [asked(house, text, "/api/export/campaigns").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    other, _ = made(house, "stats:read", "stats:export")
    assert asked(house, other, "/api/export/links?campaign=2").status_code == 200
    house.clock.later(3_600)
    assert asked(house, text, "/api/export/campaigns").status_code == 200
    assert house.notes.said().count(("people.export", "ok")) == 7


def test_an_export_shows_pseudonyms_to_a_key_that_may_not_know_people(house: House) -> None:
    plain, masked = made(house, "people:export", "people:read")[0], made(house, "people:export")[0]
    assert "reader0.of1@example.com" in asked(house, plain, "/api/export/people?campaign=2").text
    shown = asked(house, masked, "/api/export/people?campaign=2")
    assert shown.status_code == 200
    assert "person-" in shown.text
    assert "@" not in shown.text


def test_the_page_shows_a_new_key_once(house: House) -> None:
    browser = house.session(house.user("analyst"))
    page = browser.post("/keys", {"act": "make", "name": "shop", "scopes": "stats:read", "days": "30"}).text
    (text,) = re.findall(r'id="new-key">(mwk_live_\w+)<', page)
    assert asked(house, text).status_code == 200
    again = browser.get("/keys").text
    assert text not in again
    (number,) = set(re.findall(r'name="key" value="(\w{8})"', again))
    rotated = browser.post("/keys", {"act": "rotate", "key": number}).text
    assert len(re.findall(r'id="new-key">(mwk_live_\w+)<', rotated)) == 1
    browser.post("/keys", {"act": "revoke", "key": number})
    assert asked(house, text).status_code == 401


def test_a_command_of_this_installation_is_let_in_by_a_secret_that_dies_with_the_process(house: House) -> None:
    good = {"Authorization": f"Mailwake-Local {house.gate.local_secret}"}
    assert house.asking.get("/api/suppressions", headers=good).status_code == 200
    for wrong in ("", "x", house.gate.local_secret[:-1], house.gate.local_secret + "x"):
        told = {"Authorization": f"Mailwake-Local {wrong}"}
        assert house.asking.get("/api/suppressions", headers=told).status_code == 401

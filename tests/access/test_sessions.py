"""Log-in, sessions and forms: what is promised of AT-63, AT-64, AT-66, AT-67 and AT-72."""

import re
from pathlib import Path

import pytest
from tests.access.house import OURS, PASSWORD, Browser, House, house_over
from tests.every import every

from mailwake.access.accounts import Arrival, session_hash
from mailwake.events import SECOND
from mailwake.insight.stores import Stores
from mailwake.serving.entry import returning

ANOTHER = "a longer password of nobody"


@pytest.fixture
def ann(house: House) -> Browser:
    """Somebody who has logged in by the form."""
    house.user("owner", "ann@office.example")
    browser = house.browser()
    assert browser.log_in("ann@office.example").status_code == 303
    return browser


def test_who_logs_in_goes_where_they_wanted_to(house: House) -> None:
    house.user("viewer", "vic")
    browser = house.browser()
    first = browser.get("/campaigns/2?by=clicked")
    assert first.headers["location"] == "/login?return_to=%2Fcampaigns%2F2%3Fby%3Dclicked"
    page = browser.get(first.headers["location"]).text
    assert 'name="return_to" value="/campaigns/2?by=clicked"' in page
    done = browser.log_in("VIC", return_to="/campaigns/2?by=clicked")
    assert done.headers["location"] == "/campaigns/2?by=clicked"
    assert browser.get("/campaigns/2?by=clicked").status_code == 200


@every(
    "told",
    ["//evil.example", "/\\evil.example", "%2f%2fevil.example", "/%2f%2fevil.example", "https://evil.example", "evil",
     "javascript:alert(1)", "/\tevil", "/a\r\nSet-Cookie: x=1", "///evil.example", "/@evil.example", "\\\\evil", "/a#b",
     "/login?return_to=/", "/" + "a" * 3_000, ""],
)  # fmt: skip
def test_a_log_in_never_leads_away(told: str) -> None:
    """AT-66."""
    assert returning(told) == "/"


def test_who_comes_in_is_led_nowhere_else(house: House) -> None:
    house.user("viewer", "vic")
    done = house.browser().log_in("vic", return_to="//evil.example")
    assert (done.status_code, done.headers["location"]) == (303, "/")


def test_cookies_say_what_they_have_to(ann: Browser, house: House) -> None:
    """AT-64: on this machine without TLS, where browsers would not take the prefix."""
    cookie = house.browser().log_in("ann@office.example").headers["set-cookie"]
    assert re.fullmatch(r"s=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", cookie)


def test_behind_tls_a_cookie_belongs_to_this_host_alone(stores: Stores, tmp_path: Path) -> None:
    with house_over(stores, tmp_path, is_secure=True) as house:
        house.user("viewer", "vic")
        browser = house.browser()
        cookie = browser.log_in("vic").headers["set-cookie"]
        assert re.fullmatch(r"__Host-s=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax; Secure", cookie)
        assert browser.get("/").status_code == 200
        plain = house.asking.get("/", headers={"Cookie": f"s={browser.token}"})
        assert plain.status_code == 303


def test_a_session_that_somebody_set_before_is_worth_nothing(house: House) -> None:
    """AT-64, fixation: the session that the browser showed is not adopted, and a real one of another account ends."""
    victim, attacker = house.user("owner", "ann"), house.user("viewer", "eve")
    planted = house.session(attacker)
    browser = house.browser(planted.token)
    done = browser.log_in("ann")
    assert done.status_code == 303
    assert browser.token != planted.token
    assert house.gate.accounts.known(planted.token) is None
    made_up = house.browser("A" * 43)
    made_up.log_in("ann")
    assert made_up.token != "A" * 43
    assert {each.user for each in house.store.sessions()} == {victim.id}


def test_only_the_hash_of_a_session_is_kept(ann: Browser, house: House) -> None:
    (kept,) = house.store.sessions()
    assert kept.hash == session_hash(ann.token)
    assert ann.token not in repr(kept)


def test_after_the_log_out_the_session_opens_nothing(ann: Browser, house: House) -> None:
    token = ann.token
    done = ann.post("/logout")
    assert done.headers["location"] == "/login"
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert house.browser(token).get("/").status_code == 303


def test_another_role_ends_all_sessions(ann: Browser, house: House) -> None:
    vic = house.session(house.user("editor", "vic"))
    ann.post("/users", {"user": str(house.gate.accounts.named("vic").id), "act": "role", "role": "viewer"})
    assert vic.get("/").status_code == 303
    again = house.browser()
    again.log_in("vic")
    assert again.get("/suppressions").status_code == 403


def test_another_password_ends_all_sessions_but_a_new_one(ann: Browser, house: House) -> None:
    elsewhere = house.browser()
    elsewhere.log_in("ann@office.example")
    before = ann.token
    done = ann.post("/account", {"old": PASSWORD, "new": ANOTHER, "again": ANOTHER})
    assert done.status_code == 303
    assert [house.browser(token).get("/").status_code for token in (before, elsewhere.token)] == [303, 303]
    assert ann.get("/").status_code == 200
    assert house.browser().log_in("ann@office.example").status_code == 401
    assert house.browser().log_in("ann@office.example", ANOTHER).status_code == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"old": "wrong", "new": ANOTHER, "again": ANOTHER}, "do not belong together"),
        ({"old": PASSWORD, "new": ANOTHER, "again": "else"}, "same way twice"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 12"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "is the old one"),
    ],
)
def test_a_password_that_cannot_be_changes_nothing(ann: Browser, form: dict[str, str], said: str) -> None:
    answer = ann.post("/account", form)
    assert answer.status_code == 400
    assert said in answer.text
    assert ann.get("/").status_code == 200


def test_a_session_ends_when_nothing_was_done_for_half_a_day(ann: Browser, house: House) -> None:
    for _ in range(3):
        house.clock.later(11 * 3_600)
        assert ann.get("/").status_code == 200
    house.clock.later(12 * 3_600)
    assert ann.get("/").status_code == 303


def test_a_session_ends_after_a_week_whatever_is_done(ann: Browser, house: House) -> None:
    for _ in range(16):
        house.clock.later(10 * 3_600)
        assert ann.get("/").status_code == 200
    house.clock.later(8 * 3_600 + 1)
    assert ann.get("/").status_code == 303


def test_a_clock_that_is_put_back_a_day_lets_nobody_in_for_longer(ann: Browser, house: House) -> None:
    """AT-86."""
    house.clock.later(-86_400)
    assert ann.get("/").status_code == 200
    house.clock.later(-8 * 86_400)
    assert ann.get("/").status_code == 303


def test_a_form_without_the_sessions_own_token_changes_nothing(ann: Browser, house: House) -> None:
    """AT-63: even from a page of this origin."""
    other = house.session(house.user("owner", "bob"))
    actor = house.gate.accounts.known(other.token)
    assert actor is not None
    for token in ("", "0" * 32, actor.form_token):
        answer = ann.post("/goals", {"act": "add", "name": "stolen", "form_token": token})
        assert answer.status_code == 403
        assert "not of this session" in answer.text
    assert "stolen" not in ann.get("/goals").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
)
def test_what_other_sites_can_send_changes_nothing(ann: Browser, headers: dict[str, str]) -> None:
    """AT-63."""
    for path in ("/goals", "/segments", "/suppressions", "/users", "/keys", "/logout", "/api/goals"):
        assert ann.post(path, {"act": "add", "name": "stolen"}, **headers).status_code == 403
    assert "stolen" not in ann.get("/goals").text


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_makes_a_question_a_change(ann: Browser, name: str) -> None:
    """AT-63: GET stays GET, and a POST of nothing stays a POST."""
    assert ann.get("/goals?act=add&name=stolen&_method=POST", **{name: "POST"}).status_code == 200
    assert "stolen" not in ann.get("/goals").text
    assert ann.post("/api/campaigns", None, **{name: "GET"}).status_code == 405


def test_the_api_takes_a_session_with_its_token_in_a_header(ann: Browser, house: House) -> None:
    body = b'{"name": "of-a-script"}'
    actor = house.gate.accounts.known(ann.token)
    assert actor is not None
    head = {**OURS, "Cookie": f"s={ann.token}", "Content-Type": "application/json"}
    assert house.asking.get("/api/goals", method="POST", headers=head, body=body).status_code == 403
    done = house.asking.get("/api/goals", method="POST", headers={**head, "X-Form-Token": actor.form_token}, body=body)
    assert done.status_code == 200
    assert done.json()["goal"]["made_by"] == "ann@office.example"
    ann.post("/goals", {"act": "delete", "name": "of-a-script"})


def test_every_form_of_every_page_carries_the_token(ann: Browser, house: House) -> None:
    actor = house.gate.accounts.known(ann.token)
    assert actor is not None
    counted = 0
    for path in ("/goals", "/segments?query=clicked", "/suppressions", "/unsubscribes", "/users", "/keys", "/sessions",
                 "/account", "/experiments/Won", "/experiments/Draft"):  # fmt: skip
        page = ann.get(path).text
        forms = page.split('<form method="post"')[1:]
        assert all(actor.form_token in form.partition("</form>")[0] for form in forms), path
        counted += len(forms)
    assert counted > 20


def test_who_says_who_did_it_is_whoever_is_logged_in(ann: Browser, house: House) -> None:
    """AT-72: a name in the body is not believed."""
    ann.post("/goals", {"act": "add", "name": "mine", "by": "somebody else"})
    (made,) = [goal for goal in ann.get("/api/goals").json()["goals"] if goal["name"] == "mine"]
    assert made["made_by"] == "ann@office.example"
    ann.post("/goals", {"act": "delete", "name": "mine"})


@pytest.mark.parametrize("more", [{"role": "owner"}, {"is_owner": "yes"}, {"user": "1"}, {"permissions": "*"}])
def test_nobody_gives_themselves_a_role_by_a_field_more(house: House, more: dict[str, str]) -> None:
    """AT-72."""
    house.user("owner")
    vic = house.session(house.user("viewer", "vic"))
    vic.post("/account", {"old": PASSWORD, "new": ANOTHER, "again": ANOTHER, **more})
    assert house.gate.accounts.named("vic").role == "viewer"


def test_guessing_ends_after_five_tries_a_minute(house: House) -> None:
    """AT-67: the right password is refused as well then, and a minute later taken."""
    house.user("viewer", "vic")
    browser = house.browser()
    assert [browser.log_in("vic", "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    late = browser.log_in("vic")
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    house.clock.later(60)
    assert browser.log_in("vic").status_code == 303


@pytest.mark.usefixtures("dear_passwords")
def test_no_answer_tells_whether_there_is_an_account(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """AT-67: the same words, and the same work: one Argon2 each, also for who has no password."""
    from mailwake.access import passwords

    house.user("viewer", "vic")
    house.gate.accounts.store.change_user(house.user("viewer", "guest").id, password=None)
    worked: list[bool] = []
    hasher = passwords._hasher

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            worked.append("m=65536,t=3,p=1" in kept)
            return hasher.verify(kept, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(Counting, "hash", staticmethod(hasher.hash), raising=False)
    said = {(answer.status_code, answer.text) for answer in
            (house.browser().log_in(name, "wrong") for name in ("vic", "guest", "nobody", ""))}  # fmt: skip
    assert len(said) == 1
    assert worked == [True] * 4


def test_one_address_tries_no_more_than_thirty_accounts_a_minute(house: House) -> None:
    house.user("viewer", "vic")
    limit = house.gate.accounts._tries_in_all
    for _ in range(30):
        limit.take("127.0.0.1")
    assert house.browser().log_in("vic").status_code == 429


def test_who_has_a_password_of_somebody_else_has_to_change_it_first(ann: Browser, house: House) -> None:
    page = ann.post("/users", {"act": "add", "name": "new@office.example", "role": "analyst"}).text
    found = re.search(r'id="new-password">([a-z2-9-]{23})<', page)
    assert found is not None
    browser = house.browser()
    assert browser.log_in("new@office.example", found[1]).headers["location"] == "/account"
    assert browser.get("/").headers["location"] == "/account"
    assert browser.get("/api/campaigns").status_code == 403
    browser.post("/account", {"old": found[1], "new": ANOTHER, "again": ANOTHER})
    assert browser.get("/").status_code == 200


def test_sessions_are_shown_and_ended(ann: Browser, house: House) -> None:
    vic = house.session(house.user("viewer", "vic"))
    own = vic.get("/sessions").text
    assert "ann@office.example" not in own
    (number,) = re.findall(r'name="session" value="([0-9a-f]{16})"', own)
    assert session_hash(vic.token).hex().startswith(number)
    assert ann.get("/sessions").text.count('name="session"') == 2
    assert ann.post("/sessions", {"session": number}).status_code == 303
    assert vic.get("/").status_code == 303


def test_nobody_ends_a_session_of_somebody_else(house: House) -> None:
    ann, vic = house.session(house.user("owner")), house.session(house.user("viewer", "vic"))
    number = session_hash(ann.token).hex()[:16]
    assert vic.post("/sessions", {"session": number}).status_code == 400
    assert ann.get("/").status_code == 200


def test_what_two_cookies_of_one_name_say_is_not_believed(ann: Browser, house: House) -> None:
    for told in (f"s={ann.token}; s=x", f"s=x; s={ann.token}", "s=" + "x" * 5_000):
        assert house.asking.get("/", headers={"Cookie": told}).status_code == 303


def test_with_the_first_account_nobody_is_owner_for_reaching_it(stores: Stores, tmp_path: Path) -> None:
    with house_over(stores, tmp_path, is_required=False) as house:
        assert house.browser().get("/suppressions").status_code == 200
        assert house.browser().get("/login").headers["location"] == "/"
        first = house.browser().post("/users", {"act": "add", "name": "eve", "role": "owner"})
        assert (first.status_code, house.store.users()) == (400, [])
        user = house.user("owner")
        assert house.browser().get("/suppressions").status_code == 303
        house.store.end_sessions(user.id)
        assert house.browser().get("/api/campaigns").status_code == 401


def test_a_script_that_asks_for_parts_is_sent_to_the_log_in(house: House) -> None:
    answer = house.browser().get("/", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_acts_of_accounts_are_taken_down_without_names_of_tokens(ann: Browser, house: House) -> None:
    house.browser().log_in("ann@office.example", "wrong")
    token = ann.token
    ann.post("/users", {"act": "add", "name": "ben", "role": "viewer"})
    ann.post("/users", {"act": "role", "user": str(house.gate.accounts.named("ben").id), "role": "editor"})
    ann.post("/logout")
    said = house.notes.said()
    assert ("session.begin", "ok") in said
    assert ("session.begin", "failed") in said
    assert said[-1] == ("session.end", "ok")
    (given,) = [act for act in house.notes.acts if act.action == "user.role"]
    assert (given.before, given.after) == ({"role": "viewer"}, {"role": "editor"})
    assert token not in repr(house.notes.acts)
    assert PASSWORD not in repr(house.notes.acts)


def test_a_session_of_somebody_who_is_gone_opens_nothing(house: House) -> None:
    house.user("owner")
    vic = house.user("viewer", "vic")
    token = house.gate.accounts.begin(vic, "password", Arrival()).token
    assert house.store.remove_user(vic.id, last="owner", at=house.gate.accounts.now(), by="test")
    assert house.browser(token).get("/").status_code == 303
    assert house.clock.micros > SECOND


def test_a_clock_that_is_put_a_year_ahead_ends_sessions_and_lets_everybody_in_again(ann: Browser, house: House) -> None:
    """AT-86."""
    house.clock.later(365 * 86_400)
    assert ann.get("/").status_code == 303
    assert ann.log_in("ann@office.example").status_code == 303
    assert ann.get("/").status_code == 200

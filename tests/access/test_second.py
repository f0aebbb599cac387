"""A code besides the password: who has switched it on comes in with both, and with each code once."""

import re

import pyotp
import pytest
from tests.access.house import PASSWORD, Browser, House

from mailwake.access import second
from mailwake.access.accounts import TRIES_OF_CODES, Arrival, WrongPassword
from mailwake.access.actors import Actor, Kind, NotAllowed
from mailwake.access.roles import may

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str, house: House, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(house.clock.micros // 1_000_000 + steps * second.STEP_SECONDS)


@pytest.fixture
def ann(house: House) -> Browser:
    """An owner who is logged in by password and has nothing else yet."""
    return logged_in(house, house.user("owner", "ann").name)


def logged_in(house: House, name: str, **form: str) -> Browser:
    browser = house.browser()
    assert browser.log_in(name, **form).status_code == 303
    return browser


def switched_on(house: House, browser: Browser) -> str:
    """The secret that the page showed, after it was switched on with a code of it."""
    found = re.search(r'name="secret" value="(\w+)"', browser.get("/account").text)
    assert found is not None
    form = {"secret": found[1], "password": PASSWORD, "code": code_of(found[1], house, steps=-1)}
    assert browser.post("/account/second", form).status_code == 303
    return found[1]


def test_codes_are_those_of_rfc_6238() -> None:
    """Appendix B, of which apps show the last six digits; the secret of the appendix is 20 bytes of ASCII."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")):
        assert second.step_of(secret, code, seconds) == seconds // 30
        assert second.step_of(secret, f"{code[:3]} {code[3:]}", seconds) == seconds // 30
        assert second.step_of(secret, code, seconds + 61) is None
    for text in ("", "12345", "1234567", "abcdef", "٢٨٧٠٨٢"):
        assert second.step_of(secret, text, 59) is None


def test_after_it_is_on_the_password_alone_lets_nobody_in(house: House, ann: Browser) -> None:
    secret = switched_on(house, ann)
    assert "It is on" in ann.get("/account").text
    assert secret not in ann.get("/account").text
    plain, wrong, right = (house.browser().log_in("ann", code=code) for code in ("", "000000", code_of(secret, house)))
    assert (plain.status_code, wrong.status_code, right.status_code) == (401, 401, 303)
    assert plain.text == wrong.text == house.browser().log_in("ann", "another password").text


def test_a_code_is_taken_once_and_none_from_before_it(house: House, ann: Browser) -> None:
    secret = switched_on(house, ann)
    assert house.browser().log_in("ann", code=code_of(secret, house)).status_code == 303
    assert house.browser().log_in("ann", code=code_of(secret, house)).status_code == 401
    assert house.browser().log_in("ann", code=code_of(secret, house, steps=-1)).status_code == 401
    assert house.browser().log_in("ann", code=code_of(secret, house, steps=1)).status_code == 303


def test_codes_cannot_be_guessed_from_many_places(house: House, ann: Browser) -> None:
    """AT-67: who knows the password has ten tries in ten minutes, and is not told that it is the right one."""
    secret = switched_on(house, ann)
    for number in range(TRIES_OF_CODES):
        with pytest.raises(WrongPassword):
            house.gate.accounts.sign_in("ann", PASSWORD, Arrival(peer=f"203.0.113.{number}"), "000000")
    with pytest.raises(WrongPassword):
        house.gate.accounts.sign_in("ann", PASSWORD, Arrival(peer="203.0.113.99"), code_of(secret, house))
    house.clock.later(601)
    house.gate.accounts.sign_in("ann", PASSWORD, Arrival(peer="203.0.113.99"), code_of(secret, house))


def test_switching_it_on_takes_the_password_and_a_code_and_ends_other_sessions(house: House, ann: Browser) -> None:
    other = logged_in(house, "ann")
    good = {"secret": SECRET, "password": PASSWORD, "code": code_of(SECRET, house)}
    for wrong in (
        {"password": "another password"},
        {"code": "000000"},
        {"secret": "short"},
        {"secret": SECRET.lower()},
    ):
        assert ann.post("/account/second", {**good, **wrong}).status_code == 400
    house.clock.later(61)
    good["code"] = code_of(SECRET, house)
    assert ann.post("/account/second", good).status_code == 303
    assert ann.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert ann.post("/account/second", {**good, "code": code_of(SECRET, house, steps=1)}).status_code == 400


def test_switching_it_off_takes_both_again(house: House, ann: Browser) -> None:
    secret = switched_on(house, ann)
    assert ann.post("/account/second", {"password": PASSWORD, "code": "000000"}).status_code == 400
    assert ann.post("/account/second", {"password": PASSWORD, "code": code_of(secret, house)}).status_code == 303
    assert house.browser().log_in("ann").status_code == 303


def test_it_is_taken_down_and_the_secret_is_nowhere_in_it(house: House, ann: Browser) -> None:
    secret = switched_on(house, ann)
    acts = [each for each in house.notes.acts if each.action == "user.second"]
    assert [(each.actor.name, each.outcome, each.after) for each in acts] == [("ann", "ok", {"second": "on"})]
    assert secret not in repr(house.notes.acts)


def test_nobody_switches_it_for_somebody_else_without_the_right_to(house: House, ann: Browser) -> None:
    switched_on(house, ann)
    vic = house.session(house.user("viewer", "vic"))
    vic.post("/account/second", {"password": PASSWORD, "code": "000000", "user": "ann", "name": "ann"})
    user = house.gate.accounts.named("ann")
    assert user.second is not None
    admin = Actor(kind=Kind.USER, name="admin", permissions=may("admin"))
    with pytest.raises(NotAllowed):
        house.gate.accounts.end_second(admin, user)
    assert house.gate.accounts.named("ann").second is not None

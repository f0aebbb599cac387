"""Who may log in, and how often somebody may guess."""

from __future__ import annotations

from tests.every import every

from mailwake.guesses import MOST_WRONG, WINDOW_SECONDS
from mailwake.smtp.admission import Logins, is_loopback

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def test_a_password_fits_its_user_and_nobody_else() -> None:
    logins = Logins({"shop": b"correct horse", "news": b"battery"})
    assert logins.fits(HERE, "shop", b"correct horse", now=0)
    assert not logins.fits(HERE, "news", b"correct horse", now=0)
    assert not logins.fits(HERE, "nobody", b"correct horse", now=0)
    assert not logins.fits(HERE, "nobody", b"", now=0)
    assert (len(logins), len(Logins({}))) == (2, 0)


def test_after_ten_wrong_passwords_none_is_looked_at_for_a_minute() -> None:
    logins = Logins({"shop": b"correct horse"})
    for second in range(MOST_WRONG):
        assert logins.may_try(HERE, "shop", now=second)
        assert not logins.fits(HERE, "shop", b"guess", now=second)
    assert not logins.may_try(HERE, "shop", now=MOST_WRONG)
    assert not logins.may_try(HERE, "shop", now=WINDOW_SECONDS - 1)
    assert logins.may_try(HERE, "shop", now=WINDOW_SECONDS)


def test_a_guesser_locks_out_neither_the_user_elsewhere_nor_others_at_the_same_address() -> None:
    logins = Logins({"shop": b"correct horse", "news": b"battery"})
    for _ in range(MOST_WRONG):
        logins.fits(HERE, "shop", b"guess", now=0)
    assert logins.may_try(ELSEWHERE, "shop", now=1)
    assert logins.may_try(HERE, "news", now=1)


def test_guessing_takes_up_no_more_than_so_much_memory() -> None:
    logins = Logins({})
    for number in range(20_000):
        logins.fits(HERE, f"user {number}", b"guess", now=0)
    assert len(logins._guesses._wrong) == 10_000


@every(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("mail.example.com", False)],
)
def test_only_this_machine_reaches_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected

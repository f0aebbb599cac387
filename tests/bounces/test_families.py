"""A subject and a state, a few words apart, make a sentence that no rule lists; another subject unmakes it."""

import pytest
from tests.every import every

from mailwake.bounces.decide import Bounces

BOUNCES = Bounces.load()


@every(
    ("words", "rule"),
    [
        ("550 the user that you wrote to was not found", "family.gone"),
        ("550 unregistered company recipient", "family.gone"),
        ("550 5.1.1 the e-mail address is at present paused", "family.inactive"),
        ("550 5.1.1 the customer's postbox, or account, is out of space", "family.full"),
        ("550 этот пользователь был удалён", "family.gone"),
    ],
)
def test_a_sentence_that_no_rule_lists_is_understood(words: str, rule: str) -> None:
    assert BOUNCES.decide(words).rule == rule


@every(
    "words",
    [
        "550 the account of the sender was not found",
        "550 the password for this account is invalid",
        "550 user one two three four five six was not found",
        "550 userland things are unknown",
        "550 the domain of this address was not found in DNS",
    ],
)
def test_another_subject_or_too_far_away_kills_nobody(words: str) -> None:
    assert BOUNCES.decide(words).action != "suppress_now"


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 user unknown; your IP address has been blocked",
        "550 user unknown, this message looks like spam",
        "550 no such user at the sender's domain: DMARC reject",
    ],
)
def test_who_blames_another_in_the_same_breath_kills_nobody(words: str) -> None:
    assert BOUNCES.decide(words).action == "never"


@every(
    "bait",
    [
        "user " * 800,
        "user a " * 600,
        "user " + "a" * 3_990,
        ("user " + "a" * 39 + " ") * 90,
        "unknown " * 500,
        "no such a a a a " * 250,
        "user" * 1_000,
        "ü user " * 550,
    ],
)
def test_no_bait_stops_a_reader(bait: str) -> None:
    """A pattern that tries every way to match would never end; this one does. `mailwake bench bounces` has its time."""
    assert BOUNCES.decide(f"550 {bait}").rule

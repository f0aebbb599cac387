"""Real returned mail with labels: whom it is about, what follows, and what must never happen."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from peers.returned import Tally, load, ours, score  # type: ignore[import-not-found]  # benchmarks is no package

CORPUS = Path(__file__).parents[1] / "data" / "returned"
#: Labels that the mail itself contradicts, with the reason.
DISPUTED = {
    "dev/000733962ea52361.eml": "labelled as no bounce, but says that the mail was rejected: Mailbox full",
}
MAILS = [(label, raw) for label, raw in load(CORPUS) if label["file"] not in DISPUTED]
TALLY: Tally = score(MAILS, ours())


def share(pair: list[int]) -> float:
    return pair[0] / pair[1]


def test_the_corpus_holds_no_address_of_a_real_person() -> None:
    assert not any(label["pii_risk"] for label, _ in MAILS)
    assert len(MAILS) > 200


def test_the_recipient_is_found_and_nobody_else() -> None:
    assert share(TALLY.found) >= 0.96
    assert TALLY.extra[0] <= 3


def test_dead_addresses_are_caught() -> None:
    assert share(TALLY.dead_caught) >= 0.93


def test_a_fault_of_the_sender_suppresses_nobody() -> None:
    assert TALLY.sender_suppressed[0] == 0


def test_soft_failures_hardly_ever_suppress_at_once() -> None:
    assert share(TALLY.soft_suppressed) <= 0.03


def test_no_delay_and_no_other_mail_is_called_a_bounce() -> None:
    assert TALLY.delayed_as_bounce[0] == 0
    assert TALLY.others_as_bounce[0] == 0


def test_every_mail_is_told_for_what_it_is() -> None:
    assert [fault for fault in TALLY.faults if ": is " in fault and "about" not in fault] == []

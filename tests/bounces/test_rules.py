"""Every rule of the data files fires on a refusal as a server wrote it, and on the right one."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.bounces.decide import Bounces

BOUNCES = Bounces.load()
LINES = (Path(__file__).parents[1] / "data" / "written" / "reasons.tsv").read_text(encoding="utf-8").splitlines()
REASONS = [tuple(line.split("\t")) for line in LINES]


def table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("mailwake.bounces").joinpath(name).read_text(encoding="utf-8"))


def rule_ids() -> Iterator[str]:
    """Of all rules in both files."""
    rules = table("rules.toml")
    yield from (f"text.{rule['id']}" for rule in rules["text"])
    yield from (f"family.{family['id']}" for family in rules["family"])
    yield from (
        f"status.{code}" for part in ("status", "vague_status") for codes in rules[part].values() for code in codes
    )
    yield from (f"reply.{code}" for codes in rules["reply"].values() for code in codes)
    yield from (f"stage.{name}" for name, stage in rules["stage"].items() if "default" in stage)
    yield from (f"{name}.{rule['id']}" for name, entry in table("providers.toml").items() for rule in entry["rules"])


@every(("rule", "reason"), REASONS)
def test_a_refusal_is_decided_by_its_rule(rule: str, reason: str) -> None:
    assert BOUNCES.decide(reason).rule == rule


def test_every_rule_has_a_refusal_and_no_two_rules_one_name() -> None:
    ids = list(rule_ids())
    assert len(ids) == len(set(ids))
    assert {*ids, "forwarded", "nothing"} == {rule for rule, _ in REASONS}


def test_every_provider_and_every_list_names_its_source() -> None:
    assert all(entry["source"] for entry in table("providers.toml").values())
    assert table("rules.toml")["source"]


def test_words_are_written_as_they_are_compared() -> None:
    said = [word for rule in table("rules.toml")["text"] for word in (*rule["words"], *rule.get("unless", ()))]
    for entry in table("providers.toml").values():
        said += [
            *entry["marks"],
            *entry["servers"],
            *(word for rule in entry["rules"] for word in rule.get("words", ())),
        ]
    assert [word for word in said if word != word.lower() or len(word.strip()) < 2] == []


def test_the_server_may_be_told_beside_the_words() -> None:
    said = "550 Unknown user ann@docomo.example (in reply to end of DATA command)"
    assert BOUNCES.decide(said, server="mfsmax.docomo.ne.jp").rule == "kddi.filter"
    assert BOUNCES.decide("550 user unknown", stage="data").category == "recipient_refused"
    assert BOUNCES.decide("550 user unknown", stage="mail").category == "sender_rejected"


def test_a_host_name_is_no_provider_by_its_look() -> None:
    assert BOUNCES.decide("550 Unknown user", server="mydocomo.ne.jp.example.org").rule == "text.user_unknown"


def test_a_decision_quotes_the_line_that_made_it() -> None:
    said = "first line\r\n550 5.2.2 \x1b[31mmailbox full\x1b[0m\nlast line"
    assert BOUNCES.decide(said).quoted == "550 5.2.2 [31mmailbox full[0m"


@pytest.mark.parametrize("reason", ["ä" * 5_000, "x" * 900 + " user unknown " + "y" * 3_000, "\ud800", "550 " * 10_000])
def test_a_quote_is_short_and_printable(reason: str) -> None:
    quoted = BOUNCES.decide(reason).quoted
    assert len(quoted.encode()) <= 1_000
    assert not [sign for sign in quoted if ord(sign) < 32]


@every(
    "reason",
    [
        "550 5.1.1 news@example.com: Sender address rejected: User unknown",
        "550 5.7.1 relaying denied, user unknown to the spam filter (in reply to MAIL FROM command)",
        "host mx.example.net refused to talk to me: 550 no such user here",
        "450 4.1.1 ann@example.net: Recipient address rejected: unverified address: connect: timed out",
        "550 5.1.1 mailbox full",
        "550 5.2.1 ann@example.net... User Unknown",
        "550 user unknown (in reply to end of DATA command)",
        "552 filter: MIME parts of invalid structure (in reply to RCPT TO command)",
        "450 mailbox unavailable (in reply to RCPT TO command)",
        "551 bounced because the mailbox <ann@example.net> is full> queued as 1.2.x (in reply to end of DATA command)",
    ],
)
def test_what_only_looks_like_a_dead_address_is_not_suppressed(reason: str) -> None:
    assert BOUNCES.decide(reason).action != "suppress_now"


def test_words_in_addresses_hosts_and_links_say_nothing() -> None:
    said = "host spam.virus.example said: 550 5.1.1 spam@blacklist.example: see http://example.org/dmarc/quota-exceeded"
    assert BOUNCES.decide(said).category == "bad_mailbox"

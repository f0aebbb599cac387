"""A refusal is judged by its cause: a dead address goes at once, a sender's fault harms no recipient."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from tests.every import every

from mailwake.bounces.decide import Bounces

BOUNCES = Bounces.load()


@every(
    ("reason", "category", "action"),
    [
        ("550 5.1.1 <…@example.com>: user unknown", "bad_mailbox", "suppress_now"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "bad_mailbox", "suppress_now"),
        ("5.1.2 Host unknown", "bad_domain", "suppress_now"),
        ("550 no such user here", "bad_mailbox", "suppress_now"),
        ("550 5.2.1 account is disabled", "inactive_mailbox", "suppress_after_n"),
        ("550 5.2.1 user unknown (in reply to RCPT TO command)", "bad_mailbox", "suppress_now"),
        ("550 5.2.1 user unknown", "recipient_refused", "suppress_after_n"),
        ("552 5.2.2 mailbox full", "mailbox_full", "suppress_after_n"),
        ("550 5.1.1 mailbox full", "mailbox_full", "suppress_after_n"),
        ("5.4.7 delivery time expired", "expired", "suppress_after_n"),
        ("4.4.1 connection timed out", "network", "suppress_after_n"),
        ("550 5.7.1 message looks like spam", "spam_content", "never"),
        ("550 5.7.26 unauthenticated, DMARC policy", "auth_failure", "never"),
        ("554 5.7.1 blocked using the blocklist of example.net", "reputation_block", "never"),
        ("552 5.3.4 message size exceeds limit", "too_large", "never"),
        ("451 4.7.1 greylisted, come back", "rate_limited", "never"),
        ("550 5.7.1 relaying denied", "relay_denied", "suppress_after_n"),
        ("553 sorry", "sender_rejected", "never"),
        ("550 sorry", "unknown", "suppress_after_n"),
        ("", "unknown", "suppress_after_n"),
        ("forwarded; 550 5.1.1 user unknown", "forwarded", "suppress_after_n"),
    ],
)
def test_the_cause_decides(reason: str, category: str, action: str) -> None:
    decision = BOUNCES.decide(reason)
    assert (decision.category, decision.action) == (category, action)


def test_a_decision_names_the_rule_that_made_it() -> None:
    assert BOUNCES.decide("550 5.1.1 gone").rule == "status.1.1"
    assert BOUNCES.decide("550 user unknown").rule == "text.user_unknown"
    assert BOUNCES.decide("551 try elsewhere").rule == "reply.551"
    assert BOUNCES.decide("sorry").rule == "nothing"


def test_numbers_that_are_no_codes_are_not_taken_for_codes() -> None:
    assert BOUNCES.decide("mail from 192.5.1.1 seen 15.1.1 times, version 5.1.1.4").rule == "nothing"


def test_only_dead_addresses_are_suppressed_at_once() -> None:
    table = tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text())
    at_once = {name for name, outcome in table["category"].items() if outcome["action"] == "suppress_now"}
    assert at_once == {"bad_mailbox", "bad_domain", "esp_suppressed", "complaint", "unsubscribe"}
    assert {table["category"][name]["class"] for name in at_once} == {"hard", "complaint"}


def test_no_code_has_two_meanings() -> None:
    table = tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text())
    codes = [code for part in ("status", "vague_status") for listed in table[part].values() for code in listed]
    assert len(codes) == len(set(codes))


def test_a_rule_for_a_category_without_outcome_is_refused() -> None:
    with pytest.raises(KeyError):
        Bounces({"category": {}, "status": {"odd": ["1.1"]}, "vague_status": {}, "reply": {}, "text": []})


def test_the_page_on_bounces_tells_every_cause_with_its_class() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain" / "bounces.md").read_text(encoding="utf-8")
    told = {
        (cause, klass)
        for causes, klass in re.findall(r"^\| (`[\w` ]+`) \| (\w+) \|", page, re.MULTILINE)
        for cause in re.findall(r"\w+", causes)
    }
    table = tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text())
    assert told == {(name, outcome["class"]) for name, outcome in table["category"].items() if name != "delivered"}


@every(
    ("words", "category"),
    [
        ("550 Empfängeradresse ungültig", "bad_mailbox"),
        ("550 Vastaanottajaa ei löydy", "bad_mailbox"),
        ("550 Άγνωστος χρήστης", "bad_mailbox"),
        ("550 Користувача не знайдено", "bad_mailbox"),
        ("550 收件者不明", "bad_mailbox"),
        ("550 المستخدم غير موجود", "bad_mailbox"),
        ("550 Indirizzo inesistente (in reply to RCPT TO command)", "bad_mailbox"),
        ("550 Такого пользователя нет (in reply to RCPT TO command)", "bad_mailbox"),
        ("550 Takiego konta nie ma, nie ma takiego konta (in reply to RCPT TO command)", "bad_mailbox"),
        ("550 No one with that name gets mail here", "bad_mailbox"),
        ("550 We have no mailbox for ann@example.net", "bad_mailbox"),
        ("550 Compte désactivé", "inactive_mailbox"),
        ("550 Le quota de la boîte est dépassé", "mailbox_full"),
        ("550 Отправитель заблокирован", "sender_rejected"),
        ("451 mailbox is locked, another delivery in progress", "server_error"),
        ("550 The sender is not on the recipient's whitelist", "sender_rejected"),
        ("521 5.2.1 : AOL will not accept delivery of this message.", "reputation_block"),
    ],
)
def test_it_is_understood_in_the_words_of_many_places(words: str, category: str) -> None:
    assert Bounces.load().decide(words).category == category

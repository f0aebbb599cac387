"""The record tells what the settings in force make the program do, and nothing beside."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import mailwake.processing
from mailwake.processing.record import IN_FORCE, OPEN_QUESTIONS, SIGNS, Record, record_of, to_json
from mailwake.processing.words import to_text
from mailwake.settings import parse

ROOM = Path(mailwake.processing.__file__).parent


def record(tmp_path: Path, **sections: Any) -> Record:
    return record_of(parse(sections, root=tmp_path))


def codes(told: Record) -> set[str]:
    return {each.code for each in told.activities}


def test_mail_and_consent_and_colleagues_are_always_told(tmp_path: Path) -> None:
    told = record(tmp_path, tracking={"opens": "off", "clicks": "off"})
    assert codes(told) == {"delivering", "consent", "colleagues"}
    assert told.signs == ()
    assert "None that the settings tell" in to_text(told)


@pytest.mark.parametrize(
    ("tracking", "more"),
    [
        ({"opens": "aggregate", "clicks": "aggregate"}, {"counting"}),
        ({"opens": "deliverability", "clicks": "aggregate"}, {"counting", "hygiene"}),
        ({"opens": "off", "clicks": "individual"}, {"counting", "watching", "scoring"}),
        ({"keep_raw_days": 7}, {"counting", "hygiene", "watching", "scoring", "raw"}),
        ({"keep_raw_days": 7, "opens": "aggregate", "clicks": "aggregate"}, {"counting"}),
        ({"profile": "DE"}, {"counting", "watching", "scoring"}),
        ({"profile": "FR"}, {"counting", "hygiene", "watching", "scoring"}),
    ],
)
def test_a_mode_brings_what_it_keeps(tmp_path: Path, tracking: dict[str, Any], more: set[str]) -> None:
    assert codes(record(tmp_path, tracking=tracking)) == {"delivering", "consent", "colleagues"} | more


def test_who_is_told_stands_there_by_name(tmp_path: Path) -> None:
    readers = ["a@example.com", "A@example.com", "b@example.com"]
    told = record(
        tmp_path,
        salesforce={"login": "https://acme.my.salesforce.com", "client_id": "x"},
        notify={"shop": {"url": "https://hooks.example.com/mail", "secrets": ["env:X"]}},
        reports={"weekly": {"recipients": readers, "sender": "c@example.com"}},
        oidc={"issuer": "https://login.example.com/realms/acme", "client_id": "x", "otherwise": "viewer"},
        smtp={"host": "smtp.example.com"},
    )  # fmt: skip
    given = {each.code: each.given_to for each in told.activities if each.given_to}
    assert given == {
        "delivering": ("the mail server smtp.example.com, and those of the recipients",),
        "crm": ("the Salesforce org acme.my.salesforce.com",),
        "telling": ("the program behind hooks.example.com",),
        "reporting": ("2 addresses that are told in the settings",),
        "colleagues": ("login.example.com, who lets colleagues in",),
    }


def test_rules_count_once_there_are_some(tmp_path: Path) -> None:
    assert "rules" not in codes(record(tmp_path))
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "call.toml").write_text("", encoding="utf-8")
    assert "rules" in codes(record(tmp_path))
    assert "rules" not in codes(record(tmp_path, workflows={"enabled": False}))


def test_days_are_those_of_the_settings(tmp_path: Path) -> None:
    told = record(tmp_path, privacy={"individual_days": 500}, log={"keep_days": 9}, tracking={"keep_raw_days": 3})
    days = {(each.code, kept.what): kept.days for each in told.activities for kept in each.kept}
    assert days["watching", "events of single mails"] == 500
    assert days["watching", "the request as it came, with the network address"] == 9
    assert days["raw", "a file a day"] == 3


def test_everything_kept_says_how_long_and_only_once(tmp_path: Path) -> None:
    for activity in tomllib.loads((ROOM / "activities.toml").read_text(encoding="utf-8")).values():
        assert all(("option" in kept) != ("long" in kept) for kept in activity["kept"])


@pytest.mark.parametrize(("file", "conditions"), [("activities", IN_FORCE), ("signs", SIGNS)])
def test_each_activity_and_sign_has_a_condition(file: str, conditions: dict[str, Any]) -> None:
    assert set(tomllib.loads((ROOM / f"{file}.toml").read_text(encoding="utf-8"))) == set(conditions)


def test_watching_people_for_an_org_shows_three_signs(tmp_path: Path) -> None:
    told = record(tmp_path, salesforce={"login": "https://acme.my.salesforce.com", "client_id": "x"})
    assert [sign.partition(":")[0] for sign in told.signs] == [
        "Evaluation or scoring",
        "Systematic monitoring",
        "Data sets are combined",
    ]
    assert record(tmp_path, tracking={"profile": "PHI"}).signs[-1].startswith("Sensitive data")


def test_the_text_says_all_of_it_and_leaves_the_rest_to_people(tmp_path: Path) -> None:
    told = record(tmp_path, tracking={"profile": "FR"}, brand={"name": "Acme"})
    text = to_text(told)
    assert text.startswith("# Record of processing: mail of Acme\n")
    assert "not legal advice" in text
    assert all(f"- [ ] {question}" in text for question in OPEN_QUESTIONS)
    assert all(f"## {each.title}" in text for each in told.activities)
    assert json.loads(to_json(told))["sender"] == "Acme"

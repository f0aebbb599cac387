"""Profiles bound what may be asked for, tell their sources, and claim no certainty."""

from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.errors import Misconfigured
from mailwake.modes import INDIVIDUAL, Mode, Modes, read_receipt, strictest
from mailwake.profiles import Rule, profile_of_country, profiles, rules_of
from mailwake.settings import Settings, parse


def read(**tracking: Any) -> Settings:
    return parse({"tracking": tracking}, root=Path())


def words(modes: Modes) -> tuple[str, str]:
    return modes.opens.word, modes.clicks.word


def test_the_presets_are_those_that_are_promised() -> None:
    assert list(profiles()) == ["FR", "IT", "DE", "UK", "EU", "US", "PHI", "custom"]


@every("name", [name for name in profiles() if name != "custom"])
def test_every_preset_tells_its_sources_and_when_they_were_read(name: str) -> None:
    profile = profiles()[name]
    assert profile.sources
    assert profile.notes
    assert profile.disclaimer == f"as we read it on {profile.read_on}; not legal advice"
    assert "compliant" not in " ".join(profile.notes).lower()


def test_no_country_has_two_presets() -> None:
    named = [country for each in profiles().values() for country in each.countries]
    assert len(named) == len(set(named))


@every("name", ["FR", "IT", "DE", "UK", "EU"])
def test_nobody_is_watched_unasked_in_europe(name: str) -> None:
    settings = read(profile=name)
    assert settings.ceiling == INDIVIDUAL
    assert words(settings.unknown_consent) == ("aggregate", "aggregate")


def test_without_a_profile_all_is_as_it_was() -> None:
    settings = read()
    assert (settings.ceiling, words(settings.unknown_consent)) == (INDIVIDUAL, ("aggregate", "aggregate"))
    assert settings.rules is None
    for stream in ("marketing", "transactional", "outbound"):
        assert settings.level("Spring", stream) == INDIVIDUAL


@pytest.mark.parametrize(
    ("tracking", "option", "both"),
    [
        ({"profile": "PHI", "opens": "individual"}, "tracking.opens", ("individual", "off")),
        ({"profile": "PHI", "clicks": "individual"}, "tracking.clicks", ("individual", "aggregate")),
        ({"profile": "FR", "unknown_consent": "individual"}, "tracking.unknown_consent", ("individual", "aggregate")),
    ],
)
def test_asking_above_the_ceiling_is_an_error_that_names_both(
    tracking: dict[str, str], option: str, both: tuple[str, str]
) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(**tracking)
    assert caught.value.option == option
    assert all(word in str(caught.value) for word in (*both, tracking["profile"], "not legal advice"))


@every(
    ("tracking", "hint"),
    [
        ({"profile": "XX"}, "FR, IT, DE, UK, EU, US, PHI, custom"),
        ({"streams": {"newsletter": "off"}}, "marketing"),
        ({"streams": {"consent_request": "aggregate"}}, "no such stream to set"),
        ({"streams": {"security": "all"}}, "individual"),
        ({"campaigns": {"Spring": "all"}}, "individual"),
    ],
)
def test_what_cannot_be_set_is_named(tracking: dict[str, Any], hint: str) -> None:
    with pytest.raises(Misconfigured, match=hint):
        read(**tracking)


def test_who_asks_for_consent_does_not_watch_how_the_question_is_read() -> None:
    for settings in (read(), read(profile="US"), read(profile="custom", unknown_consent="individual")):
        assert words(settings.level("any", "consent_request")) == ("off", "off")


def test_security_mail_is_not_watched_unless_the_installation_says_so() -> None:
    assert words(read().level("any", "security")) == ("off", "off")
    assert words(read(streams={"security": "aggregate"}).level("any", "security")) == ("aggregate", "aggregate")
    assert words(read(profile="FR").level("any", "transactional")) == ("off", "off")
    raised = read(profile="FR", streams={"transactional": "aggregate"})
    assert words(raised.level("any", "transactional")) == ("aggregate", "aggregate")


def test_a_campaign_may_be_watched_less() -> None:
    settings = read(campaigns={"Spring": "aggregate"})
    found = settings.level("Spring", "marketing")
    assert (words(found), found.opens_by) == (("aggregate", "aggregate"), "campaign")
    assert settings.level("Autumn", "marketing") == INDIVIDUAL


def test_the_stricter_of_installation_and_country_holds() -> None:
    us = read(profile="US").rules
    assert us is not None
    assert words(us.of("US").unknown) == words(us.of(None).unknown) == ("individual", "individual")
    assert words(us.of("fr").unknown) == ("aggregate", "aggregate")
    assert us.of("FR").clicks_follow
    assert not us.of("DE").hygiene
    fr = read(profile="FR").rules
    assert fr is not None
    assert words(fr.of("US").unknown) == ("aggregate", "aggregate")
    assert words(fr.of("ZZ").unknown) == ("aggregate", "aggregate")


def test_no_country_ever_raises_what_holds() -> None:
    low = Rule(ceiling=Modes(opens=Mode.OFF, clicks=Mode.AGGREGATE), unknown=Modes(opens=Mode.OFF, clicks=Mode.OFF))
    rules = rules_of(low)
    for country in rules.by_country:
        assert rules.of(country).ceiling == low.ceiling
        assert rules.of(country).unknown == low.unknown


def test_both_spellings_of_the_united_kingdom_are_known() -> None:
    assert profile_of_country("gb") == profile_of_country(" UK ") == profiles()["UK"]
    assert profile_of_country("") is profile_of_country(None) is None


def test_the_level_that_asked_for_the_lowest_first_decided() -> None:
    first = Modes(opens=Mode.AGGREGATE, clicks=Mode.INDIVIDUAL).decided_by("installation")
    second = Modes(opens=Mode.AGGREGATE, clicks=Mode.OFF).decided_by("message")
    found = strictest((first, second))
    assert (found.opens_by, found.clicks_by) == ("installation", "message")
    assert found.receipt == "mode: opens aggregate by installation, clicks off by message"
    assert [(each.axis, each.mode, each.by) for each in read_receipt(found.receipt)] == [
        ("opens", "aggregate", "installation"),
        ("clicks", "off", "message"),
    ]


@every("text", ["", "250 ok", "mode: ", "mode: opens", "mode: opens off by x, clicks"])
def test_what_is_no_receipt_says_nothing(text: str) -> None:
    assert read_receipt(text) == ()

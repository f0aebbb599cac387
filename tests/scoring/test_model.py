"""The file of points: what it may hold, how it is refused, and what links mean by it."""

from importlib.resources import files
from pathlib import Path

import pytest
from tests.every import every

from mailwake.errors import BadInput, Misconfigured
from mailwake.scoring.model import MAX_BYTES, default_model, meaning, model_of, read_model

TEXT = files("mailwake.scoring").joinpath("models/points-1.toml").read_text(encoding="utf-8")


@every(
    ("old", "new", "said"),
    [
        ("half_points = 20", "half_points = 0", "half_points"),
        ("half_points = 20", "half_points = inf", "half_points"),
        ("points = 30", "points = nan", "points"),
        ("half_life_days = 45", "half_life_days = -1", "half_life_days"),
        ("[acts.opened]", "[acts.looked]", "acts.opened is missing"),
        (
            "[acts.opened]",
            "[acts.looked]\npoints=1\nhalf_life_days=1\ncap=1\ncap_per='all'\n[acts.opened]",
            "no act 'loo",
        ),
        ("warm = 30", "warm = 70", "have to rise"),
        ('cap_per = "days"', 'cap_per = "years"', "cap_per"),
        ('act = "clicked_intent"', 'act = "replied"', "links"),
        ("[silent]", "[quiet]", "unknown field"),
        ("points = -100", "points = 100", "points"),
        ("days = 90", "days = 900", "silent.days"),
        ('name = "points-1"', 'name = "<b>"', "name"),
        ("[bands]", "[bands", "is not TOML"),
        ("[bands]", "#" * MAX_BYTES + "\n[bands]", "longer than"),
    ],
)
def test_a_file_that_cannot_be_is_refused_with_the_place(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(BadInput, match=r"own\.toml") as refused:
        read_model(TEXT.replace(old, new, 1), where="own.toml")
    assert said in str(refused.value)


def test_the_hash_names_the_file_and_any_change_of_it(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(TEXT.replace("points = 30", "points = 31"), encoding="utf-8")
    assert default_model().id == model_of(None).id == read_model(TEXT, where="x").id
    assert model_of(own).id != default_model().id
    assert model_of(own).id.startswith("points-1-")
    with pytest.raises(Misconfigured, match=r"scoring\.model: cannot read"):
        model_of(tmp_path / "none.toml")
    own.write_text("half_points = 3", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"scoring\.model: own\.toml"):
        model_of(own)


@every(
    ("label", "role", "href", "expected"),
    [
        ("See our Pricing", "cta", "https://x.example/", ("clicked_intent", 1, "prices")),
        ("PREISE", "text", "", ("clicked_intent", 1, "prices")),
        ("Find out", "text", "https://x.example/en/price-list?x=book", ("clicked_intent", 1, "prices")),
        ("Book a call", "cta", "", ("clicked_intent", 1, "an appointment")),
        ("Prendre rendez-vous", "cta", "", ("clicked_intent", 1, "an appointment")),
        ("r\u00e9server", "cta", "", ("clicked_intent", 1, "an appointment")),
        ("Our notebook", "cta", "https://facebook.example/contacts", ("clicked", 1, "")),
        ("Contact", "footer", "https://x.example/", ("clicked_intent", 1, "a word with us")),
        ("Imprint", "legal", "https://x.example/", ("clicked", 0, "small print")),
        ("More", "footer", "https://x.example/", ("clicked", 0.6, "the foot of the mail")),
        ("Follow your parcel", "cta", "https://x.example/follow", ("clicked", 0.2, "what they ordered")),
        ("", "text", "http://[", ("clicked", 1, "")),
    ],
)
def test_links_mean_what_their_words_say(label: str, role: str, href: str, expected: tuple[str, float, str]) -> None:
    found = meaning(default_model(), label, role, href)
    assert (found.act, found.weight, found.topic) == expected

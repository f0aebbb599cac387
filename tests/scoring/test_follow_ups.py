"""Drafts: filled in, never a place out of what was filled in, refused where nobody fills a place."""

from pathlib import Path

import pytest

from mailwake.errors import BadInput, Misconfigured
from mailwake.scoring.follow_ups import PLACES, default_drafts, drafts_of, filled_in, read_drafts
from mailwake.scoring.model import default_model

OWN = '[[drafts]]\nsubject = "On {topic|x}"\ntext = "Dear {first_name|all}, {label}"\n'


def test_places_are_filled_and_what_is_filled_in_is_no_place() -> None:
    (draft,) = read_drafts(OWN, where="x").drafts
    told = filled_in(draft, {"first_name": "{owner}", "topic": "a\r\nBcc: eve@example.com", "label": ""})
    assert told.text == "Dear {owner}, "[:-1]
    assert told.subject == "On a Bcc: eve@example.com", "a subject is one line"
    assert filled_in(draft, {}).text == "Dear all,"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("{label}", "{password}"), r"nobody fills \{password\}"),
        ("drafts = []", "drafts"),
        ("[[drafts]]\nsubject = 'x'", "text"),
        ("[[drafts", "x:"),
    ],
)
def test_files_that_cannot_be_are_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        read_drafts(text, where="x")
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"scoring\.follow_ups"):
        drafts_of(tmp_path / "own.toml")
    with pytest.raises(Misconfigured, match=r"scoring\.follow_ups"):
        drafts_of(tmp_path / "none.toml")


def test_every_topic_of_a_draft_is_one_of_the_model_and_none_speaks_of_clicks() -> None:
    topics = {rule.topic for rule in default_model().links}
    drafts = default_drafts()
    assert {topic for draft in drafts.drafts for topic in draft.topics} <= topics
    values = dict.fromkeys(PLACES, "Filled")
    for draft in drafts.drafts:
        told = filled_in(draft, values)
        assert "{" not in told.subject + told.text
        assert not any(word in told.text.casefold() for word in ("click", "opened", "saw", "track"))
    assert drafts.about("no such topic") is drafts.drafts[-1]

"""Replies as vendors publish them, written down before the rules were made for them, get a cause that is right."""

from pathlib import Path

from mailwake.bounces.decide import Bounces

BOUNCES = Bounces.load()
FOLDER = Path(__file__).parents[1] / "data" / "replies"
#: causes that are right, the source, the words
Reply = tuple[str, str, str]


def replies(name: str) -> list[Reply]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [(causes, source, words) for causes, source, words in (line.split("\t") for line in lines)]


ALL = [reply for path in sorted(FOLDER.glob("*.tsv")) for reply in replies(path.name)]


def test_a_published_reply_gets_a_cause_that_is_right() -> None:
    found = [(BOUNCES.decide(words).category, causes, source, words) for causes, source, words in ALL]
    assert [each for each in found if each[0] not in each[1].split("/")] == []


def test_every_source_is_told() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {source.rstrip("*") for _, source, _ in ALL} <= {
        line.split("|")[1].strip(" `") for line in page.splitlines() if line.startswith("|")
    }


def test_no_reply_stands_twice() -> None:
    words = [words for _, _, words in ALL]
    assert len(words) == len(set(words)) >= 500

"""Every cause and every source has words of its own."""

import tomllib
from importlib.resources import files

from mailwake.drawing.causes import CAUSES, SOURCES, cause, told_by
from mailwake.events import Source
from mailwake.store.state import IMPORTED
from mailwake.suppression.acts import BY_HAND


def test_every_category_of_a_refusal_has_words() -> None:
    rules = tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text(encoding="utf-8"))
    assert set(CAUSES) == {*rules["category"], "no_cause"}
    assert (cause("bad_mailbox"), cause("of_tomorrow"), cause("")) == ("no such mailbox", "of tomorrow", "")


def test_every_source_has_words() -> None:
    assert set(SOURCES) == {*map(str, Source), BY_HAND, IMPORTED}
    assert (told_by("edge"), told_by("mars")) == ("by the unsubscribe link or button", "from mars")

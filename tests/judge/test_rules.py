"""Rulesets are data: checked, sourced, and named by their content."""

import re
import tomllib
from pathlib import Path

import pytest

from mailwake.errors import BadInput
from mailwake.judge.rules import CURRENT, Cell, Scope, content_hash, load_rules


def test_the_current_ruleset_is_named_by_its_content() -> None:
    tree = tomllib.loads(CURRENT.read_text(encoding="utf-8"))
    assert load_rules().id == f"{CURRENT.stem}-{content_hash(tree)}"


def test_every_family_has_words_and_a_source() -> None:
    families = tomllib.loads(CURRENT.read_text(encoding="utf-8"))["family"]
    assert all(entry["source"] and entry["says"] for entry in families.values())
    cells = {
        name.partition(".")[0]
        for columns in (load_rules().weights, load_rules().alone)
        for scope in Scope
        for name in columns[scope]
    }
    assert cells <= set(families)


def test_comments_do_not_change_the_name_and_values_do(tmp_path: Path) -> None:
    text = CURRENT.read_text(encoding="utf-8")
    commented, changed = tmp_path / "a.toml", tmp_path / "b.toml"
    commented.write_text("# more\n" + text, encoding="utf-8")
    changed.write_text(text.replace("\np_min = 0.0005", "\np_min = 0.001"), encoding="utf-8")
    assert load_rules(commented).id == load_rules().id
    assert load_rules(changed).id != load_rules().id
    assert load_rules(changed).numbers["combination.p_min"] == 0.001


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("p_min =", "p_mint ="),
        ('source = "RFC 8058 section 3.2', 'sauce = "RFC 8058 section 3.2'),
        ("[family.base.click]\nstart", "[family.base.click]\nbegin"),
        ("says = ", "said = "),
        ("[classes]", "[class]"),
        (f'name = "{CURRENT.stem}"', ""),
        ("p_min = 0.0005", "p_min = nan"),
    ],
)
def test_an_incomplete_ruleset_is_refused(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    text = CURRENT.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=r"bad\.toml"):
        load_rules(path)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_weight_that_cannot_be_added_up_is_refused(number: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    text = CURRENT.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^start = .*$", f"start = {number}", text, count=1), encoding="utf-8")
    with pytest.raises(BadInput, match=f"{number} is no number"):
        load_rules(path)


def test_a_missing_or_garbled_file_is_refused(tmp_path: Path) -> None:
    garbled = tmp_path / "x.toml"
    garbled.write_bytes(b"\xff\x00 not toml")
    for path in (garbled, tmp_path / "none.toml"):
        with pytest.raises(BadInput, match="cannot read the ruleset"):
            load_rules(path)


def test_a_cell_without_details_is_said_as_it_stands() -> None:
    assert Cell("a.b", "curly {} braces").say() == "curly {} braces"
    assert Cell("a.b", "{} s", (3,)).say() == "3 s"

"""Rulesets are data: checked, sourced, and named by their content."""

import tomllib
from pathlib import Path

import pytest

from mailwake.errors import BadInput
from mailwake.judge.rules import CURRENT, Scope, Steps, Term, Weight, content_hash, load_rules


def test_the_current_ruleset_is_named_by_its_content() -> None:
    rules = load_rules()
    assert rules.id == f"2026-11-{content_hash(tomllib.loads(CURRENT.read_text(encoding='utf-8')))}"


def test_every_weight_and_step_has_a_source() -> None:
    rules = load_rules()
    assert all(weight.source for weight in rules.weights.values())
    assert all(steps.source for steps in rules.steps.values())


def test_comments_do_not_change_the_name_and_values_do(tmp_path: Path) -> None:
    text = CURRENT.read_text(encoding="utf-8")
    commented, changed = tmp_path / "a.toml", tmp_path / "b.toml"
    commented.write_text("# more\n" + text, encoding="utf-8")
    changed.write_text(text.replace("mobile = { click = 2.6", "mobile = { click = 2.7"), encoding="utf-8")
    assert load_rules(commented).id == load_rules().id
    assert load_rules(changed).id != load_rules().id
    assert load_rules(changed).weights["network.mobile"].click == 2.7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("head = {", "heed = {"),
        ('source = "prototype v2 (hosting); open: judgement"', 'source = ""'),
        ("edges_seconds = [2.0,", "edges_seconds = ["),
        ("[timing.click.marketing]", "[timing.click.other]"),
        ('name = "2026-11"', ""),
    ],
)
def test_an_incomplete_ruleset_is_refused(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(CURRENT.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=r"bad\.toml"):
        load_rules(path)


def test_a_missing_or_garbled_file_is_refused(tmp_path: Path) -> None:
    garbled = tmp_path / "x.toml"
    garbled.write_bytes(b"\xff\x00 not toml")
    for path in (garbled, tmp_path / "none.toml"):
        with pytest.raises(BadInput, match="cannot read the ruleset"):
            load_rules(path)


def test_the_last_step_stands_for_all_more() -> None:
    assert Steps((0.0, 0.5, -1.0), "x").of(40) == -1.0


def test_weights_differ_by_scope() -> None:
    weight = Weight(click=-2.3, open=0.0, source="x")
    assert (weight.of(Scope.CLICK), weight.of(Scope.OPEN)) == (-2.3, 0.0)


def test_a_term_without_details_is_said_as_it_stands() -> None:
    assert Term("a", 1.0, "curly {} braces").say() == "curly {} braces"
    assert Term("a", 1.0, "{} s", (3,)).say() == "3 s"

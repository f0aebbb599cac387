"""What docs/explain/salesforce.md says can go wrong did go wrong in a test."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "explain" / "salesforce.md").read_text(encoding="utf-8")


def test_every_line_of_what_can_go_wrong_names_a_test_that_is_there_and_no_test_stands_twice() -> None:
    named = re.findall(r"\| `(test_\w+)` \|", PAGE.partition("## What can go wrong")[2])
    texts = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py")]
    there = {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    assert len(named) > 20
    assert [name for name in named if name not in there] == []
    assert len(set(named)) == len(named)

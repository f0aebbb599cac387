"""Tables for spreadsheet programs: numbers stay numbers, and no text is run."""

import csv
import io

import pytest

from mailwake.drawing.rows import number, write_rows


def test_a_number_below_zero_is_a_number_and_a_text_that_looks_like_one_is_guarded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_rows([{"name": "-1+cmd()", "step": number(-0.133896), "p": number(None), "said": "-5", "at": "=A1"}])
    _, cells = csv.reader(io.StringIO(capsys.readouterr().out))
    assert cells == ["'-1+cmd()", "-0.133896", "", "'-5", "'=A1"]

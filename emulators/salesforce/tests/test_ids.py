"""Ids: the recordings' own are the reference for the checksum."""

from __future__ import annotations

import json
import re
from pathlib import Path

from salesforce_emulator.ids import Numbering, checksum, long_id, restored

RECORDED = sorted(
    set(
        re.findall(
            r"\b00[0-9a-zA-Z]{13}[A-Z0-5]{3}\b",
            (Path(__file__).parent / "data" / "recordings.json").read_text(encoding="utf-8"),
        )
    )
    - {""}
)
REAL = [each for each in RECORDED if not each.startswith("0010x")]


def test_the_checksum_of_every_recorded_id_fits() -> None:
    assert len(REAL) > 40
    assert all(checksum(each[:15]) == each[15:] for each in REAL)


def test_short_ids_become_long_and_case_comes_back() -> None:
    for each in REAL:
        assert long_id(each[:15]) == each
        assert long_id(each.upper()) == each == restored(each.lower())


def test_what_is_no_id_is_none() -> None:
    assert [long_id(each) for each in ("", "003", "003Ab0000000001IAB", "003Ab000000000!", None, 5)] == [None] * 6


def test_numbers_are_never_given_twice() -> None:
    numbers = Numbering()
    given = [numbers.next("003") for _ in range(5000)]
    assert len(set(given)) == 5000
    assert given == sorted(given)
    assert json.dumps(given[0]) == '"003Ab0000000001IAA"'

"""One text, two spellings."""

import pytest

from mailwake.store.events.clickhouse import ClickHouse
from mailwake.store.events.dialect import Dialect

TEXT = """
-- the head, which goes: $name {integer}
select {div:a + 1:2}, {arg_min:x:y} from t  -- $name is bound apart
where n = $name and s = $word
"""
KINDS = {"name": "integer", "word": "text"}


def test_duckdb_spells_words_and_parameters_its_way() -> None:
    assert Dialect().render(TEXT, KINDS) == (
        "select ((a + 1) // (2)), arg_min(x, y) from t  -- $name is bound apart\nwhere n = $name and s = $word"
    )


def test_clickhouse_spells_the_same_words_its_way_and_binds_on_the_server() -> None:
    assert ClickHouse().render(TEXT, KINDS) == (
        "select intDiv(a + 1, 2), argMin(x, y) from t  -- {name:Int64} is bound apart\n"
        "where n = {name:Int64} and s = {word:String}"
    )


def test_a_word_that_no_dialect_has_is_a_fault_of_the_file() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        Dialect().render("select {nonsense:1}")


def test_a_parameter_that_the_head_does_not_name_is_a_fault_of_the_file() -> None:
    with pytest.raises(KeyError, match="name"):
        Dialect().render("select $name")

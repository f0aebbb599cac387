"""What the two engines spell differently, and nothing else.

A question and the schema are written once, in the subset that DuckDB and ClickHouse share. Where that ends, the text
says ``{word}`` or ``{word:argument:argument}``; each such word is a method here. Parameters stand as ``$name``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MACRO = re.compile(r"\{(\w+)((?::[^{}]*)?)\}")
_PARAMETER = re.compile(r"\$(\w+)")


def without_comments(text: str) -> str:
    """SQL without the lines that are comments."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).strip()


#: in the JSON of `EventRow.reasons`; a quote inside a fact is escaped there, so that no fact looks like a code
CODES_AGAINST = r'\["([a-z0-9_]+)", ?-(?:0\.[5-9]|[1-9])'
#: the same in reasons that are packed (phrases.py), whose weights are thousandths: letters that stand for a code
LETTERS_AGAINST = r"([A-Z]+)-(?:[5-9][0-9]{2}|[0-9]{4})"


class Dialect:
    """DuckDB's spelling; ClickHouse overrides what it must."""

    integer = "bigint not null"
    maybe_integer = "bigint"
    maybe_real = "double"
    word = "varchar not null"
    maybe_word = "varchar"
    text = "varchar not null"

    def table_like(self, table: str, other: str) -> str:
        """A new table with the columns of another."""
        return f"create table {table} as from {other} limit 0"

    def sorted(self, *columns: str) -> str:  # noqa: ARG002 - ClickHouse needs them
        """Table ending: rows are found by these columns."""
        return ""

    def summed(self, *columns: str) -> str:
        """Table ending: one row for each set of these columns; the rest is added up."""
        return self.keyed(*columns)

    def keyed(self, *columns: str) -> str:  # noqa: ARG002 - ClickHouse needs them
        """Table ending: the last row for each set of these columns is the one that holds."""
        return ""

    def div(self, dividend: str, divisor: str) -> str:
        """Whole-number division."""
        return f"(({dividend}) // ({divisor}))"

    def bits(self, number: str) -> str:
        """The number of all bits that any row's number has."""
        return f"bit_or({number})"

    def arg_min(self, value: str, by: str) -> str:
        """The value that is not null where another is lowest."""
        return f"arg_min({value}, {by})"

    def arg_max(self, value: str, by: str) -> str:
        """The value that is not null where another is highest."""
        return f"arg_max({value}, {by})"

    def grade(self, number: str) -> str:
        """A grade in words."""
        return f"case {number} when 2 then 'human' when 1 then 'possible' when 0 then 'machine' end"

    def each(self, texts: str) -> str:
        """A row for each number of a text with commas between them; what is no number gives null."""
        return f"select try_cast(unnest(string_split({texts}, ',')) as bigint)"

    def codes_against(self, reasons: str) -> str:
        """Codes of a verdict's reasons that weigh half a unit or more for a machine, or what stands for them."""
        found = (f"regexp_extract_all({reasons}, '{pattern}', 1)" for pattern in (CODES_AGAINST, LETTERS_AGAINST))
        return f"array_to_string(case when starts_with({reasons}, '[') then {' else '.join(found)} end, ' ')"

    def codes(self, told: str) -> str:
        """The codes that `codes_against` found, in order, with spaces between."""
        split = f"string_split({told}, ' ')"
        words = f"select unnest({split}) as word, generate_subscripts({split}, 1) as n"
        named = "string_agg(coalesce(p.code, l.word), ' ' order by l.n)"
        return f"(select coalesce({named}, '') from ({words}) as l left join phrases as p on p.letters = l.word)"  # noqa: S608 - ours

    def words(self, text: str) -> str:
        """A row for each different word of a text with spaces between, in a list of columns."""
        return f"unnest(list_distinct(string_split({text}, ' ')))"

    def packed(self, reasons: str) -> str:
        """Reasons in few bytes; a function of that name is there while a store is brought forward."""
        return f"packed({reasons})"

    def copy_id(self, kind: str, delivery: str) -> str:
        """`mailwake.events.copy_id`."""
        return f"(('0x' || left(md5({kind} || ':' || {delivery}), 16))::ubigint >> 1)::bigint"

    def lower(self, text: str) -> str:
        """A text in lower case, all of Unicode."""
        return f"lower({text})"

    def parameter(self, name: str, kind: str) -> str:  # noqa: ARG002 - ClickHouse needs it
        """A place for a value that is handed over apart from the text."""
        return f"${name}"

    def render(self, text: str, parameters: Mapping[str, str] | None = None) -> str:
        """The text in this engine's spelling.

        Args:
            text: SQL in the common subset; its comments are left out.
            parameters: name to kind, "integer" or "text".
        """
        kinds = parameters or {}
        sql = _MACRO.sub(self._spell, without_comments(text))
        return _PARAMETER.sub(lambda found: self.parameter(found[1], kinds[found[1]]), sql).strip()

    def renamed(self, text: str, names: Mapping[str, str]) -> str:
        """A text whose parameters have other names, before it is rendered."""
        return _PARAMETER.sub(lambda found: f"${names[found[1]]}", text)

    def _spell(self, found: re.Match[str]) -> str:
        word, arguments = found[1], [part.strip() for part in found[2].split(":")[1:]]
        spelling = getattr(self, word)
        return spelling if isinstance(spelling, str) else str(spelling(*arguments))

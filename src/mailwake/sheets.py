"""Lists that people bring as CSV, read so that a fault of the file is told by its line and never costs lines unseen.

Source: RFC 4180; separators as Excel writes them (semicolons in half of Europe) and as copies out of a sheet have them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from mailwake.errors import BadInput

_SEPARATORS = (",", ";", "\t")
_LINE_END = re.compile(r"\r\n|\r|\n")


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line that it starts on, its cells) of each record, from the heading on; a quoted cell may span lines.

    Args:
        text: CSV, separated by commas, semicolons or tabs, whichever its first line has most of.

    Raises:
        BadInput: a quote never closes, or a cell is too long; before the first record, or when that cell is reached.
    """
    text = text.removeprefix("\ufeff")
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    if line := _open_quote(text, separator):
        raise BadInput(f"a quote that opens on line {line} never closes; close it or take it out")
    reader, start = csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as fault:
        raise BadInput(f"line {start}: {_told(fault)}") from None


def _open_quote(text: str, separator: str) -> int:
    """The line of a quote that swallows the rest of the file; 0: there is none.

    A cell is quoted where its first letter is a quote, as `csv` has it; a quote behind other letters is a letter.
    """
    quoted = re.compile(rf'(?<![^{separator}\r\n])"(?>(?:[^"]+|"")*)("?)')
    start = next((found.start() for found in quoted.finditer(text) if not found[1]), -1)
    return len(_LINE_END.findall(text, 0, start)) + 1 if start >= 0 else 0


def _told(fault: csv.Error) -> str:
    if "field limit" not in str(fault):
        return f"is no CSV ({fault}); save the list as CSV anew"
    most = f"{csv.field_size_limit():,}"
    return f"a cell has more than {most} characters; shorten it, and see that no quote on the lines before is left open"

"""CloudFront's standard logs: tab-separated lines under a ``#Fields:`` line (legacy and v2), or JSON objects (v2).

Values are percent-encoded once, a percent sign included. Logs of former years have the user agent encoded twice, which
shows by its having no space and a ``%20`` left over.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
"""

from __future__ import annotations

from urllib.parse import unquote

from mailwake.accesslog.columns import Writing

#: What the line that names the columns begins with.
FIELDS = b"#Fields:"


def undo(value: str) -> str:
    """A value as it was sent; what is no escape stays as it stands."""
    return unquote(value, encoding="latin-1")


def undo_agent(value: str) -> str:
    """A user agent as it was sent."""
    once = undo(value)
    return undo(once) if "%20" in once and " " not in once else once


WRITING = Writing(absent="-", mark="%", undo=undo, undo_agent=undo_agent)


def fields(line: bytes) -> list[str]:
    """The names of the columns, from the line that names them."""
    return line[len(FIELDS) :].decode("latin-1").split()


def values(line: str) -> list[str]:
    """The values of a line. They hold no blanks, so blanks may stand for tabs."""
    return line.split("\t") if "\t" in line else line.split(" ")

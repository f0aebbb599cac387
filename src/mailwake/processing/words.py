"""The record as text: headings, lists and lines to fill in, to be pasted into a document of your own (Markdown)."""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.processing.record import Activity, Kept, Record


def to_text(record: Record) -> str:
    """The record for people."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: Record) -> Iterator[str]:
    yield f"# Record of processing: mail of {record.sender}"
    yield from ("", "Made from the settings in force. It says what the program does, and not that it may.", "")
    yield f"- profile: {record.profile or 'none chosen'}"
    yield f"- opens: {record.opens} at most; {record.unknown_opens} of people who were never asked"
    yield f"- clicks: {record.clicks} at most; {record.unknown_clicks} of people who were never asked"
    for each in record.activities:
        yield from _activity(each)
    yield from ("", "## Signs that call for an impact assessment", "")
    yield from (f"- {sign}" for sign in record.signs)
    yield _how_many(len(record.signs))
    yield from ("", "## For you to fill in", "")
    yield from (f"- [ ] {question}" for question in record.open_questions)


def _activity(it: Activity) -> Iterator[str]:
    yield from ("", f"## {it.title}", "")
    yield f"- purpose: {it.purpose}"
    yield f"- people: {it.people}"
    yield f"- data: {'; '.join(it.data)}"
    yield f"- given to: {'; '.join(it.given_to) or 'nobody'}"
    yield from (f"- kept: {each.what}: {_how_long(each)}" for each in it.kept)


def _how_long(kept: Kept) -> str:
    if kept.days is None:
        return kept.long
    return f"{kept.days:,} days" if kept.days else "not at all"


def _how_many(signs: int) -> str:
    if not signs:
        return "None that the settings tell. Those that only people can tell are asked below."
    return "- Two of the nine signs of WP 248 usually call for an assessment; the others are asked below."

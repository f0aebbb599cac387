"""What is known of one person in words: lines for a terminal, and one page of HTML that needs nothing else.

The page loads nothing and runs nothing; everything in it is escaped, because much of it was written by strangers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailwake.rights.keeping import Period
from mailwake.rights.told import Mail, Told

_TEMPLATES = Path(__file__).parent / "templates"
#: what each part of the answer is called, and where it came from
PARTS = (
    ("consent_history", "What you agreed to or withdrew", "your choices, and imports by the sender"),
    ("consent_requests", "When you were last asked for consent by mail", "the sender"),
    ("suppressions", "Why you get no mail, or got none", "you, your mail server, or the sender"),
    ("refusals", "Mail that came back", "the words of your mail server"),
    ("unsubscribes", "When you asked to leave", "you, or a program that pressed for you"),
    ("unsubscribe_acts", "What was done about it", "the sender"),
    ("workflows", "What rules decided about you", "made from what you did"),
    ("salesforce_records", "Your records in the sender's CRM, as it told us", "the sender's Salesforce org"),
    ("salesforce_told", "What the CRM was told about you", "made from what you did"),
    ("salesforce_waiting", "What the CRM is still to be told", "made from what you did"),
    ("webhooks", "Other programs of the sender that are told such events", "the sender's settings"),
)
#: lines of mail on a terminal; the files have them all
_MOST = 40


def to_html(told: Told) -> str:
    """The page."""
    parts = [(title, source, _table(getattr(told, name))) for name, title, source in PARTS]
    return (
        _environment().get_template("told.html").render(told=told, parts=parts, periods=list(map(_period, told.kept)))
    )


def to_text(told: Told) -> str:
    """For a terminal."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Told) -> Iterator[str]:
    yield f"{told.address}: known since {cell(told.first_seen_at)}"
    if told.fields:
        yield "told by the sender: " + ", ".join(f"{name} = {cell(value)}" for name, value in told.fields.items())
    yield from ("", f"Mail, and what became of it ({len(told.mail):,} events)")
    yield from (f"  {sentence(each)}" for each in told.mail[-_MOST:])
    if len(told.mail) > _MOST:
        yield f"  … and {len(told.mail) - _MOST:,} earlier; `mailwake privacy export` has them all"
    yield from ("", "A number made from it")
    yield f"  {score_line(told)}"
    for name, title, source in PARTS:
        rows = getattr(told, name)
        if rows:
            yield from ("", f"{title} (from: {source})")
            yield from ("  " + "; ".join(f"{key} {cell(value)}" for key, value in row.items()) for row in rows)
    yield from ("", f"In segments: {', '.join(told.segments) or 'none'}")
    if told.holdouts:
        yield f"Kept out of, to see what happens without it: {', '.join(told.holdouts)}"
    if told.last_open_day:
        yield f"Day of the last open: {told.last_open_day}"
    yield from ("", "How long it is kept", *(f"  {_period(each)}" for each in told.kept))


def score_line(told: Told) -> str:
    """The score in one sentence."""
    if told.score is None:
        return "no score: there is no mail to make one of"
    if told.score.score is None:
        return f"no score: {told.score.cannot_say}"
    why = f": {told.score.why}" if told.score.why else ""
    return f"score {told.score.score} of 100, {told.score.band}{why}"


def sentence(mail: Mail) -> str:
    """One event in a sentence."""
    said = [cell(mail.at), mail.what.replace("_", " "), f"“{mail.subject or mail.campaign}”" if mail.campaign else ""]
    if mail.link:
        said.append(f"link “{mail.link}”")
    if mail.judged:
        because = "; ".join(fact for _, _, fact in mail.reasons if fact)
        said.append(f"taken for {mail.judged}" + (f" because: {because}" if because else ""))
    said += [each for each in (mail.client, mail.device, mail.country) if each]
    said += [f"server: {mail.words}"] if mail.words else []
    return " · ".join(each for each in said if each)


def cell(value: object) -> str:
    """A value as people read it; without control characters, for much of it was written by strangers."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {cell(each)}" for key, each in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value)) or "-"
    if value is None:
        return "-"
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _table(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [name.replace("_", " ") for name in names], [[cell(row.get(name)) for name in names] for row in rows]


def _period(period: Period) -> str:
    long = "until you ask to be erased" if period.days is None else f"{period.days} days" if period.days else "not kept"
    return f"{period.what}: {long}; {period.why}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(cell=cell, sentence=sentence)
    made.globals["score_line"] = score_line
    return made

"""Reads the questions and the schema from their files.

The head of a question is comment lines: the question itself, then ``-- $name kind  meaning`` for each parameter, then
the columns. Files that start with ``_`` are parts: ``{part:_name}`` puts one in, ``{part:_name:column}`` puts it in
with ``{it}`` standing for the column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mailwake.errors import BadInput
from mailwake.store.events.dialect import Dialect, without_comments

_PART = re.compile(r"\{part:(_\w+)(?::(\w+))?\}")
#: where a question reads the events, with the name that it gives them there
_EVENTS = re.compile(r"\b(from|join)\s+events\b(\s+as\s+\w+)?")
_AMONG = """(
    select * from events where delivery in (
        select delivery from events where type = 'sent' and recipient in ({each:$among})
    )
)"""
_HEAD = re.compile(r"^-- \$(\w+) (integer|text)\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One file of SQL."""

    name: str
    #: parameter to its kind, "integer" or "text"
    parameters: dict[str, str]
    #: in the common subset, parts put in
    text: str

    def check(self, given: Mapping[str, int | str]) -> None:
        """Refuse parameters that are not exactly the question's own.

        Raises:
            BadInput: one is missing, unknown or of another kind.
        """
        if set(given) != set(self.parameters):
            raise BadInput(f"{self.name} takes {sorted(self.parameters)}, not {sorted(given)}")
        for name, kind in self.parameters.items():
            wanted = int if kind == "integer" else str
            if not isinstance(given[name], wanted):
                raise BadInput(f"{self.name}: {name} must be of kind {kind}")


@cache
def questions() -> dict[str, Question]:
    """All questions by name."""
    texts = {
        path.name.removesuffix(".sql"): path.read_text(encoding="utf-8")
        for path in files(__package__).joinpath("questions").iterdir()
        if path.name.endswith(".sql")
    }
    return {
        name: read_question(name, _put_parts(text, texts))
        for name, text in sorted(texts.items())
        if not name.startswith("_")
    }


def read_question(name: str, text: str) -> Question:
    """A question from its file, parts put in; its head tells the parameters."""
    return Question(name=name, parameters=dict(_HEAD.findall(text)), text=text)


def _put_parts(text: str, texts: Mapping[str, str]) -> str:
    """The text with its parts, and theirs, in place."""

    def put(found: re.Match[str]) -> str:
        return _put_parts(without_comments(texts[found[1]]).replace("{it}", found[2] or "").strip(), texts)

    return _PART.sub(put, text)


def question(name: str) -> Question:
    """One question.

    Raises:
        BadInput: there is none of this name.
    """
    try:
        return questions()[name]
    except KeyError:
        raise BadInput(f"there is no question {name!r}; there are {', '.join(questions())}") from None


def spell(name: str, dialect: Dialect, given: Mapping[str, int | str], *, is_among: bool = False) -> str:
    """The SQL of a question for one engine, after its parameters were checked.

    Args:
        name: of the question.
        dialect: of the engine.
        given: its parameters.
        is_among: read only what happened to copies sent to some recipients, whose handles the parameter ``among`` has,
            with commas between.

    Raises:
        BadInput: no such question, or wrong parameters.
    """
    asked = question(name)
    asked.check(given)
    if not is_among:
        return dialect.render(asked.text, asked.parameters)
    narrowed = _EVENTS.sub(lambda found: f"{found[1]} {_AMONG}{found[2] or ' as events'}", without_comments(asked.text))
    return dialect.render(narrowed, {**asked.parameters, "among": "text"})


@cache
def migrations() -> dict[str, str]:
    """The steps of the schema in order: name to text."""
    steps = sorted(files(__package__).joinpath("schema").iterdir(), key=lambda path: path.name)
    return {
        path.name.removesuffix(".sql"): path.read_text(encoding="utf-8") for path in steps if path.name.endswith(".sql")
    }


def statements(text: str, dialect: Dialect) -> list[str]:
    """The statements of one step, in the engine's spelling."""
    return _split(dialect.render(text))


@cache
def writing(name: str) -> tuple[str, ...]:
    """The statements of one file of ``writing``, which are DuckDB's own."""
    text = files(__package__).joinpath("writing").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return tuple(_split(without_comments(text)))


def _split(text: str) -> list[str]:
    return [statement for part in text.split(";") if (statement := part.strip())]

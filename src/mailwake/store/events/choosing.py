"""Choosing people by what they did: a tree of choices becomes one question.

Its parts are the few files of ``choosing`` whose head names a piece's parameters; a piece gives recipients. A tree says
which pieces, with which values, and how they combine. The text of the SQL depends on the shape of the tree alone:
every value, whoever wrote it, is handed over apart from the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mailwake.store.events.asking import Question, read_question
from mailwake.store.events.dialect import Dialect, without_comments

#: above any count and any time
MANY = 2**62
#: any link or campaign, where a piece takes several
ANY = "*"

Value = int | str


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """People that one file of ``choosing`` gives."""

    #: did or engaged
    name: str
    #: exactly those that its head names
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Without:
    """Everybody whom another choice does not choose."""

    of: Choice


@dataclass(frozen=True, slots=True)
class Every:
    """Who is in all of them."""

    of: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Who is in any of them."""

    of: tuple[Choice, ...]


Choice = Piece | Without | Every | Some


@cache
def _file(name: str) -> Question:
    return read_question(name, files(__package__).joinpath("choosing").joinpath(f"{name}.sql").read_text("utf-8"))


def spell_choice(
    frame: str, choice: Choice, dialect: Dialect, given: Mapping[str, Value]
) -> tuple[str, dict[str, Value]]:
    """The SQL of a choice for one engine, and the values to hand over with it.

    Args:
        frame: people or size.
        choice: whom.
        dialect: of the engine.
        given: the frame's own parameters.

    Raises:
        BadInput: a parameter is missing, unknown or of another kind.
    """
    asked = _file(frame)
    asked.check(given)
    pieces: list[Piece] = []
    combined = _combined(choice, pieces)
    kinds, values = dict(asked.parameters), dict(given)
    parts = []
    for number, piece in enumerate(pieces):
        part = _file(piece.name)
        part.check(piece.values)
        own = {name: f"{name}_{number}" for name in part.parameters}
        kinds |= {own[name]: kind for name, kind in part.parameters.items()}
        values |= {own[name]: value for name, value in piece.values.items()}
        parts.append(f",\npiece_{number} as (\n{dialect.renamed(without_comments(part.text), own)}\n)")
    named = " union all ".join(f"select recipient from piece_{number}" for number in range(len(pieces)))  # noqa: S608 - numbers of ours
    text = without_comments(asked.text).replace("{pieces}", "".join(parts)).replace("{named}", named)
    return dialect.render(text.replace("{choice}", combined), kinds), values


def chooses_others(choice: Choice) -> bool:
    """Whether a choice chooses those, too, whom none of its pieces gives."""
    if isinstance(choice, Piece):
        return False
    if isinstance(choice, Without):
        return not chooses_others(choice.of)
    return (all if isinstance(choice, Every) else any)(map(chooses_others, choice.of))


def _combined(choice: Choice, pieces: list[Piece]) -> str:
    """The choice as a condition on `recipient`; what it is made of is put into `pieces`."""
    if isinstance(choice, Piece):
        pieces.append(choice)
        return f"recipient in (select recipient from piece_{len(pieces) - 1})"  # noqa: S608 - a number of ours
    if isinstance(choice, Without):
        return f"not ({_combined(choice.of, pieces)})"
    word = " and " if isinstance(choice, Every) else " or "
    return "(" + word.join(_combined(part, pieces) for part in choice.of) + ")"


def told(choice: Choice, place: str = "") -> dict[str, Value]:
    """A choice as parameters by their place in it: those of two choices are the same where the choices are."""
    if isinstance(choice, Piece):
        return {f"{place}{choice.name}.{name}": value for name, value in choice.values.items()}
    if isinstance(choice, Without):
        return told(choice.of, f"{place}not.")
    word = "and" if isinstance(choice, Every) else "or"
    return {name: value for n, part in enumerate(choice.of) for name, value in told(part, f"{place}{word}{n}.").items()}

"""The points that a score is made of: a file, checked and known by its hash. No number of it stands in code."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from mailwake.errors import BadInput, Misconfigured

DAY = 86_400_000_000
#: the acts of a person that points are given for
ACTS = ("replied", "clicked_intent", "clicked", "converted", "opened")
MAX_BYTES = 65_536
_DEFAULT = "points-1.toml"
_WORD = re.compile(r"\w+(?:-\w+)*")

Points = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
Loss = Annotated[float, msgspec.Meta(ge=-1_000, le=0)]
Days = Annotated[float, msgspec.Meta(gt=0, le=3_660)]
Score = Annotated[int, msgspec.Meta(ge=1, le=100)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Act(_Part, frozen=True, kw_only=True):
    """What one kind of act counts."""

    points: Points
    half_life_days: Days
    cap: Points
    #: what the cap is for
    cap_per: Literal["message", "days", "all"]
    #: length of the runs, where it is for days
    cap_days: Annotated[int, msgspec.Meta(ge=1, le=3_660)] = 30


class Unsubscribed(_Part, frozen=True, kw_only=True):
    """What it counts to have asked for no more mail."""

    points: Loss


class Silent(_Part, frozen=True, kw_only=True):
    """What it counts to do nothing."""

    points: Loss
    #: without an act
    days: Days
    #: copies sent in these days
    least_sent: Annotated[int, msgspec.Meta(ge=1)]


class Bands(_Part, frozen=True, kw_only=True):
    """Where the bands begin."""

    hot: Score
    warm: Score
    cool: Score
    #: of everybody, 0-1
    best_share: Annotated[float, msgspec.Meta(ge=0, le=1)]
    #: the best are hot from this score on, even where that is less than `hot`
    best_from: Score
    #: nobody is hot without an act in so many days
    fresh_days: Days


class LinkRule(_Part, frozen=True, kw_only=True):
    """Which links one rule is about, and what clicks on them count."""

    #: in words that fit into a mail: "you looked at prices"
    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    act: Literal["clicked", "clicked_intent"]
    weight: Annotated[float, msgspec.Meta(ge=0, le=10)]
    words: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Line(_Part, frozen=True, kw_only=True):
    """What was learned in the place of points: what each number of a person adds to the log-odds of a conversion."""

    #: by the names of `learning.NAMES`
    slopes: dict[str, float]


class Model(_Part, frozen=True, kw_only=True, eq=False):
    """All of a file; one that is read twice is two, which `hash` alone calls the same."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")]
    half_points: Annotated[float, msgspec.Meta(gt=0, le=10_000)]
    horizon_days: Annotated[int, msgspec.Meta(ge=36, le=3_660)]
    #: each of `ACTS`
    acts: dict[str, Act]
    unsubscribed: Unsubscribed
    silent: Silent
    bands: Bands
    links: tuple[LinkRule, ...] = ()
    #: content hash of the file; set by `read_model`, no option
    hash: str = ""
    #: None: points that were chosen; set by `force`, no option
    learned: Line | None = None

    @property
    def id(self) -> str:
        """Name and hash, as they stand beside every number."""
        return f"{self.name}-{self.hash}"


class LinkMeaning(msgspec.Struct, frozen=True):
    """What a click on a link says."""

    act: str
    weight: float
    #: empty: nothing in particular
    topic: str


_PLAIN = LinkMeaning("clicked", 1.0, "")


def read_model(text: str, *, where: str) -> Model:
    """A model from the text of its file.

    Args:
        text: TOML.
        where: what to call it in a message.

    Raises:
        BadInput: it is no such file; the message names the line or the member.
    """
    body = text.encode()
    if len(body) > MAX_BYTES:
        raise BadInput(f"{where} is longer than {MAX_BYTES:,} bytes; a model needs no more")
    try:
        tree = tomllib.loads(text)
        if "learned" in tree:
            raise BadInput(f"{where}: what was learned stands in no file; see `mailwake score --learn`")
        found = msgspec.convert({**tree, "hash": hashlib.blake2b(body, digest_size=6).hexdigest()}, Model)
    except tomllib.TOMLDecodeError as fault:
        raise BadInput(f"{where} is not TOML: {fault}") from None
    except (msgspec.ValidationError, RecursionError) as fault:
        raise BadInput(f"{where}: {fault}; compare it with models/{_DEFAULT} of the package") from None
    _check(found, where)
    return found


def _check(model: Model, where: str) -> None:
    for act in ACTS:
        if act not in model.acts:
            raise BadInput(f"{where}: acts.{act} is missing; give it 0 points where it is to count nothing")
    for act in model.acts:
        if act not in ACTS:
            raise BadInput(f"{where}: there is no act {act[:40]!r}; there are {', '.join(ACTS)}")
    if not model.bands.cool < model.bands.warm < model.bands.hot:
        raise BadInput(f"{where}: bands have to rise: cool, warm, hot")
    numbers = (model.half_points, *(each.half_life_days for each in model.acts.values()))
    if not all(map(isfinite, numbers)):
        raise BadInput(f"{where}: inf and nan are no numbers here")
    if model.silent.days > model.horizon_days:
        raise BadInput(f"{where}: silent.days must not be above horizon_days, for nothing before that is read")


@cache
def default_model() -> Model:
    """The one in the package."""
    place = files(__package__).joinpath("models").joinpath(_DEFAULT)
    return read_model(place.read_text(encoding="utf-8"), where=_DEFAULT)


def model_of(path: Path | None) -> Model:
    """The model of an installation.

    Args:
        path: of its own file; None: the one in the package.

    Raises:
        Misconfigured: the file is not there, or is no model.
    """
    if path is None:
        return default_model()
    try:
        return read_model(path.read_text(encoding="utf-8"), where=path.name)
    except (OSError, UnicodeDecodeError) as fault:
        raise Misconfigured("scoring.model", f"cannot read {path}: {fault}") from None
    except BadInput as fault:
        raise Misconfigured("scoring.model", str(fault)) from None


@lru_cache(maxsize=4_096)
def meaning(model: Model, label: str, role: str, href: str) -> LinkMeaning:
    """What clicks on a link say, by the first rule that fits it."""
    words = _words(label) | _words(_path(href))
    for rule in model.links:
        if role in rule.roles or not words.isdisjoint(_spelled(rule.words)):
            return LinkMeaning(rule.act, rule.weight, rule.topic)
    return _PLAIN


@lru_cache(maxsize=256)
def _spelled(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


def _words(text: str) -> frozenset[str]:
    """Words with their parts, so that "rendez-vous" and "price" of "price-list" are both found."""
    found = set(_WORD.findall(text.replace("_", " ").casefold()))
    return frozenset(found | {part for word in found for part in word.split("-")})


def _path(href: str) -> str:
    try:
        return unquote(urlsplit(href).path)
    except ValueError:
        return ""

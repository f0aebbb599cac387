"""What this installation is set to: read, never changed here, and without anything that is secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from mailwake.framing.asking import guarded
from mailwake.framing.rendering import render
from mailwake.language import say
from mailwake.serving.entry import actor_of
from mailwake.serving.navigation import groups_for
from mailwake.settings import Settings
from mailwake.store.access.masked import without_addresses

router = guarded(include_in_schema=False)

#: words in the names of options that lead to secrets or may hold one; of these only whether they are set is said
_HIDDEN = ("ref", "key", "secret", "password", "token", "credential", "user", "client_id")
#: beside which the page of settings stands
_BESIDE = ("/settings",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option."""

    name: str
    value: str
    #: somebody chose it; else it is as it comes
    is_chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The options under one heading of the file."""

    name: str
    options: tuple[Option, ...]
    #: how many somebody chose
    chosen: int


@router.get("/settings")
def settings_page(request: Request) -> Response:
    """Every section of the settings file, and the pages about the installation."""
    told: Settings | None = request.app.state.settings
    pages = [page for group in groups_for(actor_of(request)) for page in group.pages if page[0] not in _BESIDE]
    found = [] if told is None else list(sections(told))
    return render(request, "settings.html", sections=found, is_known=told is not None, pages=pages)


def sections(told: Settings) -> Iterator[Section]:
    """The sections in the order of the file."""
    for each in fields(told):
        value = getattr(told, each.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield _section(each.name, value)
        elif "each" in each.metadata:
            for name, one in value.items():
                yield _section(f'{each.name}."{name}"', one)


def _section(name: str, value: Any) -> Section:  # noqa: ANN401 - any of the sections
    options = tuple(_option(each, getattr(value, each.name)) for each in fields(value))
    return Section(name=name, options=options, chosen=sum(each.is_chosen for each in options))


def _option(each: Field[Any], value: object) -> Option:
    chosen = value != (each.default if each.default is not MISSING else _made(each))
    return Option(name=each.name, value=_shown(each.name, value), is_chosen=chosen)


def _made(each: Field[Any]) -> object:
    return None if each.default_factory is MISSING else each.default_factory()


def _shown(name: str, value: object) -> str:
    """A value in words. What leads to a secret is not told, nor whose address it is."""
    if any(word in name for word in _HIDDEN):
        return say("set, not shown") if value else say("not set")
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, tuple | list):
        return ", ".join(_plain(each) for each in value) or "–"  # noqa: RUF001 - as tables have it
    if isinstance(value, dict):
        return ", ".join(f"{_plain(key)} = {_shown(str(key), one)}" for key, one in value.items()) or "–"  # noqa: RUF001
    return _plain(value) or "–"  # noqa: RUF001


def _plain(value: object) -> str:
    """Without addresses; of a URL its host alone, for names, passwords and paths of URLs may be secrets."""
    text = str(value)
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.netloc:
        rest = "/…" if parts.path.strip("/") or parts.query else ""
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{rest}"
    return without_addresses(text)

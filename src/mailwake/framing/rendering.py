"""Pages and what programs are told: everything that a template shows is escaped, whoever wrote it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from mailwake import language
from mailwake.drawing import pieces
from mailwake.drawing.terms import country, term
from mailwake.framing import assets
from mailwake.framing.asking import fresh_of
from mailwake.framing.zones import PARAMETER, shown_zone
from mailwake.serving.entry import FIELD, actor_of
from mailwake.serving.navigation import groups_for, here, own_pages_for
from mailwake.settings import Settings

#: beside the pages that fill them
TEMPLATES = Path(__file__).parents[1] / "web" / "templates"
_FORM = re.compile(r'(<form method="post"[^>]*>)')


class _FormTokens(Extension):
    """Puts what proves the session into every form that changes something, so that no template can forget it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - jinja2's
        """The template with its forms completed; what they carry is empty where nobody is logged in."""
        return _FORM.sub(r"\1{{ form_field }}", source)


@cache
def environment() -> Environment:
    """The templates, compiled once. A name that a page forgot to fill stops the page instead of showing a gap."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", _FormTokens],
    )
    made.policies["ext.i18n.trimmed"] = True
    # Both look up what is spoken when they are called, so the templates are compiled once for all languages.
    made.install_gettext_callables(language.say, language.several, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(inside=language.inside, at_start=language.at_start, term=term, country=country)
    made.globals["asset"] = assets.address
    return made


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page.

    Args:
        request: says who looks, at which page, and in which time zone.
        template: file in ``templates/``.
        status: HTTP status.
        values: what the template names.
    """
    settings: Settings | None = request.app.state.settings
    actor, zone = actor_of(request), shown_zone(request)
    token = Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, actor.form_token)
    frame = {
        "here": here(request.url.path),
        "timezone": zone.key,
        "is_own_zone": zone != request.app.state.stores.zone,
        "stamp": lambda: pieces.fresh(fresh_of(request), zone),  # asked by pages that show numbers, and by no other
        "this_page": this_page(request),
        "language": language.tag(),
        "navigation": groups_for(actor),
        "own_pages": own_pages_for(actor),
        "user_name": actor.name if actor.user else "",
        "has_org": bool(settings and settings.salesforce.login),
        "form_field": token if actor.form_token else "",
    }
    if PARAMETER in request.query_params and "again" in values:
        values["again"] = f"{values['again']}&{urlencode({PARAMETER: zone.key})}"
    return HTMLResponse(environment().get_template(template).render({**frame, **values}), status_code=status)


def this_page(request: Request) -> str:
    """The address of a page for whoever comes back to it: without a zone, and without what it had shown before."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in (PARAMETER, "seen")]
    return request.url.path + (f"?{urlencode(asked)}" if asked else "")


def as_json(told: object) -> Response:
    """An object as one line of JSON."""
    return Response(msgspec.json.encode(told) + b"\n", media_type="application/json")

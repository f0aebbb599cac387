"""A list looked through before it is mailed, for programs. Asks no name server: `mailwake check-list` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from mailwake.atlas.domains import atlas
from mailwake.hygiene.answers import to_json
from mailwake.hygiene.desk import looked_through
from mailwake.merge.people import parse_people
from mailwake.serving.forms import table_json_of
from mailwake.web.api import guarded, now_of, stores_of

router = guarded()


@router.post("/api/hygiene")
def look(request: Request, given: Annotated[Mapping[str, str], Depends(table_json_of)]) -> Response:
    """What is found in a list, whose text is `people`; and optionally `stream`. Changes nothing."""
    stores, now = stores_of(request), now_of(request)
    listed = parse_people(given.get("people", ""), name="people")
    mailed = {line.name: line.recipients for line in atlas(stores, now=now).domains if line.name}
    settings, stream = request.app.state.settings, given.get("stream", "")
    told = looked_through(stores.state, listed, settings, now=now, stream=stream, mailed=mailed)
    return Response(to_json(told), media_type="application/json")

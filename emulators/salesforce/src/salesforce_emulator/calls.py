"""A request as the resources see it, and what they answer; routes from one to the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .access import User
from .refusals import NotEmulated, Refused, malformed_json
from .saving import Saver

if TYPE_CHECKING:
    from .org import Org

#: Headers of the API that are understood. Another one of theirs would change the answer and is refused.
#: Source: https://developer.salesforce.com/docs/platform/api-rest/guide/headers.html
KNOWN_HEADERS = {
    "sforce-call-options",
    "sforce-query-options",
    "sforce-duplicate-rule-header",
    "sforce-auto-assign",
    "x-prettyprint",
    "x-sfdc-session",
    "x-chatter-entity-encoding",
}


@dataclass
class Answer:
    """What goes back. A body of None is no body at all: 204 must not carry one."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"

    def encoded(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Call:
    """One request, or one part of a composite request."""

    org: Org
    base: str
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes
    user: User
    groups: tuple[str, ...] = ()
    #: As asked for, such as `67.0`.
    version: str = ""
    #: Parts of a composite are not counted as requests of their own.
    is_part: bool = False

    @property
    def root(self) -> str:
        """Where this version's resources begin."""
        return f"/services/data/v{self.version}"

    @cached_property
    def saver(self) -> Saver:
        """Saves rows as this caller may."""
        allow = re.search(r"allowsave\s*=\s*true", self.headers.get("sforce-duplicate-rule-header", ""), re.IGNORECASE)
        return Saver(self.org, self.user, bool(allow))

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise malformed_json(f"Unexpected character: {error}") from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object."""
        told = self.json()
        if not isinstance(told, dict):
            raise malformed_json("The HTTP entity body is required to be a JSON object")
        return told


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """One resource: what it is reached by, and the parameters it understands."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    params: frozenset[str] = frozenset()


def route(method: str, pattern: str, handler: Handler, *params: str) -> Route:
    """A resource below `/services/data/vNN.N`; `{}` stands for one part of the path."""
    return Route(method, re.compile(pattern.replace("{}", "([^/]+)") + "/?"), handler, frozenset(params))


def split_target(target: str) -> tuple[str, dict[str, str]]:
    """Path and parameters of a request target, decoded."""
    parts = urlsplit(target)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


def resolve(routes: list[Route], call: Call, path: str) -> Answer:
    """Ask the resource at a path below the version.

    Raises:
        NotEmulated: nothing here answers to this path, or to one of its parameters.
    """
    methods = set()
    for each in routes:
        matched = each.pattern.fullmatch(path)
        if matched is None:
            continue
        methods.add(each.method)
        if each.method == call.method:
            strange = set(call.params) - each.params
            if strange:
                raise NotEmulated(f"parameter {', '.join(sorted(strange))} of {call.method} {path}")
            call.groups = tuple(unquote(group) if group is not None else "" for group in matched.groups())
            return each.handler(call)
    if methods:
        raise Refused(
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(sorted(methods))}",
            status=405,
        )
    raise NotEmulated(f"{call.method} {path}")

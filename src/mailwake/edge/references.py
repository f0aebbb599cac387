"""One parameter more for a link into a shop that the operator lists: the click's reference, which the shop hands back.

Everything else of the target stays as it is, byte for byte; a target that is not plainly a URL of such a shop is never
touched. Why the exception is safe: docs/decisions/0030.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mailwake.edge.locations import location
from mailwake.edge.response import Response
from mailwake.hosts import Hosts
from mailwake.sections import Conversions
from mailwake.tokens import LinkToken, MessageToken

#: Nothing that a program and a browser could take for different hosts: no user, no backslash, no escapes.
_URL = re.compile(r"https?://(?P<host>[a-z0-9.-]+)(?::[0-9]{1,5})?(?=[/?#]|\Z)[!-\[\]-~]*", re.IGNORECASE)


class References:
    """Makes references, for shops that were listed.

    Args:
        wanted: the shops, and the parameter's name.
        hosts: our tracking hosts; each seals its own.
    """

    def __init__(self, wanted: Conversions, hosts: Hosts) -> None:
        self._shops, self._parameter = frozenset(wanted.reference_hosts), wanted.reference_parameter
        self._hosts = hosts.all
        #: where in a target the reference goes; None: it gets none
        self.place = lru_cache(maxsize=16_384)(self._place)

    def redirect(self, place: tuple[str, str], headers: list[tuple[str, str]], host: str, *, token: MessageToken,
                 link: LinkToken) -> Response:  # fmt: skip
        """302 to a target with the reference of this click in it."""
        before, after = place
        reference = self._hosts[host].minter.reference(token, link.number)
        return Response(302, [("Location", f"{before}{reference}{after}"), *headers])

    def _place(self, target: str) -> tuple[str, str] | None:
        if not self._shops:
            return None
        url = location(target)
        found = _URL.fullmatch(url)
        if found is None or found["host"].lower() not in self._shops:
            return None
        whole, sharp, fragment = url.partition("#")
        _, asks, query = whole.partition("?")
        if any(each.partition("=")[0] == self._parameter for each in query.split("&")):
            return None  # its author wrote one, and it stays the only one
        joint = "&" if query and not query.endswith("&") else "" if asks else "?"
        return f"{whole}{joint}{self._parameter}=", f"{sharp}{fragment}"

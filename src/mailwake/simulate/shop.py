"""A shop behind the links: it keeps the reference that came with a click, and its thank-you page hands it back.

Only people buy. Machines follow links and stop there, which is why what they follow earns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

from mailwake.simulate.acts import Act, Doer
from mailwake.simulate.wire import Reply

#: seconds from the click to the thank-you page
_BROWSES = (60, 2_400)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What people do there.

    Args:
        parameter: that carries the reference.
        goals: name of a goal to how often a visit reaches it, and what it is then worth, in cents; None: nothing.
        currency: of all of it.
    """

    parameter: str
    goals: tuple[tuple[str, float, tuple[int, int] | None], ...]
    currency: str = "EUR"

    def visit(self, act: Act, doer: Doer, reply: Reply, *, at: int, draw: str) -> tuple[str, int] | None:
        """The path of the picture on the thank-you page, and when it is fetched; None: nothing was reached.

        Args:
            act: what was done.
            doer: and by whom.
            reply: the redirect.
            at: microseconds since 1970, in the crowd's time.
            draw: what the chance hangs on; the same for the same act in another run.
        """
        found = parse_qs(urlsplit(reply.location).query).get(self.parameter)
        if act is not Act.CLICK or doer is not Doer.PERSON or not found:
            return None
        chance = Random(f"shop {draw}")  # noqa: S311 - a play, and the same one each time
        later = at + chance.randint(*_BROWSES) * 1_000_000
        for goal, share, worth in self.goals:
            if chance.random() < share:
                told = {"r": found[0], "id": f"{goal}-{at}"}
                if worth is not None:
                    cents = chance.randint(*worth)
                    told |= {"value": f"{cents // 100}.{cents % 100:02}", "currency": self.currency}
                return f"/g/{goal}?{urlencode(told)}", later
        return None

"""How much of the org's allowance is left, as its answers say.

Source: REST API Developer Guide, "Limit Info Header",
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d{1,12})/(\d{1,12})")


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of the last 24 hours, by everybody."""

    used: int
    allowed: int

    @property
    def share(self) -> float:
        """0 to 1, or more where the org is past it."""
        return self.used / self.allowed if self.allowed else 1.0


def usage_in(header: str | None) -> Usage | None:
    """What ``Sforce-Limit-Info`` says; None: nothing that can be read."""
    found = _USAGE.search(header or "")
    return Usage(int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Allowance:
    """One row of the resource ``limits``."""

    most: int
    left: int


def allowances(told: Mapping[str, Any]) -> dict[str, Allowance]:
    """The resource ``limits`` by name, such as DailyApiRequests, DataStorageMB."""
    rows = {name: row for name, row in told.items() if isinstance(row, Mapping)}
    return {
        name: Allowance(int(row["Max"]), int(row["Remaining"]))
        for name, row in rows.items()
        if isinstance(row.get("Max"), int) and isinstance(row.get("Remaining"), int)
    }

"""What can go wrong with Salesforce, sorted by who has to act."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from mailwake.errors import Misconfigured, Unavailable


class Cure(StrEnum):
    """What to do about a fault; the sections of faults.toml."""

    #: get a new session and say the same again
    SIGN_IN = "sign_in"
    #: stop, and tell the people who run the org
    ADMIN = "admin"
    #: wait until calls are left
    BUDGET = "budget"
    #: this row again, alone, in a moment
    ROW_LATER = "row_later"
    #: the whole call again
    LATER = "later"
    #: leave the field out
    HIDDEN = "hidden"
    #: find out which record it is now
    MOVED = "moved"
    #: lay it aside for a person to look at
    REFUSED = "refused"
    #: stop writing this object
    NOT_UNIQUE = "not_unique"
    #: the row again
    REREAD = "reread"
    #: write changes only, nothing new
    FULL = "full"
    #: nothing is wrong with this row
    SIBLING = "sibling"


@cache
def _cures() -> dict[str, Cure]:
    tree = tomllib.loads(files(__package__).joinpath("faults.toml").read_text(encoding="utf-8"))
    return {code: Cure(word) for word, section in tree.items() for code in section["codes"]}


def cure_of(code: str, *, default: Cure = Cure.REFUSED) -> Cure:
    """What a code asks for; the default for codes that nobody told us of."""
    return _cures().get(code, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """Why one record was not written."""

    code: str
    #: in the org's words, 1,000 characters at most; not to be trusted
    message: str
    #: names of fields that it is about
    fields: tuple[str, ...] = ()

    @property
    def cure(self) -> Cure:
        """What to do about it."""
        return cure_of(self.code)


class SalesforceAway(Unavailable):
    """It does not answer, or answers nonsense. Whether the call was carried out is not known.

    Attributes:
        code: Salesforce's, or the kind of silence.
    """

    def __init__(self, code: str, message: str, *, retry_after_seconds: float = 30.0) -> None:
        super().__init__(f"Salesforce: {message}", retry_after_seconds=retry_after_seconds)
        self.code = code


class CallsSpent(SalesforceAway):
    """The org has no calls left, or we may make no more of them today."""


class CallRefused(SalesforceAway):
    """The call as a whole was refused; saying the same again will not help.

    Attributes:
        fault: the first one named.
        status: of HTTP.
    """

    def __init__(self, fault: RowFault, status: int) -> None:
        super().__init__(fault.code, f"{fault.code}: {fault.message}", retry_after_seconds=900.0)
        self.fault = fault
        self.status = status


class OrgMustAct(Misconfigured):
    """Whoever runs the org, or these settings, has to change something first.

    Attributes:
        code: Salesforce's.
    """

    def __init__(self, code: str, problem: str, option: str = "salesforce") -> None:
        super().__init__(option, problem)
        self.code = code


def faults_in(told: object) -> tuple[RowFault, ...]:
    """The faults of an answer in any of the shapes that they come in: a list, one alone, OAuth's own."""
    if isinstance(told, Mapping):
        told = [told]
    if not isinstance(told, Sequence) or isinstance(told, str | bytes):
        return ()
    return tuple(fault for each in told if isinstance(each, Mapping) and (fault := _fault(each)) is not None)


def _fault(told: Mapping[str, Any]) -> RowFault | None:
    code = told.get("statusCode") or told.get("errorCode") or told.get("error")
    if not isinstance(code, str):
        return None
    message = told.get("message") or told.get("error_description") or ""
    fields = told.get("fields")
    return RowFault(
        code=code[:100],
        message=str(message)[:1_000],
        fields=tuple(str(name)[:100] for name in fields) if isinstance(fields, list) else (),
    )

"""Puts the package into an org, or takes it away again, by the Metadata API over REST.

Whoever does it needs the permission to change metadata; the user whom the sync works as should not have it. An org
that refuses one part takes none. Doing it again changes nothing, except that the package's own values are set again.
So a call whose outcome is not known is made again; the org then does the same twice, one after the other.

Sources: Metadata API Developer Guide, "Deploy Metadata with Apex Testing Using REST",
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_rest_deploy.htm ;
"Check the Status of Your Deployment Using REST Resources", .../api_meta/meta_rest_deploy_checkstatus.htm
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from mailwake.orgpackage.packing import package_zip, removal_zip
from mailwake.salesforce.faults import CallRefused, Cure, OrgMustAct, SalesforceAway, cure_of
from mailwake.salesforce.records import Org

#: how long a deployment is waited for; an org does one after the other, so it may stand in line
MOST_SECONDS = 1_800.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 5.0
_PATH = "metadata/deployRequest"

#: parts done so far and parts in all; 0 in all: not known yet
Progress = Callable[[int, int], None]
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One part that the org does not take."""

    #: such as Contact.Engagement_Score__c
    name: str
    #: such as CustomField
    kind: str
    #: in the org's words
    problem: str
    #: file and line in the zip, where it says
    place: str = ""

    def __str__(self) -> str:
        """One line."""
        named = f"{self.name} ({self.kind})" if self.kind else self.name
        return f"{named}: {self.problem}" + (f" [{self.place}]" if self.place else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where a deployment stands."""

    id: str
    #: Pending InProgress Succeeded SucceededPartial Failed Canceling Canceled
    status: str
    is_check: bool
    is_done: bool
    is_success: bool
    parts: int
    parts_done: int
    parts_refused: int
    #: why it failed as a whole
    message: str = ""
    refusals: tuple[Refusal, ...] = ()


def deploy(
    org: Org, *, check_only: bool = False, progress: Progress | None = None, sleep: Sleep = time.sleep
) -> Deployment:
    """Put the package into an org.

    Args:
        org: signed in as somebody who may change metadata.
        check_only: let the org say whether it would take it, and change nothing.
        progress: told after each look.
        sleep: waits so many seconds.

    Returns:
        The deployment when it has ended; look at `is_success`.

    Raises:
        SalesforceAway: no answer, or not done in time; then its id stands in the message.
        OrgMustAct: this user may not, or nothing goes at all.
    """
    return _watched(org, _begin(org, package_zip(), check_only=check_only), progress, sleep)


def undeploy(
    org: Org, *, check_only: bool = False, progress: Progress | None = None, sleep: Sleep = time.sleep
) -> Deployment:
    """Take the package out of an org again, with everything that stands in its fields and rows.

    What is not there is no error. Fields and rows lie in the org's own recycle bin for a while, as with any deletion.
    Arguments, result and errors as with `deploy`.
    """
    return _watched(org, _begin(org, removal_zip(), check_only=check_only), progress, sleep)


def look(org: Org, deployment: str) -> Deployment:
    """Where a deployment stands."""
    path = f"{_PATH}/{quote(deployment, safe='')}?includeDetails=true"
    return _deployment(org.wire.call("GET", path).json())


def _begin(org: Org, content: bytes, *, check_only: bool) -> Deployment:
    options = {"checkOnly": check_only, "rollbackOnError": True, "singlePackage": True, "ignoreWarnings": True}
    body, kind = multipart(json.dumps({"deployOptions": options}).encode(), content)
    try:
        answer = org.wire.call("POST", _PATH, content=body, headers={"Content-Type": kind})
    except CallRefused as fault:
        if cure_of(fault.code) is not Cure.HIDDEN:
            raise
        needed = "the permission 'Modify Metadata Through Metadata API Functions'"
        raise OrgMustAct(fault.code, f"this user may not change metadata; it takes {needed}") from None
    return _deployment(answer.json())


def _watched(org: Org, begun: Deployment, progress: Progress | None, sleep: Sleep) -> Deployment:
    """A deployment when it has ended."""
    now, waited, pause = begun, 0.0, _FIRST_PAUSE_SECONDS
    while not now.is_done:
        if waited > MOST_SECONDS:
            told = f"deployment {begun.id} is {now.status} after {waited:.0f} s; Setup shows how it goes on"
            raise SalesforceAway("timeout", told)
        sleep(pause)
        waited, pause = waited + pause, min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        now = look(org, begun.id)
        if progress is not None:
            progress(now.parts_done + now.parts_refused, now.parts)
    return now


def multipart(told: bytes, content: bytes) -> tuple[bytes, str]:
    """A body of two parts, options and zip, and its content type; the same for the same parts.

    Source: RFC 7578, RFC 2046 section 5.1.
    """
    mark = f"mailwake-{sha256(told + content).hexdigest()[:32]}"
    parts = (
        ('name="json"', "application/json", told),
        ('name="file"; filename="package.zip"', "application/zip", content),
    )
    body = b"".join(
        f"--{mark}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {kind}\r\n\r\n".encode() + part + b"\r\n"
        for name, kind, part in parts
    )
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _deployment(told: object) -> Deployment:
    found = told.get("deployResult") if isinstance(told, Mapping) else None
    known = told.get("id") if isinstance(told, Mapping) else None
    if not isinstance(known, str) or not isinstance(found, Mapping):
        raise SalesforceAway("cut_short", "an answer about a deployment without its id or result")
    details = found.get("details")
    rows = details.get("componentFailures") if isinstance(details, Mapping) else None
    listed = rows if isinstance(rows, list) else [rows]
    return Deployment(
        id=known,
        status=_word(found.get("status")) or "Pending",
        is_check=_is_true(found.get("checkOnly")),
        is_done=_is_true(found.get("done")),
        is_success=_is_true(found.get("success")),
        parts=_count(found.get("numberComponentsTotal")),
        parts_done=_count(found.get("numberComponentsDeployed")),
        parts_refused=_count(found.get("numberComponentErrors")),
        message=_word(found.get("errorMessage")),
        refusals=tuple(_refusal(row) for row in listed if isinstance(row, Mapping) and _is_refused(row)),
    )


def _is_refused(row: Mapping[str, Any]) -> bool:
    return row.get("problemType") != "Warning" and not _is_true(row.get("success"))


def _refusal(row: Mapping[str, Any]) -> Refusal:
    line = _word(row.get("lineNumber"))
    file = _word(row.get("fileName"))
    return Refusal(
        name=_word(row.get("fullName")) or file or "the package",
        kind=_word(row.get("componentType")),
        problem=_word(row.get("problem")) or "no reason given",
        place=f"{file}:{line}" if file and line else file,
    )


def _word(told: object) -> str:
    """A text of the org's on one line, short enough to print."""
    return "" if told is None else "".join(c if c.isprintable() else " " for c in str(told))[:500].strip()


def _is_true(told: object) -> bool:
    """The guide's examples show true and "true"."""
    return told is True or told == "true"


def _count(told: object) -> int:
    return int(told) if isinstance(told, int | str) and str(told).isdecimal() else 0

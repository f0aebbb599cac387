"""Metadata over REST: a zip of components is deployed, and the org has the objects, fields and permission sets in it.

Sources: https://developer.salesforce.com/docs/platform/api-metadata/guide/meta-rest-deploy.html,
https://developer.salesforce.com/docs/platform/api-metadata/references/result-objects/meta-deployresult.html
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from . import components
from .calls import Answer, Call, route
from .refusals import NotEmulated, Refused, not_found

_OPTIONS = {
    "allowMissingFiles", "autoUpdatePackage", "checkOnly", "ignoreWarnings", "performRetrieve", "purgeOnDelete",
    "rollbackOnError",
    "runTests", "singlePackage", "testLevel",
}  # fmt: skip
#: The name of the part in the documentation's example, and the one that jsforce and `sf` send to real orgs.
_OPTION_PARTS = ("json", "entity_content")
_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"


@dataclass
class Deployment:
    """One request: what was sent, and what came of it."""

    id: str
    options: dict[str, Any]
    content: bytes
    created_by: str
    created_at: str
    polls: int = 0
    is_done: bool = False
    successes: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def shown(self, call: Call, *, with_details: bool) -> dict[str, Any]:
        """The deployment as its resource tells it."""
        total = len(self.successes) + len(self.failures)
        status = (
            ("Failed" if self.failures else "Succeeded")
            if self.is_done
            else "Pending"
            if not self.polls
            else "InProgress"
        )
        told: dict[str, Any] = {
            "checkOnly": bool(self.options.get("checkOnly")),
            "ignoreWarnings": bool(self.options.get("ignoreWarnings")),
            "rollbackOnError": bool(self.options.get("rollbackOnError", True)), "status": status, "done": self.is_done,
            "success": self.is_done and not self.failures, "id": self.id, "createdBy": self.created_by,
            "createdDate": self.created_at,
            "numberComponentsDeployed": len(self.successes), "numberComponentsTotal": total,
            "numberComponentErrors": len(self.failures),
            "numberTestsCompleted": 0, "numberTestsTotal": 0, "numberTestErrors": 0, "runTestsEnabled": False,
        }  # fmt: skip
        if with_details:
            run = {
                "numTestsRun": 0,
                "numFailures": 0,
                "totalTime": 0.0,
                "successes": [],
                "failures": [],
                "codeCoverage": [],
            }
            told["details"] = {
                "componentSuccesses": self.successes,
                "componentFailures": self.failures,
                "runTestResult": run,
            }
        return {"id": self.id, "url": f"{call.base}{call.root}/metadata/deployRequest/{self.id}", "deployResult": told}


def _deploy(call: Call) -> Answer:
    parts = multipart(call.headers.get("content-type", ""), call.body)
    try:
        told = next(parts[name] for name in _OPTION_PARTS if name in parts)
        options = json.loads(told)["deployOptions"]
        content = parts["file"]
    except (KeyError, ValueError, StopIteration):
        raise Refused(
            "INVALID_INPUT", "a part named json with deployOptions, and a part named file, are needed"
        ) from None
    if strange := set(options) - _OPTIONS:
        raise NotEmulated(f"deploy options {', '.join(sorted(strange))}")
    if not call.user.is_admin and not any(
        "ModifyMetadata" in each.user_permissions for each in call.org.access.granted(call.user)
    ):
        raise Refused(
            "INSUFFICIENT_ACCESS", "insufficient access rights to deploy: Modify Metadata is needed", status=403
        )
    made = Deployment(call.org.numbering.next("0Af"), options, content, call.user.id, call.org.now())
    call.org.deployments[made.id] = made
    return Answer(201, made.shown(call, with_details=False) | {"deployOptions": options})


def multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    """The parts of a form by their names."""
    matched = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.startswith("multipart/form-data") or matched is None:
        raise Refused("INVALID_INPUT", "multipart/form-data is needed", status=415)
    found = {}
    for part in body.split(b"--" + matched[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        if name:
            found[name[1].decode()] = content.removesuffix(b"\r\n")
    return found


def _status(call: Call) -> Answer:
    made = call.org.deployments.get(call.groups[0])
    if made is None:
        raise not_found()
    made.polls += 1
    if made.polls > call.org.settings.bulk_polls and not made.is_done:
        _carry_out(call, made)
        made.is_done = True
    return Answer(body=made.shown(call, with_details=call.params.get("includeDetails", "").lower() == "true"))


def _carry_out(call: Call, made: Deployment) -> None:
    """Check everything first; change the org only when all is good and it was not a check."""
    try:
        files = unpacked(made.content)
        changes = [change for name, root in files for change in _read(name, root)]
    except components.BadComponent as bad:
        made.failures.append(_message(bad.component, bad.kind, bad.file, problem=str(bad)))
        return
    known = components.Known(call.org)
    for change in changes:
        try:
            change.check(known)
            made.successes.append(_message(change.name, change.kind, change.file))
        except components.BadComponent as bad:
            made.failures.append(_message(change.name, change.kind, change.file, problem=str(bad)))
    if made.failures or made.options.get("checkOnly"):
        return
    for change in changes:
        change.apply(call.org)
    call.org.schema.generation += 1
    call.org.store.refresh(call.org.schema.objects.values())
    call.org.access.changed()


def _read(name: str, root: ElementTree.Element) -> list[components.Change]:
    return components.read(name, root)


def unpacked(content: bytes) -> list[tuple[str, ElementTree.Element]]:
    """The XML files of a package, those that others depend on first.

    Raises:
        BadComponent: no zip, no package.xml, or a file that is no XML.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise components.BadComponent("package", "", "", "zip file is corrupt") from None
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if not any(name.rsplit("/", 1)[-1] == "package.xml" for name in names):
        raise components.BadComponent("package.xml", "", "package.xml", "No package.xml found")
    found = []
    for name in names:
        if name.endswith("package.xml"):
            continue
        try:
            root = ElementTree.fromstring(archive.read(name))  # noqa: S314 - from a test, over loopback
        except ElementTree.ParseError as error:
            raise components.BadComponent(name, "", name, f"Error parsing file: {error}") from None
        found.append((name, components.without_namespace(root, _NAMESPACE)))
    return sorted(found, key=lambda each: (components.rank(each[0]), each[0]))


def _message(name: str, kind: str, file: str, *, problem: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"fullName": name, "componentType": kind, "fileName": file, "success": problem is None,
        "changed": problem is None,
                            "created": problem is None, "deleted": False, "warning": False}  # fmt: skip
    return told | ({"problem": problem, "problemType": "Error"} if problem else {})


ROUTES = [
    route("POST", "/metadata/deployRequest", _deploy),
    route("GET", "/metadata/deployRequest/{}", _status, "includeDetails"),
]

"""The package as one zip file, in the form that orgs take; and the zip that takes it all away again.

What lies in files of their own in `package/` (a field, a list view) becomes part of its object's file.
Source: Metadata API Developer Guide, "Deploying and Retrieving Metadata with the Zip File",
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/file_based_zip_file.htm ;
"Deleting Components from an Organization", .../api_meta/meta_deploy_deleting_files.htm
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_OPEN = f'<?xml version="1.0" encoding="UTF-8"?>\n<{{}} xmlns="{NAMESPACE}">\n'
#: what is the same bytes every time is dated so, the earliest that a zip file can say
_DATE = (1980, 1, 1, 0, 0, 0)

#: folder below an object: tag in the object's file, and the type of each part
_PARTS = {
    "compactLayouts": ("compactLayouts", "CompactLayout"),
    "fields": ("fields", "CustomField"),
    "listViews": ("listViews", "ListView"),
    "validationRules": ("validationRules", "ValidationRule"),
}
#: folder: the type of each file, and how its name ends
_WHOLE = {
    "customMetadata": ("CustomMetadata", "md"),
    "layouts": ("Layout", "layout"),
    "permissionsets": ("PermissionSet", "permissionset"),
    "reportTypes": ("ReportType", "reportType"),
}
#: types that have to be named to be taken away; the others go with the object that they belong to
_REMOVED = ("CustomField", "CustomObject", "ListView", "PermissionSet", "ReportType")


def source() -> dict[str, bytes]:
    """The files of the package, by path below its source folder."""
    root = files(__package__).joinpath("package", "force-app", "main", "default")
    return dict(sorted(_below(root, "")))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(each, f"{path}{each.name}/")
        else:
            yield f"{path}{each.name}", each.read_bytes()


def version() -> str:
    """Of the API that the files are written in, such as 63.0."""
    project = files(__package__).joinpath("package", "sfdx-project.json").read_text(encoding="utf-8")
    return str(json.loads(project)["sourceApiVersion"])


def package_zip() -> bytes:
    """All of the package; the same bytes for the same package and compressor."""
    texts, members = _composed(source())
    return _zip({**texts, "package.xml": _manifest(members)})


def removal_zip() -> bytes:
    """Nothing to add, and everything of the package to take away."""
    _, members = _composed(source())
    own = set(members["CustomObject"])
    gone = {kind: [name for name in members[kind] if name.partition(".")[0] not in own] for kind in _REMOVED}
    gone["CustomObject"] = members["CustomObject"]
    return _zip({"package.xml": _manifest({}), "destructiveChanges.xml": _manifest(gone)})


def _composed(found: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, list[str]]]:
    """The files of the zip by path, and the names of what is in them by type."""
    texts: dict[str, bytes] = {}
    members: dict[str, list[str]] = {}
    objects: dict[str, list[tuple[str, bytes]]] = {}
    for path, content in found.items():
        folder, _, rest = path.partition("/")
        if folder == "objects":
            objects.setdefault(rest.partition("/")[0], []).append((rest, content))
            continue
        kind, ending = _WHOLE[folder]
        name = rest.removesuffix(f".{ending}-meta.xml")
        texts[f"{folder}/{name}.{ending}"] = content
        members.setdefault(kind, []).append(name)
    for name, parts in objects.items():
        texts[f"objects/{name}.object"] = _object(name, parts, members)
    return texts, members


def _object(name: str, parts: Iterable[tuple[str, bytes]], members: dict[str, list[str]]) -> bytes:
    """One object's file, put together; its parts are added to the names."""
    children: list[tuple[str, str, bytes]] = []
    for path, content in parts:
        _, _, rest = path.partition("/")
        folder, _, file = rest.rpartition("/")
        if not folder:
            members.setdefault("CustomObject", []).append(name)
            children += [(_tag(each), "", _text(each)) for each in _root(content)]
            continue
        tag, kind = _PARTS[folder]
        part = file.partition(".")[0]
        members.setdefault(kind, []).append(f"{name}.{part}")
        whole = _root(content)
        whole.tag = f"{{{NAMESPACE}}}{tag}"
        children.append((tag, part, _text(whole)))
    body = b"".join(text for _, _, text in sorted(children))
    return _OPEN.format("CustomObject").encode() + body + b"</CustomObject>\n"


def _root(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314 - files of our own package


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element) -> bytes:
    """An element and all below it, without saying its namespace again."""
    for each in element.iter():
        each.tag = _tag(each)
    element.tail = None
    ET.indent(element, "    ", level=1)
    return f"    {ET.tostring(element, encoding='unicode')}\n".encode()


def _manifest(members: Mapping[str, Iterable[str]]) -> bytes:
    """A list of names by type."""
    parts = [
        "    <types>\n"
        + "".join(f"        <members>{escape(name)}</members>\n" for name in sorted(names))
        + f"        <name>{kind}</name>\n    </types>\n"
        for kind, names in sorted(members.items())
    ]
    said = f"    <version>{version()}</version>\n"
    return (_OPEN.format("Package") + "".join(parts) + said + "</Package>\n").encode()


def _zip(texts: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(texts.items()):
            about = zipfile.ZipInfo(name, _DATE)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            archive.writestr(about, content)
    return made.getvalue()

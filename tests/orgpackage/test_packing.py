"""The zip that an org takes says the same as the source, and its list names all of it."""

import io
import zipfile
from collections import Counter

import pytest
from lxml import etree
from tests.orgpackage import schema

from mailwake.orgpackage import packing

NAMESPACES = {"m": schema.METADATA}


def opened(content: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def listed(content: bytes) -> dict[str, list[str]]:
    """Names by type, of a manifest."""
    root = etree.fromstring(content)
    return {
        kind.findtext("m:name", None, NAMESPACES) or "": [e.text or "" for e in kind.iterfind("m:members", NAMESPACES)]
        for kind in root.iterfind("m:types", NAMESPACES)
    }


def test_the_same_package_makes_the_same_bytes() -> None:
    assert packing.package_zip() == packing.package_zip()
    assert packing.removal_zip() == packing.removal_zip()


@pytest.mark.parametrize("made", [packing.package_zip, packing.removal_zip])
def test_salesforces_schema_takes_every_file_of_the_zip(made: object) -> None:
    assert callable(made)
    for name, content in opened(made()).items():
        assert schema.faults(content) == [], name


def test_every_part_of_the_source_is_in_the_zip_word_for_word() -> None:
    """Compared element by element, by another XML library than the one that put them together."""
    inside = Counter(
        _words(element) for content in opened(packing.package_zip()).values() for element in etree.fromstring(content)
    )
    for path, content in packing.source().items():
        root = etree.fromstring(content)
        if path.startswith("objects/") and not path.endswith("object-meta.xml"):
            assert inside[_words(root)], path
        else:
            assert all(inside[_words(element)] for element in root), path


def _words(element: "etree._Element") -> tuple[tuple[str, str], ...]:
    """Names and texts below an element, its own name aside."""
    below = [(etree.QName(each).localname, (each.text or "").strip()) for each in element.iter() if each is not element]
    return (((element.text or "").strip(), ""), *below)


def test_the_list_names_exactly_what_is_in_the_zip() -> None:
    files = opened(packing.package_zip())
    found: dict[str, list[str]] = {}
    parts = {"fields": "CustomField", "listViews": "ListView", "compactLayouts": "CompactLayout"}
    parts |= {"validationRules": "ValidationRule"}
    whole = {"permissionset": "PermissionSet", "reportType": "ReportType", "layout": "Layout", "md": "CustomMetadata"}
    for path, content in files.items():
        name, _, ending = path.rpartition("/")[2].rpartition(".")
        if ending in whole:
            found.setdefault(whole[ending], []).append(name)
        if ending == "object":
            root = etree.fromstring(content)
            if root.find("m:label", NAMESPACES) is not None:
                found.setdefault("CustomObject", []).append(name)
            for tag, kind in parts.items():
                named = [
                    each.findtext("m:fullName", None, NAMESPACES) for each in root.iterfind(f"m:{tag}", NAMESPACES)
                ]
                found.setdefault(kind, []).extend(f"{name}.{part}" for part in named)
    manifest = listed(files["package.xml"])
    assert {kind: sorted(names) for kind, names in found.items()} == manifest
    assert sum(map(len, manifest.values())) == len(packing.source()) == 90
    assert b"<version>63.0</version>" in files["package.xml"]


def test_taking_away_names_all_that_stays_when_our_own_objects_go() -> None:
    files = opened(packing.removal_zip())
    assert set(files) == {"package.xml", "destructiveChanges.xml"}
    assert listed(files["package.xml"]) == {}
    gone, put = listed(files["destructiveChanges.xml"]), listed(opened(packing.package_zip())["package.xml"])
    own = set(put["CustomObject"])
    assert gone["CustomObject"] == put["CustomObject"]
    for kind in ("CustomField", "ListView", "PermissionSet", "ReportType"):
        assert gone[kind] == [name for name in put[kind] if name.partition(".")[0] not in own]
    assert not any(name.partition(".")[0] in own for name in gone["CustomField"])
    # a standard object itself must never be in that list
    assert all("__" in name for name in gone["CustomObject"])

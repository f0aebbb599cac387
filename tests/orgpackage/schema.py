"""Salesforce's own schema of metadata files, as the wheel of simple-salesforce carries it (Metadata API 63.0)."""

from functools import cache
from importlib.metadata import files
from pathlib import Path

from lxml import etree

METADATA = "http://soap.sforce.com/2006/04/metadata"
XSD = "http://www.w3.org/2001/XMLSchema"
#: root elements of files; the schema has types for them and no elements
ROOTS = (
    "CompactLayout", "CustomField", "CustomMetadata", "CustomObject", "Layout", "ListView", "Package", "PermissionSet",
    "ReportType", "ValidationRule",
)  # fmt: skip


@cache
def schema() -> etree.XMLSchema:
    """The schema inside the WSDL, with an element for each root."""
    found = next(path for path in files("simple-salesforce") or [] if path.name == "metadata.wsdl")
    tree = etree.parse(str(found.locate()))
    inner = tree.getroot().find(f".//{{{XSD}}}schema")
    inner_schema = etree.fromstring(etree.tostring(inner))
    for name in ROOTS:
        element = etree.SubElement(inner_schema, f"{{{XSD}}}element")
        element.set("name", name)
        element.set("type", f"tns:{name}")
    return etree.XMLSchema(inner_schema)


def faults(content: bytes) -> list[str]:
    """What the schema says against a file; the platform does not mind the order of children, so neither do we."""
    root = etree.fromstring(content)
    _sort(root)
    checked = schema()
    checked.validate(root)
    return [f"{fault.line}: {fault.message}" for fault in checked.error_log]


def _sort(element: etree._Element) -> None:
    for each in element:
        _sort(each)
    element[:] = sorted(element, key=lambda each: (not each.tag.endswith("}fullName"), each.tag))


def package_folder() -> Path:
    """Where the source lies."""
    return Path(__file__).parents[2] / "src" / "mailwake" / "orgpackage" / "package"

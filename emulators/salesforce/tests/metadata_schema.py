"""J4: metadata is checked against the schema inside the WSDL that simple-salesforce carries."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from lxml import etree

METADATA = "http://soap.sforce.com/2006/04/metadata"
_XSD = "{http://www.w3.org/2001/XMLSchema}"


@cache
def _schema() -> Any:
    """The WSDL's own schema, with an element for each type that may be the root of a file."""
    text = (resources.files("simple_salesforce") / "metadata.wsdl").read_bytes()
    schema = etree.fromstring(text).find(f".//{_XSD}schema")
    for name in ("CustomObject", "PermissionSet", "ReportType", "Package", "CustomMetadata"):
        etree.SubElement(schema, f"{_XSD}element", name=name, type=f"tns:{name}")
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@cache
def _order(kind: str) -> tuple[str, ...]:
    text = (resources.files("simple_salesforce") / "metadata.wsdl").read_bytes()
    names: list[str] = []
    (found,) = etree.fromstring(text).findall(f".//{_XSD}complexType[@name='{kind}']")
    extended = found.find(f".//{_XSD}extension")
    if extended is not None:
        names += _order(extended.get("base").removeprefix("tns:"))
    return (*names, *(each.get("name") for each in found.iter(f"{_XSD}element")))


def enum(name: str) -> set[str]:
    """The values of an enumeration of the WSDL."""
    text = (resources.files("simple_salesforce") / "metadata.wsdl").read_bytes()
    return {
        each.get("value")
        for each in etree.fromstring(text).findall(f".//{_XSD}simpleType[@name='{name}']//{_XSD}enumeration")
    }


def problems(content: bytes) -> list[str]:
    """What the schema finds wrong with a file, whose children are sorted first: the platform takes any order."""
    root = etree.fromstring(content)
    order = {name: place for place, name in enumerate(_order(etree.QName(root).localname))}
    root[:] = sorted(root, key=lambda each: order.get(etree.QName(each).localname, 0))
    schema = _schema()
    return (
        []
        if schema.validate(etree.fromstring(etree.tostring(root)))
        else [str(each.message) for each in schema.error_log]
    )

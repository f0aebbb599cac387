"""Whose mail exchanger a host is, and whose network."""

import tomllib
from pathlib import Path

from tests.every import every

from mailwake.atlas.gateways import catalogue, gateway_of, operator_named

SOURCE = Path(__file__).parents[2] / "src" / "mailwake"


@every(
    ("hosts", "name"),
    [
        (["mx0a-00123401.pphosted.com"], "Proofpoint"),
        (["MX0A-00123401.PPHOSTED.COM."], "Proofpoint"),
        (["eu-smtp-inbound-1.mimecast.com"], "Mimecast"),
        (["d1.a.ess.barracudanetworks.com"], "Barracuda"),
        (["example-com.mail.protection.outlook.com"], "Microsoft"),
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "Google"),
        (["mx1.hc123.iphmx.com"], "Cisco Secure Email"),
        (["mx01.mail.icloud.com"], "Apple"),
        (["own.example", "cluster1.eu.messagelabs.com"], "Symantec"),
        (["notmimecast.com"], None),
        (["mimecast.com.evil.example"], None),
        (["", ".", "localhost", "a..b"], None),
        ([], None),
    ],
)
def test_a_host_belongs_to_the_end_of_its_name(hosts: list[str], name: str | None) -> None:
    assert gateway_of(hosts) == name


def test_every_row_has_a_source() -> None:
    tree = tomllib.loads((SOURCE / "atlas" / "gateways.toml").read_text(encoding="utf-8"))
    assert all(row["source"].startswith("https://") for row in tree["exchangers"])
    assert len({row["suffix"] for row in tree["exchangers"]}) == len(tree["exchangers"]) >= 15


def test_networks_are_those_that_the_judge_is_told_of() -> None:
    tree = tomllib.loads((SOURCE / "origins" / "tables" / "networks.toml").read_text(encoding="utf-8"))
    kinds = {asn: (group["name"], group["kind"]) for group in tree["operators"] for asn in group["asns"]}
    for asn, name in catalogue().networks.items():
        told, kind = kinds[asn]
        assert told.startswith(name)
        assert (name in catalogue().scanners) == (kind == "scanner")


def test_an_unknown_network_has_no_name() -> None:
    assert operator_named(64_500) is None
    assert operator_named(None) is None

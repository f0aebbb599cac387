"""SPF, held against the tests that implementers of RFC 7208 share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.every import every
from tests.preflight.letters import FakeNames

from mailwake.spf import check as spf
from mailwake.spf.check import Result
from mailwake.spf.names import NoAnswer, takes_mail
from mailwake.spf.record import Broken, read

HERE = "203.0.113.7"
#: Its licence stands beside it.
SUITE = Path("tests/data/spf/rfc7208-tests.yml")


@dataclass
class Zone:
    """A DNS out of the suite's records; SPF there stands for TXT where there is no TXT of its own."""

    records: dict[str, list[Any]]

    def found(self, name: str, kind: str) -> list[Any]:
        entries = self.records.get(name.lower().rstrip("."), [])
        told = [each for each in entries if isinstance(each, dict)]
        kinds = [kind] if kind != "TXT" or any("TXT" in each for each in told) else ["SPF"]
        values = [each[kind] for each in told for kind in kinds if kind in each]
        if "TIMEOUT" in entries and "NONE" in [*values, "NONE"][:1]:
            raise NoAnswer("Timeout")
        alias = next((each["CNAME"] for each in told if "CNAME" in each), None)
        if alias is not None:
            if alias.lower().rstrip(".") == name.lower().rstrip("."):
                raise NoAnswer("a loop")
            return self.found(alias, kind)
        return [each for each in values if each != "NONE"]

    def texts(self, name: str) -> Sequence[bytes]:
        pieces = [each if isinstance(each, list) else [each] for each in self.found(name, "TXT")]
        return ["".join(each).encode("latin-1") for each in pieces]

    def addresses(self, name: str) -> Sequence[str]:
        return [*self.found(name, "A"), *self.found(name, "AAAA")]

    def exchangers(self, name: str) -> Sequence[str]:
        return [host for _, host in self.found(name, "MX")]

    def pointers(self, name: str) -> Sequence[str]:
        return self.found(name, "PTR")


def cases() -> Iterator[Any]:
    for group in yaml.load_all(SUITE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        zone = Zone({str(name).lower(): entries for name, entries in group["zonedata"].items()})
        for name, case in group["tests"].items():
            yield pytest.param(zone, case, id=f"{group['description']}: {name}")


@every(("zone", "case"), [*cases()])
def test_a_record_says_what_the_shared_tests_say(zone: Zone, case: dict[str, Any]) -> None:
    sender = case["mailfrom"] or f"postmaster@{case['helo']}"
    try:
        answer = spf.check(sender, case["host"], zone, case["helo"])
        said = answer.result.value if answer.result else f"cannot say: {answer.detail}"
    except NoAnswer:
        said = "temperror"
    results = case["result"]
    assert said in (results if isinstance(results, list) else [results])


def test_a_macro_about_what_is_not_known_has_no_answer() -> None:
    names = FakeNames({"example.com": [b"v=spf1 exists:%{h}.example.net -all"]})
    answer = spf.check("ann@example.com", "203.0.113.7", names)
    assert answer.result is None
    assert "gives itself" in answer.detail


def test_without_an_address_what_depends_on_it_is_passed_over_and_the_rest_is_read() -> None:
    names = FakeNames({"example.com": [b"v=spf1 include:%{i}.example.net a:x.example.net include:gone.example -all"]})
    assert spf.check("ann@example.com", "", names).result is Result.PERMERROR


@pytest.mark.parametrize(
    "word", ["a:" + "a" * 60_000, "a:" + "1." * 30_000, "exists:" + "%{d}" * 15_000 + "!", "x=%" * 20_000]
)
def test_a_record_of_any_length_is_read_or_refused_at_once(word: str) -> None:
    with pytest.raises(Broken):
        read(f"v=spf1 {word}")


def spf_of(records: dict[str, str], address: str = HERE, /, **hosts: list[str]) -> spf.Answer:
    found = {name: [text.encode()] for name, text in records.items()}
    return spf.check(
        "example.com", address, FakeNames(found, {name.replace("_", "."): each for name, each in hosts.items()})
    )


@every(
    ("record", "expected"),
    [
        ("v=spf1 ip4:203.0.113.0/24 -all", Result.PASS),
        ("v=spf1 ip4:198.51.100.0/24 -all", Result.FAIL),
        ("v=spf1 ip4:198.51.100.0/24 ~all", Result.SOFTFAIL),
        ("v=spf1 ?all", Result.NEUTRAL),
        ("v=spf1", Result.NEUTRAL),
        ("v=spf1 ip6:2001:db8::/32 -all", Result.FAIL),
        ("v=spf1 -ip4:203.0.113.7 +all", Result.FAIL),
        ("v=spf1 a -all", Result.PASS),
        ("v=spf1 a/24 -all", Result.PASS),
        ("v=spf1 mx -all", Result.FAIL),
        ("v=spf1 include:other.example -all", Result.PASS),
        ("v=spf1 include:gone.example -all", Result.PERMERROR),
        ("v=spf1 redirect=other.example", Result.PASS),
        ("v=spf1 ip4:nonsense -all", Result.PERMERROR),
        ("v=spf1 nonsense:x -all", Result.PERMERROR),
        ("v=spf1 exists:%{i}.example -all", Result.FAIL),
        ("v=spf1 ptr -all", Result.FAIL),
        ("v=spf2 -all", Result.NONE),
    ],
)
def test_spf_says_what_rfc_7208_says(record: str, expected: Result | None) -> None:
    records = {"example.com": record, "other.example": "v=spf1 ip4:203.0.113.7 -all"}
    assert spf_of(records, example_com=[HERE]).result is expected


def test_records_that_ask_too_much_or_include_themselves_end() -> None:
    many = {"example.com": "v=spf1 " + " ".join(f"a:h{number}.example" for number in range(11)) + " -all"}
    assert spf_of(many, **{f"h{number}_example": ["198.51.100.1"] for number in range(11)}).result is Result.PERMERROR
    assert spf_of({"example.com": "v=spf1 include:example.com -all"}).result is Result.PERMERROR
    void = {"example.com": "v=spf1 a:x.example a:y.example a:z.example -all"}
    assert "do not exist" in spf_of(void).detail
    two = FakeNames({"example.com": [b"v=spf1 -all", b"v=spf1 +all"]})
    assert spf.check("example.com", HERE, two).result is Result.PERMERROR


def test_without_an_address_the_record_is_looked_at_all_the_same() -> None:
    assert spf_of({"example.com": "v=spf1 -all"}, "").result is None
    assert spf_of({"example.com": "v=spf1 nonsense -all"}, "").result is Result.PERMERROR


@every(
    "terms",
    [
        # RFC 7208 section 4.6: one fault anywhere, even behind the term that would have matched
        "ip4:203.0.113.7 foo:bar -all", "ip4:203.0.113.7 -all redirect=a.example redirect=b.example",
        "all redirect=", "+all:example.com", "include -all", "exists -all", "ip4:203.0.113.7 a/33", "a//129",
        "include:example.org/24", "ip4:2001:db8::/32 +all", "ip6:203.0.113.0/24 +all",
        "ip4:203.0.113.0/255.255.255.0 +all",
    ],
)  # fmt: skip
def test_a_record_with_one_broken_term_is_broken_whatever_stands_before_it(terms: str) -> None:
    assert spf_of({"example.com": f"v=spf1 {terms}"}).result is Result.PERMERROR


def test_redirect_counts_for_nothing_beside_all_even_where_no_address_is_known() -> None:
    record = {"example.com": "v=spf1 ip4:203.0.113.7 redirect=nowhere.example -all"}
    assert spf_of(record, "").detail == "the sending address is not known"
    assert spf_of(record, "198.51.100.1").result is Result.FAIL


def test_an_ipv4_address_in_the_form_of_ipv6_is_an_ipv4_address() -> None:
    assert spf_of({"example.com": "v=spf1 ip4:203.0.113.0/24 -all"}, f"::ffff:{HERE}").result is Result.PASS


def test_more_than_ten_mail_servers_are_too_many_to_look_up() -> None:
    hosts = {f"mx{number}_example_com": [HERE] for number in range(11)}
    names = [name.replace("_", ".") for name in hosts]
    record = {"example.com": "v=spf1 mx -all"}
    assert spf_of(record, **{"mx example.com": names[:10]}, **hosts).result is Result.PASS
    assert spf_of(record, **{"mx example.com": names}, **hosts).result is Result.PERMERROR


@every(
    ("record", "expected"),
    [
        (b"v=spf1 +all", True),
        (b"v=spf1 ip4:203.0.113.7 all", True),
        (b"v=spf1 -all", False),
        (b"v=spf1 ?all", False),
        (b"v=spf1 broken:", False),
        (b"v=spf2 all", False),
    ],
)
def test_a_record_that_passes_everybody_is_open(record: bytes, expected: bool) -> None:
    assert spf.is_open("example.com", FakeNames({"example.com": [record]})) is expected


def test_where_mail_for_a_domain_can_go() -> None:
    names = FakeNames(
        hosts={
            "mx a.example": ["mail.a.example"],
            "b.example": ["203.0.113.7"],
            "mx null.example": [""],
            "null.example": [HERE],
        }
    )
    found = {name: takes_mail(f"{name}.example", names) for name in ("a", "b", "null", "nowhere")}
    assert found == {"a": True, "b": True, "null": False, "nowhere": False}

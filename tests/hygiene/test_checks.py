"""A whole list: what is found where, how it is counted, and that nothing differs from what `send` would do."""

from collections.abc import Mapping

import pytest
from tests.hygiene.conftest import MAIL

from mailwake.events import Micros
from mailwake.hygiene import answers, checks
from mailwake.hygiene.answers import Hygiene
from mailwake.hygiene.checks import domains_of, look_through
from mailwake.hygiene.memory import Own
from mailwake.hygiene.typos import OFTEN, often
from mailwake.hygiene.words import KINDS
from mailwake.merge.people import parse_people
from mailwake.store.state import Exchangers, Route

TAKES = Exchangers(hosts=MAIL[0], looked_up_at=Micros(0), route=Route.EXCHANGERS)


def routed(route: Route) -> Exchangers:
    return Exchangers(hosts=(), looked_up_at=Micros(0), route=route)


def look(*addresses: str, own: Own | None = None, routes: dict[str, Exchangers] | None = None) -> Hygiene:
    listed = parse_people("\n".join(("email", *addresses)), name="people.csv")
    return look_through(listed, own or Own(), {**dict.fromkeys(domains_of(listed), TAKES), **(routes or {})})


def codes(told: Hygiene) -> dict[str, list[str]]:
    return {line.address: [found.code for found in line.findings] for line in told.lines}


def test_a_clean_list_is_fine() -> None:
    told = look("ann@example.com", "bob@example.org")
    assert (told.addresses, told.fine, told.lines, told.groups) == (2, 2, (), ())
    assert (told.domains, told.domains_known) == (2, 2)


def test_what_send_would_skip_is_named_with_its_fault() -> None:
    told = look("an..n@example.com", "ann@example.com", "ANN@example.com", '"""A B""@example.com"', "")
    assert codes(told) == {
        "an..n@example.com": ["syntax"],
        "ANN@example.com": ["duplicate"],
        '"A B"@example.com': ["syntax"],
    }
    assert "dot" in told.lines[0].findings[0].detail
    assert told.lines[1].findings[0].detail == "the same address as in line 3"
    assert "quotes" in told.lines[2].findings[0].detail
    assert (told.addresses, told.leave_out, told.fine) == (4, 3, 1)


def test_what_the_dns_says_is_told_by_its_weight() -> None:
    routes = {
        "gone.example": routed(Route.NO_DOMAIN),
        "null.example": routed(Route.REFUSED),
        "bare.example": routed(Route.NONE),
        "web.example": routed(Route.ADDRESS),
    }
    told = look("a@gone.example", "b@null.example", "c@bare.example", "d@web.example", "e@corp.example", routes=routes)
    assert codes(told) == {
        "a@gone.example": ["no_domain"],
        "b@null.example": ["refused"],
        "c@bare.example": ["no_server"],
        "d@web.example": ["address_only"],
    }
    assert (told.leave_out, told.look_at, told.fine) == (3, 0, 2)
    assert [group.code for group in told.groups] == ["no_domain", "refused", "no_server", "address_only"]


def test_a_domain_that_nobody_asked_for_is_not_called_good_or_bad() -> None:
    listed = parse_people("email\nann@example.com", name="people.csv")
    told = look_through(listed, Own(), {})
    assert codes(told) == {"ann@example.com": ["unanswered"]}
    assert (told.domains, told.domains_known, told.fine) == (1, 0, 1)


def test_a_mistyped_provider_is_suggested_and_never_changed() -> None:
    told = look("ann@gmial.com")
    found = told.lines[0].findings[0]
    assert (found.code, found.severity, found.suggestion) == ("typo", "look_at", "ann@gmail.com")
    assert told.lines[0].address == "ann@gmial.com"


def test_a_slip_of_the_lists_own_domain_is_seen_where_the_typed_one_takes_no_mail() -> None:
    many = [f"p{number}@contoso-works.example" for number in range(OFTEN)]
    slip = "ann@contoso-wroks.example"
    told = look(*many, slip, routes={"contoso-wroks.example": routed(Route.NO_DOMAIN)})
    assert codes(told) == {slip: ["typo", "no_domain"]}
    assert told.lines[0].findings[0].suggestion == "ann@contoso-works.example"
    assert codes(look(*many, slip)) == {}


def test_which_domains_the_list_uses_often_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each of a hundred thousand domains it takes ten minutes."""
    asked: list[int] = []

    def counted(counts: Mapping[str, int]) -> list[str]:
        asked.append(len(counts))
        return often(counts)

    monkeypatch.setattr(checks, "often", counted)
    look(*(f"ann@firm-{number}.example" for number in range(30)))
    assert asked == [30]


def test_names_that_are_no_person_and_mailboxes_that_do_not_last() -> None:
    told = look(
        "info@example.com", "No-Reply+x@example.com", "ann@mailinator.com", "ann@x.yopmail.com", "infona@example.com"
    )
    assert codes(told) == {
        "info@example.com": ["role"],
        "No-Reply+x@example.com": ["role"],
        "ann@mailinator.com": ["disposable"],
        "ann@x.yopmail.com": ["disposable"],
    }


def test_two_spellings_of_one_mailbox_are_seen_where_the_provider_says_so() -> None:
    told = look(
        "ann.b@gmail.com",
        "AnnB+news@googlemail.com",
        "a.b@example.com",
        "ab@example.com",
        "x+1@example.com",
        "x@example.com",
    )
    assert codes(told) == {"AnnB+news@googlemail.com": ["same_mailbox"]}
    assert told.lines[0].findings[0].detail == "line 2"


def test_what_is_remembered_is_told() -> None:
    own = Own(
        suppressed={"dead@example.com": "bounced"},
        refused={"full@example.com": (2, "mailbox_full")},
        catch_all=frozenset({"open.example"}),
    )
    told = look("dead@example.com", "full@example.com", "x@open.example", own=own)
    assert codes(told) == {
        "dead@example.com": ["suppressed"],
        "full@example.com": ["bouncing"],
        "x@open.example": ["catch_all"],
    }
    assert told.lines[1].findings[0].detail == "2 times, last: mailbox_full"


def test_every_address_is_counted_once_by_the_worst_found_at_it() -> None:
    own = Own(suppressed={"info@gmial.com": "bounced"})
    told = look("info@gmial.com", own=own)
    assert codes(told) == {"info@gmial.com": ["typo", "suppressed", "role"]}
    assert (told.leave_out, told.look_at, told.fine) == (1, 0, 0)
    assert [(group.code, group.addresses) for group in told.groups] == [("suppressed", 1), ("typo", 1), ("role", 1)]


def test_hostile_cells_come_to_no_harm() -> None:
    told = look("=cmd()@example.com", "\x1b[31m@example.com", "ann@" + "ü" * 60 + ".com", "a" * 5_000)
    assert {line.line for line in told.lines} == {2, 3, 4, 5}
    assert answers.to_json(told).endswith(b"\n")
    assert {row["code"] for row in answers.rows(told)} <= set(KINDS)


def test_addresses_hide_themselves() -> None:
    assert "gmial" not in repr(look("ann@gmial.com").lines[0])

"""What is visited, and what never is: nobody who got the mail makes these visits."""

import pytest
from tests.every import every

from mailwake.store.watch import Place
from mailwake.watchdog.targets import why_not, why_not_address

MARKETING = ("marketing",)


def place(href: str, *, role: str = "cta", stream: str = "marketing") -> Place:
    return Place(template=7, number=1, href=href, role=role, stream=stream)


@every(
    "href",
    [
        "https://shop.example.com/",
        "https://shop.example.com/spring-2026/new-arrivals?utm_source=newsletter&utm_campaign=spring-2026-week-47",
        "https://shop.example.com/dp/B08N5WRWNW",
        "https://shop.example.com/product/1234567890123",
        "https://example.com/blog/internationalisierungsstrategien",
        "http://example.com:8080/a;b=c",
    ],
)
def test_what_everybody_shares_is_visited(href: str) -> None:
    assert why_not(place(href), MARKETING) is None


@every(
    ("href", "why"),
    [
        ("https://example.com/unsubscribe?list=3", "acts"),
        ("https://example.com/email-opt-out", "acts"),
        ("https://example.com/abmelden", "acts"),
        ("https://example.com/Confirm/now", "acts"),
        ("https://example.com/?next=%2Freset%2Dpassword", "acts"),
        ("https://example.com/a?email=", "personal"),
        ("https://example.com/a?u=ann%40example.com", "personal"),
        ("https://example.com/hello/ann@example.com", "personal"),
        ("https://example.com/a?Token=x", "personal"),
        ("https://example.com/a?mc_eid=42", "personal"),
        ("https://example.com/m/7f3a9c1e5b2d8f60", "secret"),
        ("https://example.com/a?x=eyJhbGciOiJIUzI1NiJ9abcdef.eyJzdWIi", "secret"),
        ("https://example.com/6f9619ff-8b86-d011-b42d-00c04fc964ff", "secret"),
        ("https://example.com/a?n=12345678901234567", "secret"),
    ],
)
def test_what_may_be_somebodys_or_does_something_is_not(href: str, why: str) -> None:
    assert why_not_address(href) == why
    assert why_not(place(href), MARKETING) == why


@pytest.mark.parametrize("role", ["unsubscribe", "preferences", "decoy"])
def test_links_about_the_reader_are_not(role: str) -> None:
    assert why_not(place("https://example.com/", role=role), MARKETING) == "role"


def test_mail_of_other_streams_and_merge_fields_are_not() -> None:
    assert why_not(place("https://example.com/", stream="transactional"), MARKETING) == "stream"
    assert why_not(place("https://example.com/{{code}}"), MARKETING) == "address"
    assert why_not(place("mailto:ann@example.com"), MARKETING) == "address"

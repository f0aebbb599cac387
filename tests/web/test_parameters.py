"""The API refuses what it does not know, and names what it does."""

import pytest
from tests.every import every
from tests.web.conftest import Asking


@every(
    ("path", "told"),
    [
        ("/api/campaigns/1/people?limit=2", "there is no parameter 'limit' here; the nearest is 'page_size'"),
        ("/api/campaigns/1/people?page_sise=2", "there is no parameter 'page_sise' here; the nearest is 'page_size'"),
        (
            "/api/campaigns/1/people?outcome=opened&clint=Gmail",
            "there is no parameter 'clint' here; the nearest is 'cl",
        ),
        ("/api/campaigns?page=2", "there is no parameter 'page' here; this takes none"),
        ("/api/compare?c=1&c=2&zzz=1", "there is no parameter 'zzz' here; there are c, age, segment"),
        ("/api/timing?tz=Asia/Tokyo", "there is no parameter 'tz' here; this takes none"),
    ],
)
def test_a_parameter_that_there_is_not_is_refused_with_the_nearest(asking: Asking, path: str, told: str) -> None:
    answer = asking.get(path)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(told)


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/api/campaigns/1/people?page_size=2&client=Gmail&outcome=all", None),
        ("/api/campaigns/1/people?page_size=2", 2),
    ],
)
def test_what_is_known_is_answered(asking: Asking, path: str, lines: int | None) -> None:
    answer = asking.get(path)
    assert answer.status_code == 200
    assert lines is None or len(answer.json()["people"]) == lines


def test_a_page_takes_no_notice_of_what_others_added_to_its_address(asking: Asking) -> None:
    assert asking.get("/campaigns/1?utm_source=mail").status_code == 200

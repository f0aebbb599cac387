"""Which requests are acts: everything that may change something, and everything that shows people."""

import re
from pathlib import Path

from tests.every import every

from mailwake.audit.requests import CHANGES, READS, act_of
from mailwake.audit.words import RECIPIENT, Action

SOURCE = Path(__file__).parents[2] / "src" / "mailwake"
ROUTE = re.compile(r'@router\.(get|post|put|patch|delete)\(\s*(?:"([^"]+)"|(\w+\.)?PATH)')
#: words in a path that say that people are shown or data handed out
TELLING = re.compile(
    r"person|people|deliver(?:y|ies)/|handles|export|pack|snapshot|\.csv|/why|calls|/events|suppress|consent"
)
#: what a path of these shows are mailbox providers or counts, not people
NO_PEOPLE = {"/deliverability", "/api/deliverability", "/api/campaigns/{campaign}/deliverability"}


def routes() -> set[tuple[str, str]]:
    found = set()
    for path in (
        *sorted((SOURCE / "web").glob("*.py")),
        SOURCE / "trails" / "routes.py",
        *sorted((SOURCE / "signposts").glob("*.py")),
        SOURCE / "audit" / "routes.py",
    ):
        text = path.read_text(encoding="utf-8")
        own = re.search(r'^PATH = "([^"]+)"', text, re.MULTILINE)
        for method, literal, elsewhere in ROUTE.findall(text):
            place = literal or ("/calls" if elsewhere else own.group(1) if own else "")
            found.add((method.upper(), place))
    return found


def test_every_route_that_may_change_something_is_an_act_with_a_word_of_its_own() -> None:
    changing = {(method, path) for method, path in routes() if method != "GET"}
    assert len(changing) >= 15
    assert {(act.method, act.path) for act in CHANGES} == changing


def test_every_route_that_shows_people_or_hands_out_data_is_an_act() -> None:
    showing = {(method, path) for method, path in routes() if method == "GET" and TELLING.search(path)}
    assert len(showing) > 20
    assert showing - {("GET", path) for path in NO_PEOPLE} <= {(act.method, act.path) for act in READS}


def test_no_row_is_about_a_route_that_is_not_there() -> None:
    assert {(act.method, act.path) for act in CHANGES + READS} <= routes()


@every(
    ("path", "asked", "told"),
    [
        ("/suppressions", {"act": "lift", "address": "a@x"}, (Action.SUPPRESSION_LIFTED, RECIPIENT, "a@x")),
        ("/suppressions", {"act": "undo", "incident": "31"}, (Action.INCIDENT_UNDONE, "incident", "31")),
        ("/suppressions", {}, (Action.REQUEST_MADE, RECIPIENT, "")),
        ("/unsubscribes", {"restore": "8001"}, (Action.UNSUBSCRIBE_RESTORED, "unsubscribe", "8001")),
        ("/unsubscribes", {"apply": "8001"}, (Action.UNSUBSCRIBE_APPLIED, "unsubscribe", "8001")),
        ("/unsubscribes", {}, (Action.REQUEST_MADE, "unsubscribe", "")),
        ("/goals", {"act": "delete", "name": "sale"}, (Action.GOAL_DELETED, "goal", "sale")),
        ("/segments", {"act": "add", "name": "s"}, (Action.SEGMENT_ADDED, "segment", "s")),
        ("/experiments/One two", {"variant": "B"}, (Action.EXPERIMENT_DECIDED, "experiment", "One two")),
        ("/experiments/One", {"act": "delete"}, (Action.EXPERIMENT_DELETED, "experiment", "One")),
        ("/api/experiments/X/decide", {"name": "other"}, (Action.EXPERIMENT_DECIDED, "experiment", "X")),
        (
            "/links",
            {"act": "stop", "href": "https://a.example.com/"},
            (Action.LINK_STOPPED, "link", "https://a.example.com/"),
        ),
        ("/api/segments/delete", {"name": "s"}, (Action.SEGMENT_DELETED, "segment", "s")),
        ("/brand/new/thing/ann@example.com", {}, (Action.REQUEST_MADE, "path", "/brand/new")),
    ],
)
def test_what_is_sent_says_what_is_done_to_what(
    path: str, asked: dict[str, str], told: tuple[Action, str, str]
) -> None:
    found = act_of("POST", path)
    assert found is not None
    choose, parts = found
    assert choose({**asked, **parts}) == told


def test_pages_without_people_are_no_acts() -> None:
    for path in ("/", "/campaigns/1", "/status", "/health", "/api/campaigns", "/static/own.css", "/nothing"):
        assert act_of("GET", path) is None, path


def test_the_page_of_consent_shows_a_person_only_where_one_is_asked_for() -> None:
    found = act_of("GET", "/consent")
    assert found is not None
    assert found[0]({}) is None
    assert found[0]({"address": "ann@example.com"}) == (Action.PERSON_READ, RECIPIENT, "ann@example.com")


def test_asking_for_the_head_alone_is_reading_too() -> None:
    assert act_of("HEAD", "/person") is not None

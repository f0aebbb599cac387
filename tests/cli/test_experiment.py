"""`mailwake experiment` on one installation, from the plan to the rest of the list, without a dashboard."""

import json
import threading
import time
from collections.abc import Callable
from math import ceil

import pytest
from tests.conftest import Home
from tests.insight import seeding
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.earnings import keeper as goals
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.experiments.design import NoSuchExperiment, design_of, sent_of, variant_of
from mailwake.experiments.lists import kept_list, list_of
from mailwake.experiments.turns import Turns
from mailwake.trials.planner import always_valid_inflation, units_each

Run = Callable[..., str]
SUBJECTS = ("--subject", "Spring", "--subject", "Is it spring?")
PEOPLE = [f"reader{number}@example.com" for number in range(40)]


@pytest.fixture
def run(home: Home, as_it_was: None) -> Run:
    """Runs `mailwake experiment …` on the installation; gives what it printed."""
    (home.folder / "spring.html").write_text(
        '---\nfrom: News <news@example.com>\n---\n<p>Hi {{name}}, <a href="https://example.com/a">look</a></p>'
    )
    lines = "".join(f"{address},N{number}\n" for number, address in enumerate(PEOPLE))
    (home.folder / "people.csv").write_text(f"email,name\n{lines}")

    def run(*words: str) -> str:
        given = [str(home.folder / word) if word.endswith((".html", ".csv")) else word for word in words]
        asked = ["experiment", given[0], "--config", str(home.config), *given[1:]]
        done = CliRunner().invoke(build(("experiment",)), asked)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return run


def test_an_experiment_is_planned(run: Run) -> None:
    told = run("plan", "--people", "20000", "--baseline", "2", "--lift", "25", "--per-day", "1000").splitlines()
    assert told[0].startswith("from 2.00 % (as expected) to 2.50 %")
    each, once = ceil(units_each(0.02, 0.025) * always_valid_inflation()), ceil(units_each(0.02, 0.025))
    assert told[1] == f"  {each:,} copies of each of 2 variants, {2 * each:,} together"
    assert told[2] == f"  ({once:,} of each if you looked once, at the end, and never before)"
    assert told[3] == "  20,000 of 20,000 people are tested: it takes 3 mailings to such a list"
    assert told[4] == "  one mailing finds a rise to 2.84 % or more"
    assert told[5] == "  53 days at 1,000 copies a day"
    plan = json.loads(run("plan", "--json"))
    assert (plan["baseline"], plan["prior_weight"], plan["tested"]) == (0.02, 1.0, None)
    with pytest.raises(BadInput, match="percent"):
        run("plan", "--lift", "a fifth")


@pytest.mark.long
def test_the_tested_get_their_letter_and_the_rest_the_winner(home: Home, run: Run) -> None:
    """Also: nobody is mailed twice, and nobody changes the variant, however often it is run."""
    told = run("create", "Spring", "spring.html", *SUBJECTS, "--tested", "50", "--by", "ann")
    assert told == "Spring: A, B · 50 % are tested · `mailwake experiment send` mails it\n"
    assert run("status", "Spring").splitlines()[-1] == "Not sent yet."
    first = run("send", "Spring", "people.csv", "--rate", "100/s")
    assert first.endswith("the rest of the list waits for the winner\n")
    tested = {mail.recipients[0]: mail.content for mail in home.sink.mails}
    assert 8 <= len(tested) <= 32
    state = home.state()
    kept = state.experiment("Spring")
    assert kept is not None
    design, handles = design_of(kept), state.known_handles(PEOPLE)
    for address in PEOPLE:
        number = variant_of(kept, design, handles[address])
        assert (number is None) == (address not in tested)
        if number is not None:
            assert (b"Subject: Is it spring?" in tested[address]) == (number == 1)
    sent = sent_of(kept)
    assert sent is not None
    assert (sent.planned, sent.rate) == (len(tested), 100)
    assert len({*sent.templates, *sent.rest}) == 4
    assert len(state.templates(kept.campaign)) == 2
    run("send", "Spring")
    assert len(home.sink.mails) == len(tested)
    assert kept_list(home.folder / "data", kept).stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="there are A, B"):
        run("decide", "Spring", "C", "--why", "because")
    assert run("decide", "Spring", "B", "--why", "the offer ends").startswith("decided: B")
    with pytest.raises(BadInput, match="decided before"):
        run("decide", "Spring", "A", "--why", "no, A")
    the_role_mails_the_rest(home)
    rest = home.sink.mails[len(tested) :]
    assert {mail.recipients[0] for mail in rest} == set(PEOPLE) - set(tested)
    assert all(b"Subject: Is it spring?" in mail.content for mail in rest)
    assert not kept_list(home.folder / "data", kept).exists()
    run("send", "Spring", "people.csv")
    assert len(home.sink.mails) == len(PEOPLE)
    assert {row.id for row in state.templates(kept.campaign)} == {*sent.templates, sent.rest[1]}
    state.close()
    assert run("list").startswith("Spring: decided · Decided by ")


def the_role_mails_the_rest(home: Home) -> None:
    """As the role that runs the pipeline does it: by the command, in a process of its own."""
    settings = home.settings()
    stores = seeding.open_stores(settings.data_folder)
    turns = Turns(settings, stores.events, config=str(home.config), stop=threading.Event())
    turns.turn(stores, now=Micros(time.time_ns() // 1_000))
    seeding.close(stores)


def test_what_cannot_be_is_refused_with_what_to_write(home: Home, run: Run) -> None:
    (home.folder / "other.html").write_text("---\nfrom: news@example.org\n---\n<p>Hi</p>")
    for words, said in (
        (("One", "spring.html", "--subject", "Spring"), "2 to 8 variants"),
        (("Two", "spring.html", *SUBJECTS, "--weights", "90"), "2 variants"),
        (("Two", "spring.html", *SUBJECTS, "--variant", "A", "--variant", "A"), "same name"),
        (("Two", "spring.html", *SUBJECTS, "--metric", "raw"), "clicks, opens or conversions"),
        (("Two", "spring.html", *SUBJECTS, "--metric", "opens", "--role", "cta"), "opens and conversions have none"),
        (("Two", "spring.html", *SUBJECTS, "--otherwise", "Z"), "no variant 'Z'"),
        (("Two", "spring.html", *SUBJECTS, "--deadline", "soon"), "4h, 3d or 2w"),
        (("Two", "spring.html", *SUBJECTS, "--tested", "0"), "share"),
        (("../x", "spring.html", *SUBJECTS), "without /"),
        (("Two", "spring.html", "other.html", "--subject", "a", "--subject", "b", "--subject", "c"), "one for all"),
        (("Two", "spring.html", *SUBJECTS, "--subject", "x\ny"), "forge"),
    ):
        with pytest.raises(BadInput, match=said):
            run("create", *words)
    with pytest.raises(NoSuchExperiment, match="none yet"):
        run("status", "Two")
    run("create", "Two", "spring.html", "other.html", "--subject", "Both")
    with pytest.raises(BadInput, match="already"):
        run("create", "Two", "spring.html", *SUBJECTS)
    with pytest.raises(BadInput, match=r"senders news@example\.com, news@example\.org"):
        run("send", "Two", "people.csv")
    with pytest.raises(BadInput, match="no list kept"):
        run("send", "Two")
    assert not home.sink.mails


def test_a_draft_is_deleted_with_its_list_and_a_new_one_gets_none_of_it(home: Home, run: Run) -> None:
    run("create", "Draft", "spring.html", *SUBJECTS, "--tested", "50")
    state = home.state()
    kept = state.experiment("Draft")
    assert kept is not None
    list_of(kept, home.folder / "people.csv", home.folder / "data")
    assert kept_list(home.folder / "data", kept).exists()
    with pytest.raises(BadInput, match="send it first"):  # once decided it could never be deleted
        run("decide", "Draft", "A", "--why", "the first one")
    assert run("delete", "Draft") == "deleted\n"
    assert not kept_list(home.folder / "data", kept).exists()
    with pytest.raises(BadInput, match="no experiment 'Draft'"):
        run("delete", "Draft")
    kept_list(home.folder / "data", kept).write_text("email\nsomebody@example.com\n")
    run("create", "Next", "spring.html", *SUBJECTS, "--tested", "50")
    assert not kept_list(home.folder / "data", kept).exists() or state.experiment("Next").id != kept.id  # type: ignore[union-attr]


def test_a_goal_decides_only_where_conversions_do(home: Home, run: Run) -> None:
    with pytest.raises(BadInput, match="name it with --goal"):
        run("create", "Sells", "spring.html", *SUBJECTS, "--metric", "conversions")
    with pytest.raises(BadInput, match="name it with --goal"):
        run("plan", "--metric", "conversions")
    with pytest.raises(BadInput, match="there is no goal 'nope'; there are none yet"):
        run("plan", "--metric", "conversions", "--goal", "nope")
    with pytest.raises(BadInput, match="there is no goal 'purchase'; there are none yet"):
        run("create", "Sells", "spring.html", *SUBJECTS, "--metric", "conversions", "--goal", "purchase")
    goals.add(home.state(), "purchase", now=Micros(1), by="ann")
    run("create", "Sells", "spring.html", *SUBJECTS, "--metric", "conversions", "--goal", "purchase")
    assert "measure: Led to a goal, purchase" in run("status", "Sells")
    assert json.loads(run("plan", "--metric", "conversions", "--goal", "purchase", "--json"))["baseline"] == 0.005

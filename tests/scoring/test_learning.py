"""A learned model: the gate, the back-test on later leads, refusal where points do as well, and the table of leads."""

import random
from pathlib import Path

import pytest
from tests.insight import seeding
from tests.scoring.acts import act, ago

from mailwake.errors import BadInput
from mailwake.events import Class, EventType, Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.leads import learn_from, read_leads
from mailwake.scoring.learning import LOOK_DAYS, NAMES, Lead, learn, numbers
from mailwake.scoring.model import DAY, default_model
from mailwake.store.state import LinkRow

MODEL = default_model()
NOW = seeding.micros()
LINKS = (
    LinkRow(number=1, href="https://x.example/pricing", label="Pricing", role="cta", tracked=True),
    LinkRow(number=2, href="https://x.example/story", label="The story", role="text", tracked=True),
)


def world(stores: Stores, *, people: int, is_upside_down: bool) -> list[Lead]:
    """Leads of 380 days. Upside down: readers of stories buy, and lookers at prices do not, which no points know of."""
    draw = random.Random(4)
    mail = seeding.sending(stores, "Leads", links=LINKS)
    mail.people([f"lead{number}@example.com" for number in range(people)])
    leads = []
    for number in range(people):
        created = draw.uniform(-380, -1)
        clicks = [draw.random() < 0.3, draw.random() < 0.3]
        for link, clicked in enumerate(clicks, 1):
            if clicked:
                at = (created + draw.uniform(0, LOOK_DAYS)) * 86_400
                mail.add(EventType.CLICKED, number, at, link=link, role="text", p_human=0.95, klass=Class.HUMAN)
        mail.add(EventType.SENT, number, created * 86_400)
        speaks = clicks[1] if is_upside_down else clicks[0]
        converts = draw.random() < (0.6 if speaks else 0.1)
        converted_at = Micros(NOW + int((created + LOOK_DAYS + draw.uniform(1, 85)) * DAY)) if converts else None
        happened = converted_at is not None and converted_at <= NOW
        created_at = Micros(NOW + int(created * DAY))
        handle = Handle(mail._handles[number])
        leads.append(Lead(handle=handle, created_at=created_at, converted_at=converted_at if happened else None))
    mail.write()
    return leads


def test_below_the_gate_it_is_refused_with_the_numbers(stores: Stores) -> None:
    leads = [Lead(handle=Handle(n), created_at=Micros(NOW - DAY), converted_at=Micros(NOW)) for n in range(999)]
    told = learn(stores, leads, MODEL, now=NOW)
    assert (told.is_better, told.created, told.converted, told.auc_learned) == (False, 999, 999, None)
    assert told.why == "refused: 999 leads and 999 conversions in 200 days; it takes 1,000 and 120"
    old = [Lead(handle=Handle(n), created_at=Micros(NOW - 201 * DAY), converted_at=None) for n in range(5_000)]
    assert learn(stores, old, MODEL, now=NOW).created == 0


@pytest.mark.long
def test_it_is_better_where_people_do_what_the_points_do_not_know_and_refused_else(tmp_path: Path) -> None:
    for is_upside_down in (True, False):
        stores = seeding.open_stores(tmp_path / str(is_upside_down))
        told = learn(stores, world(stores, people=2_200, is_upside_down=is_upside_down), MODEL, now=NOW)
        assert told.tested > 300
        assert told.auc_learned is not None
        assert told.auc_points is not None
        assert told.is_better == is_upside_down, told.why
        slopes = {each.name: each.slope for each in told.coefficients}
        assert tuple(slopes) == NAMES
        if is_upside_down:
            assert told.auc_learned > told.auc_points + 0.03
            assert told.gain_low is not None
            assert told.gain_low > 0
            assert slopes["often clicked"] + slopes["lately clicked"] > 0.5
        else:
            assert "points stay" in told.why
            assert abs(told.auc_learned - told.auc_points) < 0.05
        seeding.close(stores)


def test_what_happened_after_the_look_is_not_seen(stores: Stores) -> None:
    """A click the day after the look tells everything, and nobody may be told by it."""
    mail = seeding.sending(stores, "Late", links=LINKS)
    mail.people([f"lead{number}@example.com" for number in range(1_500)])
    leads = []
    for number in range(1_500):
        created, buys = -110 - number % 80, number % 3 == 0
        if buys:
            mail.add(EventType.CLICKED, number, (created + LOOK_DAYS + 1) * 86_400, link=1, role="cta", p_human=1.0)
        converted_at = Micros(NOW + (created + LOOK_DAYS + 2) * DAY) if buys else None
        handle = Handle(mail._handles[number])
        leads.append(Lead(handle=handle, created_at=Micros(NOW + created * DAY), converted_at=converted_at))
    mail.write()
    told = learn(stores, leads, MODEL, now=NOW)
    assert (told.is_better, told.auc_learned, told.auc_points) == (False, 0.5, 0.5)


def test_numbers_are_how_often_and_how_lately() -> None:
    some = [act("clicked", 21, label="Pricing"), act("clicked", 42, label="Pricing"), act("sent", 1), act("sent", 2)]
    told = dict(zip(NAMES, numbers(some, MODEL, now=ago(0)), strict=True))
    assert told["often clicked_intent"] == pytest.approx(1.0986, abs=1e-4)
    assert told["lately clicked_intent"] == pytest.approx(0.5)
    assert told["often sent"] == told["often clicked_intent"]
    assert told["often replied"] == told["lately replied"] == 0


def test_a_table_is_read_and_refused_by_line(stores: Stores) -> None:
    stores.state.handles(["ann@example.com"], now=NOW)
    head = "email,created_at,converted_at\n"
    text = f"\ufeff{head}Ann@example.com,2026-01-02,2026-02-03T04:05:06+01:00\nbob@example.com,2026-01-02,\n"
    (lead,), unknown = read_leads(stores, text)
    assert unknown == 1
    assert lead.converted_at == 1_770_087_906_000_000
    assert learn_from(stores, text, MODEL, now=NOW).unknown == 1
    for body, said in (
        ("email,created_at\na@b.example,2026-01-02\n", "no column converted_at"),
        (f"{head}ann,2026-01-02,\n", "line 2: 'ann' is no address"),
        (f"{head}a@b.example,,\n", "line 2: created_at is empty"),
        (f"{head}a@b.example,2026-01-02,soon\n", "line 2: converted_at is 'soon'"),
        (f'{head}"a@b.example,2026-01-02,\n', "cannot be read"),
        ("", "no column email"),
    ):
        with pytest.raises(BadInput, match=said):
            read_leads(stores, body)

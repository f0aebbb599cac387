from collections.abc import Iterator

import pytest
from tests.insight import seeding

from mailwake.events import EventType, Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.store.state import LinkRow, Refusal

#: what spreadsheets and terminals must not obey
FORMULA = "=cmd|' /C calc'!A0 \"quoted\",\nsecond line"
NOW = seeding.micros(3 * 86_400)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Ten copies counted on the fingers, a crowd, and a campaign whose every word is a formula."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("exports"))
    seeding.by_hand(opened)
    seeding.crowd(opened, "Crowd", people=300)
    hostile = seeding.sending(
        opened,
        f"+{FORMULA}",
        links=(LinkRow(number=1, href=FORMULA, label=f"@{FORMULA}", role="cta", tracked=True),),
    )
    hostile.people(["=1+1@example.com"])
    hostile.add(EventType.SENT, 0, 0)
    hostile.add(EventType.BOUNCED, 0, 9, reason=FORMULA)
    bounce = hostile.rows[-1]
    hostile.write()
    handle = Handle(bounce.recipient or 0)
    refusal = Refusal(
        event=bounce.id, handle=handle, at=Micros(bounce.at), category="bad_mailbox", klass="hard",
        action="suppress_now", rule="status 5.1.1", quoted=FORMULA,
    )  # fmt: skip
    opened.state.put_refusals([refusal])
    opened.state.suppress(handle, reason="bounced", source="bounce", at=NOW)
    for number in range(5):
        some = opened.state.handles([f"gone{number}@example.com"], now=NOW)
        opened.state.suppress(next(iter(some.values())), reason="manual", source="api", at=Micros(NOW - number // 2))
    yield opened
    seeding.close(opened)

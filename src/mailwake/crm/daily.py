"""What an org is asked once a day: who shares an address and has a deal, and for how long rows are to stay."""

from __future__ import annotations

from collections.abc import Collection

from mailwake.crm.deals import HIDDEN, read_deals
from mailwake.crm.fields import SETTING, SETTING_NAME
from mailwake.events import Micros
from mailwake.salesforce import soql
from mailwake.salesforce.faults import CallRefused
from mailwake.salesforce.records import Org
from mailwake.store.crm import CrmStore

_DAY = 86_400_000_000
_ASKED, _RETENTION = "asked", "retention_days"


def ask(org: Org, store: CrmStore, touched: Collection[str], *, now: Micros) -> None:
    """Ask what is due; of those who changed it is asked at once who of them has a deal.

    Args:
        org: that is asked.
        store: where the answers are kept.
        touched: ids of people who changed.
        now: the time.
    """
    last = store.mark(_ASKED)
    is_due = last is None or not 0 <= now - last < _DAY
    if people := store.shared(None if is_due else touched):
        read_deals(org, store, people)
    if is_due:
        store.put_mark(_RETENTION, _retention_days(org) or 0)
        store.put_mark(_ASKED, now)


def row_days(store: CrmStore, own: int) -> int:
    """Days that rows of single copies stay: as the settings or as the org's people say, whichever is less."""
    theirs = store.mark(_RETENTION) or own
    return min(own, theirs)


def _retention_days(org: Org) -> int | None:
    """As the org's people set it; None: they did not, or it is hidden from us."""
    where = f"DeveloperName = {soql.quoted(SETTING_NAME)}"
    try:
        rows = list(org.query(soql.select(["Retention_Days__c"], SETTING, where)))
    except CallRefused as fault:
        if fault.code not in HIDDEN:
            raise
        return None
    told = rows[0]["Retention_Days__c"] if rows else None
    return int(told) if isinstance(told, int | float) and told >= 1 else None

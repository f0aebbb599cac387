"""Puts together what subject rights need, by the settings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from mailwake.crm.contacts import contacts_of
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.notifying.endpoints import endpoints_of
from mailwake.pushing.desk import open_desk
from mailwake.rights import told
from mailwake.rights.certificate import to_json as certificate_json
from mailwake.rights.erasing import Eraser, Org
from mailwake.rights.forgotten import Forgotten
from mailwake.rights.keeping import periods
from mailwake.rights.office import Doing, Office
from mailwake.rights.remembering import Remembering
from mailwake.scoring.desk import desk_of
from mailwake.settings import Settings
from mailwake.store.crm import CrmStore, open_crm
from mailwake.store.rights.ledger import RightsStore, open_rights

COUNT, ERASE, EXPORT = "count", "erase", "export"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """All of it."""

    settings: Settings
    stores: Stores
    rights: RightsStore
    crm: CrmStore | None
    forgotten: Forgotten
    eraser: Eraser

    def count(self, asked: Mapping[str, Any]) -> bytes:
        """What an erasure would concern."""
        return msgspec.json.encode(self.eraser.count(_handle(asked)))

    def erase(self, asked: Mapping[str, Any]) -> bytes:
        """Erase somebody; the certificate."""
        return certificate_json(self.eraser.erase(_handle(asked), by=str(asked["by"])))

    def export(self, asked: Mapping[str, Any]) -> bytes:
        """Everything that is known of somebody."""
        return told.to_json(told.told_of(self.around(), _handle(asked), now=Micros(_wall())))

    def around(self) -> told.Around:
        """What finding everything needs."""
        contacts = contacts_of(self.crm, self.settings.salesforce.login) if self.crm is not None else None
        return told.Around(
            stores=self.stores,
            rights=self.rights,
            desk=desk_of(self.settings, contacts),
            endpoints=endpoints_of(self.settings),
            periods=periods(self.settings),
        )

    def office(self, more: Mapping[str, Doing] | None = None) -> Office:
        """The thread of the process that owns the event store; ``more``: what else it does when asked."""
        return Office(
            rights=self.rights,
            data=self.settings.data_folder,
            doings={COUNT: self.count, ERASE: self.erase, EXPORT: self.export, **(more or {})},
            tend=self.eraser.tend,
            remembering=Remembering(
                state=self.stores.state,
                eraser=self.eraser,
                forgotten=self.forgotten,
                inert=self.settings.data_folder / "inert.bin",
                wall=_wall,
            ),
            wall=_wall,
        )


@contextmanager
def opened(settings: Settings, stores: Stores, *, org: Org | None = None, has_org: bool = True) -> Iterator[Opened]:
    """What subject rights need, over open stores, which stay their owner's.

    Args:
        settings: of the installation.
        stores: what is known.
        org: takes out of the org what was put there; None: as the settings say.
        has_org: False: whatever the settings say, the org is left alone.
    """
    path = settings.data_folder / "state.sqlite"
    with ExitStack() as stack:
        rights = open_rights(path)
        stack.callback(rights.close)
        crm = open_crm(path) if settings.salesforce.login and has_org else None
        if crm is not None:
            stack.callback(crm.close)
        forgotten = Forgotten(settings.path(settings.privacy.ledger))
        eraser = Eraser(
            state=stores.state,
            events=stores.events,
            rights=rights,
            data=settings.data_folder,
            forgotten=forgotten,
            log_days=settings.log.keep_days,
            wall=_wall,
            org=org or (_org(settings, stores, crm) if crm is not None else None),
        )
        yield Opened(
            settings=settings, stores=stores, rights=rights, crm=crm, forgotten=forgotten, eraser=eraser
        )  # fmt: skip


def _org(settings: Settings, stores: Stores, crm: CrmStore) -> Org:
    return lambda places: open_desk(settings, stores.state, stores.events, crm).forget(places)


def _handle(asked: Mapping[str, Any]) -> Handle:
    return Handle(int(asked["handle"]))


def _wall() -> int:
    return time.time_ns() // 1_000

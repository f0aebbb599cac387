"""Facts about deliveries, and the questions asked of them.

An `EventRow` is one event with its evidence and its verdict. Events of an unsettled delivery stand in a small table
that may be rewritten; settled ones are never touched again; reports read both through one view, ``events``. A question
is one file of SQL in ``questions``, the same for every engine. Times are microseconds since 1970, UTC, as integers, in
and out; ids and keyed hashes are integers from 0 to 2**63 - 1.

`open_events` gives the embedded engine, DuckDB. One process owns the file; others ask that process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from mailwake.events import (
    AgentKind,
    CampaignId,
    Class,
    DeliveryId,
    EventType,
    Handle,
    Micros,
    NetworkKind,
    Note,
    Source,
    TemplateId,
)

if TYPE_CHECKING:
    from mailwake.store.events.choosing import Choice


class EventRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event, its evidence and its verdict as it stands. `None` means not known, or not allowed to be."""

    #: deterministic (`mailwake.events.event_id`), so that the same fact is stored once
    id: int
    type: EventType
    #: when it happened
    at: Micros
    #: when we learned of it
    received_at: Micros
    source: Source
    campaign: CampaignId | None = None
    template: TemplateId | None = None
    delivery: DeliveryId | None = None
    recipient: Handle | None = None
    #: number of the link in the template, from 1
    link: int | None = None
    #: role of that link (cta, unsubscribe, ...); clicks on unsubscribe, preferences and decoy links are not counted
    role: str | None = None
    note: Note = Note.NONE
    #: both modes in a byte, as sealed (`Modes.to_byte`)
    modes: int = 0
    #: how many links the message has
    links: int | None = None
    #: marketing, transactional or outbound
    stream: str = "marketing"
    #: domain of the recipient's address, or a keyed stand-in for it
    domain: str | None = None
    #: keyed hash of the /24 (IPv4) or /48 (IPv6)
    network: int | None = None
    network_kind: NetworkKind = NetworkKind.UNKNOWN
    asn: int | None = None
    #: ISO 3166-1 alpha-2
    country: str | None = None
    #: keyed hash of the raw user agent
    agent: int | None = None
    agent_kind: AgentKind = AgentKind.UNKNOWN
    #: family of the mail client or browser
    client: str | None = None
    #: desktop, mobile or tablet
    device: str | None = None
    #: bits of `mailwake.events.Flag`
    flags: int = 0
    #: words of the other side, cut to 200 characters by the store
    reason: str = ""
    message_bytes: int | None = None
    #: probability of a person, 0-1; None: cannot say, or not judged
    p_human: float | None = None
    #: None: an event of a kind that is not judged
    klass: Class | None = None
    #: the verdict's reasons as JSON, [[code, weight, fact], ...]
    reasons: str = ""
    #: content hash of the rules
    ruleset: str = ""
    #: True: goes straight to the settled table and is never judged again
    settled: bool = False


class Judgement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A verdict that replaces the one of a provisional event; of a settled one it changes nothing."""

    #: the event's id
    id: int
    p_human: float | None
    klass: Class | None
    #: as in `EventRow.reasons`
    reasons: str
    ruleset: str
    #: True: moves every provisional event of the same delivery to the settled table
    settled: bool
    #: id of the event that changed the verdict; None: it settled, or other rules came into force
    cause: int | None = None
    #: when it changed
    changed_at: Micros = Micros(0)


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stored verdict gave way to another."""

    #: the event's id
    event: int
    delivery: DeliveryId | None
    #: 1, 2, ... for each event
    seq: int
    changed_at: Micros
    #: P(human) before, 0-1; None: could not say
    old_p: float | None
    old_klass: Class | None
    new_p: float | None
    new_klass: Class | None
    #: id of the event that changed it; None: it settled, other rules came into force, or it was judged again
    cause: int | None
    #: that the new verdict was made with
    ruleset: str


class CounterRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Mode `aggregate`: so many hits in one hour, and nothing about who."""

    campaign: CampaignId
    template: TemplateId
    #: number of the link; 0 where there is none
    link: int
    #: start of the hour
    hour: Micros
    type: EventType
    n: int


class TakenRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """So many records of one writer of the log had this end."""

    #: of the log
    writer: str
    #: the pipeline's word for what became of them
    term: str
    n: int


class Cut(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A recipient withdrew: per axis, what they did between two times is cut off them. None: not on that axis."""

    recipient: Handle
    opens_until: Micros | None = None
    clicks_until: Micros | None = None
    opens_from: Micros = Micros(0)
    clicks_from: Micros = Micros(0)


class Cuts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What follows from withdrawals for what is stored."""

    people: Sequence[Cut] = ()
    #: number of the last line of the consent ledger that was followed; None: as before
    line: int | None = None
    #: True: the events go; False: they stay, cut off the person
    erase: bool = False


class EventStore(Protocol):
    """What an engine does. One thread writes at a time; any number of threads ask."""

    def write(
        self,
        *,
        rows: Sequence[EventRow] = (),
        rejudged: Sequence[Judgement] = (),
        counters: Sequence[CounterRow] = (),
        taken: Sequence[TakenRow] = (),
        cursors: Mapping[str, int] | None = None,
        settle_before: Micros | None = None,
        cuts: Cuts | None = None,
    ) -> int:
        """Take all of it in, or nothing, in one transaction.

        Because the cursors are part of the transaction, what was read from the log after them is stored exactly once.
        A row whose id is there already is ignored. Rows are inserted first, verdicts replaced next, settled ones moved
        last. A verdict that replaces a different one is noted as a change, see the question ``verdict_changes``.

        Args:
            rows: new events.
            rejudged: verdicts that became new or different.
            counters: added to what was counted before.
            taken: what became of the records up to the cursors; added to what was counted before.
            cursors: writer of the log to the number of the last segment that is part of this.
            settle_before: provisional events move too when their delivery has none that happened at or after this
                time, whatever their verdict; so that deliveries nobody judges settle as well.
            cuts: people who withdrew; done last. Their opens and clicks lose recipient, networks' and programs' hashes,
                and the number of the copy, so that totals of campaigns stay; their copies leave the base of those
                rates, because nobody can say any more what became of them.

        Returns:
            How many of the rows were new.

        Raises:
            Unavailable: nothing was stored; try again.
        """
        ...

    def stage(self, verdicts: Sequence[Judgement]) -> None:
        """Lay verdicts ready for `swap`, beside those laid ready before; nothing that is asked changes."""
        ...

    def swap(self, *, ruleset: str, at: Micros) -> int:
        """Put the staged verdicts in place, of settled events too, in one transaction; keeps the former ones.

        Each change is noted, see the question ``verdict_changes``; that it was done, see ``swaps``.

        Args:
            ruleset: that is in force from now on.
            at: the time now.

        Returns:
            How many verdicts were put in place.

        Raises:
            Unavailable: nothing was changed.
        """
        ...

    def roll_back(self, *, at: Micros) -> int:
        """Put the verdicts back that the last `swap` replaced, and its former ruleset into force, in one transaction.

        What was judged since keeps its verdict.

        Returns:
            How many verdicts were put back.

        Raises:
            BadInput: the last swap was rolled back already, or there was none.
            Unavailable: nothing was changed.
        """
        ...

    def forget_news(self, until: int) -> None:
        """Forget what everybody was told, up to a number; see the question ``news``.

        Raises:
            Unavailable: nothing was changed.
        """
        ...

    def erase(self, recipient: Handle) -> int:
        """Cut what happened to one person's copies loose from them, in one transaction; how many events that were.

        Sums by campaign stay as they are. The handle is gone, the copies have other numbers, and what could find a
        person goes: network, programs, private domains, words of servers, facts of verdicts.

        Raises:
            Unavailable: nothing was changed.
        """
        ...

    def copy_to(self, path: Path) -> dict[str, int]:
        """Write all of it as of one moment to a new file, while others read and write; the cursors of that moment.

        Args:
            path: of the file, which must not be there yet.

        Raises:
            Unavailable: there is no room, or the store does not answer.
        """
        ...

    def forget_old(self, before: Micros, *, at: Micros) -> int:
        """Remove every copy of which anything happened before a time, with all that happened to it, in one transaction.

        What the copies amount to, by campaign, is kept in the same transaction: see the questions ``outdated``, which
        tells it beforehand, and ``rolled``, which tells it ever after.

        Args:
            before: microseconds.
            at: the time now.

        Returns:
            How many rows were removed.

        Raises:
            Unavailable: nothing was changed.
        """
        ...

    def cursors(self) -> dict[str, int]:
        """Writer to the number of the last segment stored."""
        ...

    def cut_line(self) -> int:
        """Number of the last line of the consent ledger that `write` followed; 0: none was."""
        ...

    def taken(self) -> dict[str, dict[str, int]]:
        """Writer to what became of its records, as far as the cursors go: the sums of all `TakenRow`."""
        ...

    def provisional(self) -> list[EventRow]:
        """Every event that may still be judged again, in order of time: what a judge needs to take up its work."""
        ...

    def ask(self, question: str, **parameters: int | str) -> list[dict[str, Any]]:
        """The answer to a question, one dict per row; numbers, texts and None only.

        Args:
            question: name of a file in ``questions``, without ``.sql``; its head tells parameters and columns.
            parameters: exactly those that the file names.

        Raises:
            BadInput: there is no such question, or the parameters are not its own.
            Unavailable: the store does not answer.
        """
        ...

    def stream(self, question: str, *, batch: int, **parameters: int | str) -> Iterator[list[dict[str, Any]]]:
        """The answer to a question of any length, as of one moment, so many rows at a time.

        Args:
            question: as in `ask`.
            batch: rows that are in memory at once.
            parameters: as in `ask`.

        Raises:
            BadInput: as in `ask`.
            Unavailable: the store does not answer.
        """
        ...

    def among(self, handles: Iterable[Handle]) -> EventStore:
        """The same store, of which every question reads only what happened to copies sent to these recipients.

        Hits that are only counted (mode `aggregate`) belong to nobody and are told as ever.
        """
        ...

    def choose(self, frame: str, choice: Choice, **parameters: int | str) -> list[dict[str, Any]]:
        """The people of a choice, or how many they are.

        Args:
            frame: people or size, files in ``choosing``; their heads tell parameters and columns.
            choice: whom.
            parameters: exactly those that the frame names.

        Raises:
            BadInput: a parameter, of the frame or of a piece, is missing, unknown or of another kind.
            Unavailable: the store does not answer.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


def open_events(
    path: Path | str,
    *,
    read_only: bool = False,
    memory_limit: str = "512MB",
    threads: int = 2,
    news: bool = False,
) -> EventStore:
    """The embedded event store, created where there is none, and brought to the newest schema.

    Args:
        path: the DuckDB file, ``<data>/events.duckdb``.
        read_only: for a process that only asks; does not create anything.
        memory_limit: what DuckDB may use before it spills to disk.
        threads: how many of its own.
        news: note what others have to be told of; somebody has to tell it, and to call `EventStore.forget_news`.

    Raises:
        Unavailable: another process owns the file, there is none to read, or it was made by a newer Mailwake.
    """
    from mailwake.store.events.duckdb import open_duckdb

    return open_duckdb(Path(path), read_only=read_only, memory_limit=memory_limit, threads=threads, news=news)

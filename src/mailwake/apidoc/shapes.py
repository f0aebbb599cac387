"""The shape of those answers of the API that no room declares as a type of its own, for its description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from mailwake.bulletins.standing import ReportStanding
from mailwake.comparing.best_hours import PersonHour
from mailwake.earnings.answers import GoalAnswer
from mailwake.monitoring.backlog import Pace
from mailwake.monitoring.conservation import State, Sum
from mailwake.monitoring.disk import Disk
from mailwake.monitoring.log import Sequence
from mailwake.monitoring.status import Freshness
from mailwake.notifying.standing import EndpointStanding
from mailwake.people.person import Person
from mailwake.scoring.answers import ScoreAnswer
from mailwake.segments.answers import SegmentAnswer


class Fault(TypedDict):
    """What to do."""

    error: str


class HealthAnswer(TypedDict):
    """The stores answer."""

    status: str


class RoleTold(TypedDict):
    """One role."""

    name: str
    is_ready: bool | None
    ready_at: datetime | None
    restarts: int | None
    freshness: Freshness
    report_age_seconds: float | None


class SumTold(TypedDict):
    """One sum that must hold."""

    kind: Sum
    name: str
    equation: str
    state: State
    left: int
    right: dict[str, int]
    difference: int


class LogTold(TypedDict):
    """The log."""

    bytes: int
    oldest_at: datetime | None
    sequences: list[Sequence]
    damaged: int


class ReaderTold(TypedDict):
    """One reader of the log."""

    reader: str
    records: int
    bytes: int
    since: datetime | None
    passed_at: datetime | None
    pace: Pace


class StatusAnswer(TypedDict):
    """What an installation says of itself."""

    at: datetime
    ready: bool
    problems: list[str]
    decisions: list[str]
    roles: list[RoleTold]
    sums: list[SumTold]
    log: LogTold
    readers: list[ReaderTold]
    disk: Disk


class NotificationsAnswer(TypedDict):
    """Who is told what happens, and who gets reports by mail."""

    endpoints: list[EndpointStanding]
    reports: list[ReportStanding]


class SuppressionTold(TypedDict):
    """One suppression."""

    address: str | None
    reason: str
    category: str | None
    rule: str | None
    quoted: str | None
    days: int | None
    stream: str | None
    campaign: str | None
    source: str
    by: str | None
    at: datetime
    expires_at: datetime | None
    event: str | None
    incident: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_why: str | None


class SuppressionsPage(TypedDict):
    """Some of what holds."""

    counts: dict[str, int]
    page: int
    page_size: int
    total: int
    suppressions: list[SuppressionTold]
    next: str | None


class AddressAnswer(TypedDict):
    """All that ever held against an address."""

    address: str
    holds: bool
    suppressions: list[SuppressionTold]


class Added(TypedDict):
    """How many are new."""

    added: int


class ConsentWritten(TypedDict):
    """Whether it is new, or was known to the second."""

    new: int
    known: int


class ConsentLost(TypedDict):
    """A statement that does not count."""

    #: in the list, from 1
    number: int
    email: str
    why: str


class ConsentsWritten(TypedDict):
    """How many are new, how many were known, and what does not count."""

    new: int
    known: int
    lost: list[ConsentLost]


class LiftedAnswer(TypedDict):
    """How many were taken back, and what stays."""

    lifted: int
    stays: list[str]


class IncidentTold(TypedDict):
    """One incident."""

    id: str
    kind: str
    place: str | None
    category: str | None
    opened_at: datetime
    last_at: datetime
    count: int
    quoted: str
    closed_at: datetime | None
    closed_by: str | None
    why: str | None


class Incidents(TypedDict):
    """Incidents."""

    incidents: list[IncidentTold]


class SegmentsAnswer(TypedDict):
    """All segments."""

    segments: list[SegmentAnswer]


class SegmentPeople(TypedDict):
    """Some of a segment's people."""

    name: str
    page: int
    page_size: int
    total: int
    people: list[str | None]
    next: str | None


class Handles(TypedDict):
    """People as handles."""

    handles: list[str]


class Deleted(TypedDict):
    """How many were forgotten."""

    deleted: int


class Suggestion(TypedDict):
    """What may come next."""

    text: str
    meaning: str
    start: int
    query: str


class Suggestions(TypedDict):
    """What may come next in a query."""

    next: list[Suggestion]


class GoalsAnswer(TypedDict):
    """All goals, by name."""

    goals: list[GoalAnswer]


class HourAnswer(TypedDict):
    """The best hour of one recipient."""

    address: str
    best: PersonHour


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredPerson(Person):
    """One recipient, with the score."""

    score: ScoreAnswer

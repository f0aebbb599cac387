"""The words of the audit log: who acts, what they do, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What sort of actor did something."""

    #: somebody who logged in
    USER = "user"
    #: a program with an API key
    KEY = "key"
    #: somebody at the command line, by the name that the system knows them by
    COMMAND_LINE = "command line"
    #: the installation itself
    SYSTEM = "system"
    #: whoever reached the dashboard; nobody asked who they are
    UNNAMED = "unnamed"


class Outcome(StrEnum):
    """How it ended."""

    #: it was done
    OK = "ok"
    #: it was not allowed
    DENIED = "denied"
    #: it could not be done
    FAILED = "failed"


class Action(StrEnum):
    """What was done; a read is one where it shows people."""

    #: the page, copy, verdicts or score of one person
    PERSON_READ = "person.read"
    #: a list with addresses or handles
    PEOPLE_LISTED = "people.listed"
    #: data left as a file or a stream
    EXPORT_MADE = "export.made"
    #: a campaign was mailed to a list, or went on
    MAIL_SENT = "mail.sent"
    #: everything that is known of one person was told, or let go of
    PERSON_TOLD = "person.told"
    PERSON_ERASED = "person.erased"
    #: nothing is recorded of anybody any more, or again
    RECORDING_STOPPED = "recording.stopped"
    RECORDING_RESUMED = "recording.resumed"
    #: a key that seals links was added
    KEY_ADDED = "key.added"
    #: all of the installation was copied, or put back from a copy
    BACKUP_TAKEN = "backup.taken"
    BACKUP_RESTORED = "backup.restored"
    #: an endpoint of webhooks is told again what it did not take, or at all
    WEBHOOK_RETRIED = "webhook.retried"
    WEBHOOK_ENABLED = "webhook.enabled"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_LIFTED = "suppression.lifted"
    SUPPRESSIONS_IMPORTED = "suppressions.imported"
    INCIDENT_UNDONE = "incident.undone"
    INCIDENT_APPLIED = "incident.applied"
    INCIDENT_CLOSED = "incident.closed"
    UNSUBSCRIBE_RESTORED = "unsubscribe.restored"
    UNSUBSCRIBE_APPLIED = "unsubscribe.applied"
    CONSENT_SET = "consent.set"
    CONSENTS_IMPORTED = "consents.imported"
    #: a text that people agree to was kept
    CONSENT_TEXT_ADDED = "consent_text.added"
    GOAL_ADDED = "goal.added"
    GOAL_DELETED = "goal.deleted"
    GOAL_REACHED = "goal.reached"
    EXPERIMENT_ADDED = "experiment.added"
    EXPERIMENT_DECIDED = "experiment.decided"
    EXPERIMENT_DELETED = "experiment.deleted"
    SEGMENT_ADDED = "segment.added"
    SEGMENT_DELETED = "segment.deleted"
    #: what was older than it may be kept
    OUTDATED_REMOVED = "outdated.removed"
    LINK_REPLACED = "link.replaced"
    LINK_STOPPED = "link.stopped"
    LINK_RESTORED = "link.restored"
    #: by which model people are scored
    SCORE_CHOSEN = "score.chosen"
    SALESFORCE_PUSHED = "salesforce.pushed"
    SALESFORCE_UNDONE = "salesforce.undone"
    SALESFORCE_DEPLOYED = "salesforce.deployed"
    SALESFORCE_REMOVED = "salesforce.removed"
    #: what it refused is wished again, or it is compared and mended
    SALESFORCE_REPAIRED = "salesforce.repaired"
    SALESFORCE_LINKED = "salesforce.linked"
    #: a rule was let loose on what happened before
    WORKFLOW_RUN = "workflow.run"
    WORKFLOW_SWITCHED = "workflow.switched"
    REPLAY_APPLIED = "replay.applied"
    REPLAY_ROLLED_BACK = "replay.rolled_back"
    #: policy fields of the settings differ from those of the start before
    SETTINGS_CHANGED = "settings.changed"
    LOGIN_DONE = "login.done"
    #: lines of this log left as a file
    AUDIT_EXPORTED = "audit.exported"
    #: lines older than their time were let go of
    AUDIT_CUT = "audit.cut"
    #: so many refused requests came at once that not each got a line
    AUDIT_OVERFLOWED = "audit.overflowed"
    #: a request that may change something and has no word of its own here
    REQUEST_MADE = "request.made"


#: kind of an object that is named by its handle, never by its address
RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something."""

    kind: ActorKind
    #: login, name of a key, user of the system, or the part of the installation
    name: str
    #: for whom, where they said so
    on_behalf: str | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """What it was done to."""

    #: recipient, campaign, segment, goal, incident, …
    kind: str
    #: a name, a number, or of a recipient the handle; empty: it is not known, or there is none
    name: str = ""


NOBODY_ASKED = Actor(ActorKind.UNNAMED, "dashboard")
EVERYTHING = Thing("installation")

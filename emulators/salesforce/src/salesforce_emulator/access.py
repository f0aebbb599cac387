"""Who sees what: profiles, permission sets, and field-level security."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .schema import Field, Schema, SObject

#: Hidden by the profile in every recorded describe of Contact and Lead, although both objects have it.
HIDDEN_BY_PROFILE = {"contact.hasoptedoutofemail", "lead.hasoptedoutofemail", "contact.donotcall", "lead.donotcall"} | {
    "contact.hasoptedoutoffax",
    "lead.hasoptedoutoffax",
}
_FEATURES = {
    "marketing": {"Campaign", "CampaignMember", "CampaignMemberStatus"},
    "individuals": {"Individual", "DataUsePurpose", "ContactPointTypeConsent"},
}


@dataclass
class PermissionSet:
    """What a permission set grants: `object.field` in lower case, true when it may be edited; rights by object."""

    name: str
    fields: dict[str, bool] = field(default_factory=dict)
    objects: dict[str, set[str]] = field(default_factory=dict)
    user_permissions: set[str] = field(default_factory=set)


@dataclass
class User:
    """Somebody who may sign in."""

    id: str
    username: str
    name: str
    is_admin: bool = False
    is_active: bool = True
    #: `object.field` in lower case that a test hid, showed, or made read-only for this user alone.
    hidden: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    readonly: set[str] = field(default_factory=set)
    #: Objects that a test took away.
    forbidden: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Sight:
    """An object as one user sees it."""

    sobject: SObject
    readable: dict[str, Field]
    #: Canonical names.
    writable: frozenset[str]
    rights: frozenset[str]


class Access:
    """Answers what a user sees of an object; remembers it until the schema or a permission changes."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.permission_sets: dict[str, PermissionSet] = {}
        self.assigned: dict[str, set[str]] = {}
        self.features = {"marketing": True, "individuals": True}
        self._seen: dict[tuple[str, str], Sight | None] = {}
        self._generation = -1

    def changed(self) -> None:
        """Forget what was derived."""
        self._seen.clear()

    def granted(self, user: User) -> list[PermissionSet]:
        """The permission sets of a user."""
        return [
            self.permission_sets[each]
            for each in sorted(self.assigned.get(user.id, ()))
            if each in self.permission_sets
        ]

    def sight(self, user: User, name: str) -> Sight | None:
        """An object as the user sees it; None when it is not there for this user."""
        if self._generation != self._schema.generation:
            self._seen.clear()
            self._generation = self._schema.generation
        key = (user.id, name.lower())
        if key not in self._seen:
            sobject = self._schema.get(name)
            self._seen[key] = self._sight(user, sobject) if sobject else None
        return self._seen[key]

    def _sight(self, user: User, sobject: SObject) -> Sight | None:
        rights = self._rights(user, sobject)
        if "read" not in rights:
            return None
        readable, writable = {}, set()
        sets = self.granted(user)
        for lower, each in sobject.fields.items():
            may = self._field_right(user, sets, sobject, each)
            if may:
                readable[lower] = each
            if may == "edit":
                writable.add(each.name)
        return Sight(sobject, readable, frozenset(writable), frozenset(rights))

    def _rights(self, user: User, sobject: SObject) -> set[str]:
        off = {name for feature, on in self.features.items() if not on for name in _FEATURES.get(feature, ())}
        if sobject.name.lower() in user.forbidden or sobject.name in off:
            return set()
        every = {"read", "create", "edit", "delete"}
        if not sobject.is_custom or sobject.is_open or user.is_admin:
            return every
        return {right for each in self.granted(user) for right in each.objects.get(sobject.name.lower(), ())}

    def _field_right(self, user: User, sets: list[PermissionSet], sobject: SObject, each: Field) -> str:
        key = f"{sobject.name}.{each.name}".lower()
        if key.startswith("account.") and key.endswith("__pc"):  # the contact's own field decides
            key = f"contact.{key.removeprefix('account.').removesuffix('__pc')}__c"
        if key in user.hidden:
            return ""
        may_edit = "read" if key in user.readonly else "edit"
        if not each.told["permissionable"]:
            return may_edit
        grants = [granted.fields[key] for granted in sets if key in granted.fields]
        if key in user.shown or any(grants):
            return may_edit
        if grants:
            return "read"
        closed = (each.told["custom"] and not each.is_open) or key in HIDDEN_BY_PROFILE
        return "" if closed else may_edit

    def as_row(self, name: str) -> dict[str, Any]:
        """What a permission set grants, for whoever inspects the org."""
        one = self.permission_sets[name]
        return {
            "fields": dict(sorted(one.fields.items())),
            "objects": {key: sorted(value) for key, value in sorted(one.objects.items())},
            "userPermissions": sorted(one.user_permissions),
        }

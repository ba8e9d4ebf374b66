"""Who may give which customers to whom: downwards within one's own branch of the house, never sideways.

Pure: decided from the actor, the customer's place and the receiver, without a database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from platform_core.contracts.holding import HANDS_OVER
from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.i18n import translator

_ = translator("customers")
PERMISSION = "customers.transfer"
GENERAL = "customers.transfer_general"
"""Also from one branch to another; without it that takes the relay."""
OFFBOARD = HANDS_OVER
VIEW = "customers.view"
WORDS = {
    "hidden": _.lazy("It is in the bin, merged or erased by now, or no longer yours to see."),
    "outside": _.lazy("It belongs to another branch of the house, or your right to transfer does not reach it."),
    "away": _.lazy("The receiver works outside of your branch of the house."),
    "unfit": _.lazy("The receiver cannot work with customers, or no longer works here."),
    "same": _.lazy("The receiver owns it already."),
    "changed": _.lazy("Somebody has given it to another owner since the preview."),
    "nobody": _.lazy("There is nobody to give it to."),
    "later": _.lazy("It has been given to another owner, department or team since."),
    "left": _.lazy("Its earlier owner no longer works here or cannot work with customers."),
}
"""Why a customer stays where it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a customer is: owner, department, team."""

    owner_id: UUID | None
    department_id: UUID | None
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at work who may get customers. `rights` are those that were asked for."""

    id: UUID
    name: str
    department_id: UUID
    department: str = ""
    team_ids: frozenset[UUID] = frozenset()
    rights: frozenset[str] = field(default_factory=frozenset)

    def takes(self, place: Place) -> Place:
        """Whose a customer is once this person has it: the team stays only if they are in it."""
        return Place(self.id, self.department_id, place.team_id if place.team_id in self.team_ids else None)


def parties(actor: Actor) -> list[Actor]:
    """The actor, and those who have lent them their right to transfer: each within their own branch alone."""
    return [party for party in actor.parties if party.can(PERMISSION)]


def is_general(actor: Actor) -> bool:
    return any(party.can(GENERAL) for party in parties(actor))


def branch(actor: Actor) -> frozenset[UUID]:
    """Departments inside of which the actor may transfer something."""
    return frozenset[UUID]().union(*(party.subtree_ids for party in parties(actor)))


def covers(actor: Actor, department_id: UUID | None) -> bool:
    """Whether a department is in the actor's branch: their own and those below, or of whom they are deputy."""
    return any(_covers(party, department_id) for party in parties(actor))


def _covers(party: Actor, department_id: UUID | None) -> bool:
    return party.can(GENERAL) or department_id in party.subtree_ids


def reaches(actor: Actor, place: Place) -> bool:
    """Whether the actor's right to transfer reaches a customer there.

    Parts in the relay do not count: a baton that was handed on is no reason to take the customer.
    """
    return any(_reaches(party, place) for party in parties(actor))


def _reaches(party: Actor, place: Place) -> bool:
    if party.can(GENERAL):
        return True
    scope = party.scope(PERMISSION)
    if place.department_id is not None and place.department_id not in party.subtree_ids:
        return False
    if place.owner_id == party.user_id:
        return True
    if place.department_id is None:
        return False
    if scope >= Scope.TEAM and place.team_id in party.team_ids:
        return True
    # The scope "all" alone reaches the own branch, too: across branches it takes the general right.
    return place.department_id in (party.subtree_ids if scope == Scope.ALL else party.departments_for(PERMISSION))


def refusal(actor: Actor, place: Place, to: Person | None) -> str:
    """A key of WORDS, or "" when `to` may have it: by one right alone, not with one end by each of two."""
    found = [_refusal(party, place, to) for party in parties(actor)] or ["outside"]
    return "" if "" in found else max(found, key=_ORDER.index)


_ORDER = ("outside", "nobody", "unfit", "away", "same")
"""Of several rights the refusal of that which came closest is told."""


def _refusal(party: Actor, place: Place, to: Person | None) -> str:
    if not _reaches(party, place):
        return "outside"
    if to is None:
        return "nobody"
    if VIEW not in to.rights:
        return "unfit"
    if not _covers(party, to.department_id):
        return "away"
    return "same" if place.owner_id == to.id else ""


def refusal_back(actor: Actor, now_at: Place, back: Place, *, is_own_act: bool) -> str:
    """As `refusal`, for giving a customer back; one's own act is taken back wherever both ends are in the branch."""
    for party in parties(actor):
        home = _covers(party, back.department_id) or (back.department_id is None and back.owner_id == party.user_id)
        if home and (_reaches(party, now_at) or (is_own_act and _covers(party, now_at.department_id))):
            return ""
    return "outside"

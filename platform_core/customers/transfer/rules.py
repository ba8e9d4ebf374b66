"""Who may give which customers to whom: downwards within one's own branch of the house, never sideways.

Pure: decided from the actor, the customer's place and the receiver, without a database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.i18n import translator

_ = translator("customers")
PERMISSION = "customers.transfer"
GENERAL = "customers.transfer_general"
"""Also from one branch to another; without it that takes the relay."""
OFFBOARD = "customers.offboard"
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


def is_general(actor: Actor) -> bool:
    return actor.can(PERMISSION) and actor.can(GENERAL)


def covers(actor: Actor, department_id: UUID | None) -> bool:
    """Whether a department is in the actor's own branch: theirs, and those below."""
    return is_general(actor) or department_id in actor.subtree_ids


def reaches(actor: Actor, place: Place) -> bool:
    """Whether the actor's right to transfer reaches a customer there.

    Parts in the relay do not count: a baton that was handed on is no reason to take the customer.
    """
    scope = actor.scope(PERMISSION)
    if scope == Scope.NONE:
        return False
    if is_general(actor):
        return True
    if place.department_id is not None and not covers(actor, place.department_id):
        return False
    if place.owner_id == actor.user_id:
        return True
    if place.department_id is None:
        return False
    if scope >= Scope.TEAM and place.team_id in actor.team_ids:
        return True
    # The scope "all" alone reaches the own branch, too: across branches it takes the general right.
    return place.department_id in (actor.subtree_ids if scope == Scope.ALL else actor.departments_for(PERMISSION))


def refusal(actor: Actor, place: Place, to: Person | None) -> str:
    """A key of WORDS, or "" when `to` may have it."""
    if not reaches(actor, place):
        return "outside"
    if to is None:
        return "nobody"
    if VIEW not in to.rights:
        return "unfit"
    if not covers(actor, to.department_id):
        return "away"
    return "same" if place.owner_id == to.id else ""

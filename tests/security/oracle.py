"""A small house whose rights are kept twice: by the platform, and by forty lines of sets and loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.users.models import Department, User


@dataclass
class Person:
    user: User
    department: Department
    scope: Scope
    audits: bool = False
    """Holds `audit.read`, which has no scope: the trail is read as a whole or not at all."""


@dataclass
class Matter:
    """An engagement. `parts`: departments that have or had the baton, or that it is offered to."""

    id: UUID
    customer: Customer
    title: str
    route: list[Department]
    position: int = 0
    holders: list[UUID] = field(default_factory=list)
    parts: list[UUID] = field(default_factory=list)
    leg_id: UUID | None = None
    """The waiting leg, offered to `offered_to` or, where that is None, to anybody of the department."""
    offered_to: UUID | None = None


@dataclass
class Oracle:
    parents: dict[UUID, UUID | None] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    written: dict[str, dict[UUID, tuple[UUID, UUID | None]]] = field(default_factory=dict)
    """Kind of record -> id -> its customer and, if it belongs to one, its engagement."""
    alone: dict[UUID, Person] = field(default_factory=dict)
    """Contacts without a customer -> whose they are, in whose department."""
    planned_alone: dict[UUID, UUID] = field(default_factory=dict)
    """Plans with them -> the contact."""

    def departments(self, person: Person) -> set[UUID]:
        """Whose rows the person's scope covers."""
        own = person.department.id
        if person.scope < Scope.DEPARTMENT:
            return set()
        if person.scope == Scope.DEPARTMENT:
            return {own}
        return {each for each in self.parents if own in self._above(each)}

    def _above(self, department: UUID | None) -> list[UUID]:
        return [department, *self._above(self.parents[department])] if department else []

    def sees_matter(self, person: Person, matter: Matter) -> bool:
        if person.scope == Scope.ALL or person.user.id in matter.holders:
            return True
        if matter.leg_id is not None:
            here = matter.route[matter.position + 1].id == person.department.id
            if matter.offered_to == person.user.id or (matter.offered_to is None and here):
                return True
        return bool(self.departments(person) & set(matter.parts))

    def sees_customer(self, person: Person, customer: Customer) -> bool:
        if person.scope == Scope.ALL or customer.owner_id == person.user.id:
            return True
        if customer.department_id in self.departments(person):
            return True
        return any(self.sees_matter(person, each) for each in self.matters if each.customer is customer)

    def sees_alone(self, person: Person, contact_id: UUID) -> bool:
        keeper = self.alone[contact_id]
        own = keeper.user.id == person.user.id
        return own or person.scope == Scope.ALL or keeper.department.id in self.departments(person)

    def visible_alone(self, person: Person) -> set[UUID]:
        return {each for each in self.alone if self.sees_alone(person, each)}

    def visible_customers(self, person: Person) -> set[UUID]:
        return {each.id for each in self.customers if self.sees_customer(person, each)}

    def visible_matters(self, person: Person) -> set[UUID]:
        return {each.id for each in self.matters if self.sees_matter(person, each)}

    def visible(self, person: Person, kind: str) -> set[UUID]:
        customers, matters = self.visible_customers(person), self.visible_matters(person)
        return {
            key
            for key, (customer, matter) in self.written[kind].items()
            if customer in customers and (matter is None or matter in matters)
        }


def choose(random: Random, found: list[Any]) -> Any:
    return found[random.randrange(len(found))]

"""Writing the house into an empty, migrated database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Scope
from platform_core.customers.groups.models import Group
from platform_core.customers.models import Tag
from platform_core.demo import tables
from platform_core.demo.house import House
from platform_core.kernel import counters, settingvalues
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.ids import new_id
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.relay.models import Route, RouteStep
from platform_core.relay.workdays import services as workdays
from platform_core.relay.workdays.models import CalendarDay
from platform_core.relay.workdays.wording import read_days
from platform_core.users.models import Department, DepartmentClosure, User
from platform_core.users.views.models import SavedView


def write(session: Session, house: House, founded: datetime, password_hash: str) -> None:
    """Departments, accounts (all with the same password), role assignments, routes, tags."""
    writer = Writer(session.connection())
    writer.write(
        Department,
        (
            {
                "id": place.id,
                "code": place.code,
                "name": place.name,
                "parent_id": place.parent.id if place.parent else None,
                "order": number,
                "active": place.is_active,
                "created_at": founded,
                "updated_at": founded,
            }
            for number, place in enumerate(house.departments)
        ),
    )
    writer.write(
        DepartmentClosure,
        (
            {"ancestor_id": above.id, "descendant_id": place.id, "depth": depth}
            for place in house.departments
            for above, depth in place.above()
        ),
    )
    _write_people(session, writer, house, founded, password_hash)
    _write_tracks(writer, house, founded)
    writer.write(Tag, ({"id": key, "name": name, "tone": house.tones[name]} for name, key in house.tags.items()))
    _let_managers_transfer(session)
    _keep_calendar(session)
    _keep_views(session, house, founded)
    counters.bump(session, COUNTER)


def _let_managers_transfer(session: Session) -> None:
    """Also from one branch to another: denied in a fresh house, given here so that it can be tried."""
    management = session.scalars(select(Role.id).where(Role.code == "management")).one()
    session.add(RoleGrant(role_id=management, permission="customers.transfer_general", scope=Scope.ALL))


def _keep_calendar(session: Session) -> None:
    """The working time of the house, with a year's holidays and the weekends that make up for them."""
    told = tables.load("organisation")["calendar"]
    settingvalues.write(session, workdays.HOURS, told["hours"])
    for works, field in ((False, "off"), (True, "worked")):
        for item in read_days(told[field], told["year"], works=works, field=field):
            session.add(CalendarDay(day=item.day, works=item.works, label=item.label))


def _keep_views(session: Session, house: House, founded: datetime) -> None:
    """Views and groups that everybody finds beside the list."""
    told, made = tables.load("organisation"), {"reach": "all", "created_at": founded, "updated_at": founded}
    for number, view in enumerate(told["views"]):
        owner = house.person(view["owner"]).id
        shown = {"list_key": "customers", **made, "conditions": view["conditions"], "pinned": number == 0}
        session.add(SavedView(name=view["name"], owner_id=owner, sort=view.get("sort", ""), **shown))
    for group in told["groups"]:
        owner = house.person(group["owner"]).id
        rule = {**made, "conditions": group["conditions"], "tone": group["tone"]}
        session.add(Group(name=group["name"], owner_id=owner, **rule))


def _write_people(session: Session, writer: Writer, house: House, founded: datetime, password_hash: str) -> None:
    writer.write(
        User,
        (
            {
                "id": account.person.id,
                "login": account.login,
                "name": account.person.name,
                "employee_no": f"{number:05}",
                "department_id": account.person.department_id,
                "title": account.title,
                "email": f"{account.login}@baton.example",  # of a domain that nobody can have
                "status": "left" if account.has_left else "active",
                "password_hash": "" if account.has_left else password_hash,
                "password_changed_at": founded,
                "created_at": founded,
                "updated_at": founded,
            }
            for number, account in enumerate(house.accounts, 1)
        ),
    )
    roles = {role.code: role.id for role in session.scalars(select(Role))}
    writer.write(
        RoleAssignment,
        (
            {"id": new_id(), "user_id": account.person.id, "role_id": roles[account.role], "valid_from": founded}
            for account in house.accounts
        ),
    )


def _write_tracks(writer: Writer, house: House, founded: datetime) -> None:
    tracks = [track for found in house.tracks.values() for track in found.values()]
    writer.write(
        Route,
        (
            {"id": track.id, "code": track.code, "name": track.name, "created_at": founded, "updated_at": founded}
            for track in tracks
        ),
    )
    writer.write(
        RouteStep,
        (
            {
                "id": new_id(),
                "route_id": track.id,
                "position": position,
                "department_id": step.department.id,
                "title": step.title,
                "checklist": list(step.checklist),
                "needs": list(step.needs),
                "accept_hours": step.accept_hours,
                "work_days": step.work_days,
            }
            for track in tracks
            for position, step in enumerate(track.steps, 1)
        ),
    )

"""What the security tests ask a house: its routes, its people, the ids of real records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from baton_plugins.activities.cycles.models import Cycle
from baton_plugins.activities.meetings.models import Meeting
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.phrases.models import Phrase
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from baton_plugins.telephony.calling.models import CallList, Script
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.caps.limits import PRINT
from platform_core.caps.models import UserCap
from platform_core.contracts.identity import Scope
from platform_core.customers import points
from platform_core.customers.models import Address, Attachment, Contact, ContactPoint, Customer
from platform_core.exports import letters
from platform_core.exports.models import LetterTemplate
from platform_core.kernel import counters
from platform_core.permissions.actors import COUNTER, load_actor
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.relay.models import Engagement, Leg, Route
from platform_core.testing.browser import Browser
from platform_core.users.models import Department, User

MISSING = UUID("01900000-0000-7000-8000-000000000000")
"""An id that nobody has."""
RECORDS: dict[str, type[Any]] = {
    "address_id": Address,
    "attachment_id": Attachment,
    "contact_id": Contact,
    "contract_id": Contract,
    "customer_id": Customer,
    "engagement_id": Engagement,
    "follow_up_id": FollowUp,
    "leg_id": Leg,
    "opportunity_id": Opportunity,
    "plan_id": Plan,
    "point_id": ContactPoint,
}
"""Path parameters that name something of a customer."""
OTHERS: dict[str, type[Any]] = {
    "department_id": Department,
    "list_id": CallList,
    "meeting_id": Meeting,
    "phrase_id": Phrase,
    "cycle_id": Cycle,
    "route_id": Route,
    "script_id": Script,
    "type_id": ProjectType,
    "user_id": User,
}


@dataclass(frozen=True, slots=True)
class Door:
    """A method on an address."""

    method: str
    path: str
    permission: str
    name: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def at(self, ids: dict[str, Any]) -> str:
        blank = {name: MISSING if name.endswith("_id") else "missing" for name in self.parameters}
        path = self.path.format(**{name: ids.get(name, blank[name]) for name in self.parameters})
        # Forms that open for a customer take its id from the query, under either name.
        asked = self.method == "GET" and self.path.endswith(("/new", "/follow-ups")) and not self.parameters
        customer = ids.get("customer_id", MISSING)
        return f"{path}?customer={customer}&customer_id={customer}" if asked else path


@dataclass
class House:
    runtime: Runtime
    client: TestClient[Any]
    _browsers: dict[str, Browser] = field(default_factory=dict)

    def doors(self) -> list[Door]:
        """Every handler of the application, without Litestar's own OPTIONS."""
        found = []
        for route in self.client.app.routes:
            for handler in getattr(route, "route_handlers", []):
                permission = "public" if handler.opt.get("public") else handler.opt.get("permission", "")
                found += [
                    Door(method, route.path_format, permission, handler.name or "")
                    for method in sorted(set(handler.http_methods) - {"OPTIONS", "HEAD"})
                ]
        return found

    def system(self, *, write: bool = False):
        return self.runtime.database._session({"system": "test"}, write=write)

    def nobody(self) -> Browser:
        return Browser(self.runtime, self.client)

    def browser(self, login: str) -> Browser:
        """Somebody of the demo, signed in once."""
        if login not in self._browsers:
            with self.system() as session:
                user = session.scalars(select(User).where(User.login == login)).one()
            self._browsers[login] = self.nobody().sign_in(user)
        return self._browsers[login]

    def program(self, login: str) -> Browser:
        """Somebody's program, with a bearer token."""
        with self.system() as session:
            user = session.scalars(select(User).where(User.login == login)).one()
        return self.nobody().token(user)

    def newcomer(self, login: str, permissions: set[str], scope: Scope = Scope.OWN) -> Browser:
        """Somebody in a department of their own, who owns nothing, with these permissions."""
        if login not in self._browsers:
            with self.system(write=True) as session:
                department = Department(code=login, name=login)
                role = Role(code=login, name=login)
                session.add_all([department, role])
                session.flush()
                user = User(login=login, name=login, language="en", department_id=department.id)
                session.add(user)
                session.flush()
                session.add(RoleAssignment(user_id=user.id, role_id=role.id))
                session.add_all(
                    RoleGrant(role_id=role.id, permission=name, scope=scope) for name in sorted(permissions)
                )
                counters.bump(session, COUNTER)
                session.commit()
            self._browsers[login] = self.nobody().sign_in(user)
        return self._browsers[login]

    def seen_by(self, login: str) -> set[UUID]:
        """Customers that somebody of this login sees, as the policies have it."""
        with self.system() as session:
            user_id = session.scalars(select(User.id).where(User.login == login)).one()
            actor = load_actor(session, user_id)
        assert actor is not None
        with self.runtime.database.actor_session(actor, write=False) as session:
            return set(session.scalars(select(Customer.id)))

    def permissions(self) -> set[str]:
        return {item.value.name for item in self.runtime.manager.declared.permissions.installed()}

    def ids(self) -> dict[str, Any]:
        """A real id for each path parameter; what belongs to a customer belongs to one and the same where it can."""
        with self.system() as session:
            contract = session.scalars(select(Contract).where(Contract.attachment_id.is_not(None)).limit(1)).one()
            found: dict[str, Any] = {}
            for name, model in (RECORDS | OTHERS).items():
                chosen = select(model.id)
                customer = getattr(model, "customer_id", None)
                here = None
                if customer is not None:
                    here = session.scalars(chosen.where(customer == contract.customer_id).limit(1)).first()
                found[name] = here or session.scalars(chosen.limit(1)).first()
            found |= {"customer_id": contract.customer_id, "contract_id": contract.id}
            found |= {"attachment_id": contract.attachment_id, "opportunity_id": contract.opportunity_id}
            found |= {"row_id": contract.customer_id, "column": "status"}
        return found | {"name": "customers.status", "code": "wrong", "verdict": "error", "year": 2026, **self.taken()}

    def taken(self) -> dict[str, Any]:
        """A request for a file and a page for printing, both of all contacts, and both the manager's."""
        asked = {"source": "list:contacts", "reason": "What leaves the house?"}
        manager = self.browser("manager")
        with self.system(write=True) as session:
            user = session.scalars(select(User).where(User.login == "manager")).one()
            session.merge(UserCap(user_id=user.id, counter=PRINT, cap=1000))
            session.commit()
        answers = {"request_id": manager.post("/exports/new", asked), "paper_id": manager.post("/papers/new", asked)}
        kept = manager.post("/papers/letters", {"name": "A letter"}, files={"file": ("a.docx", letters.sample())})
        assert kept.status_code == 303, kept.text
        with self.system() as session:
            letter_id = session.scalars(select(LetterTemplate.id).limit(1)).one()
        found = {name: answer.headers["location"].rpartition("/")[2] for name, answer in answers.items()}
        return found | {"letter_id": letter_id}

    def clear_values(self) -> set[str]:
        """Every stored number and address, in every way in which it may be written."""
        found: set[str] = set()
        with self.system() as session:
            for point in session.scalars(select(ContactPoint)):
                if point.kind in {"mobile", "phone", "mail", "wechat"}:
                    clear = points.clear(session, point)
                    found |= {clear, clear.removeprefix("+86"), clear.removeprefix("+")}
        return {value for value in found if len(value) >= 7}

    def everything(self, model: type[Any], column: str = "id") -> list[UUID]:
        with self.system() as session:
            return list(session.scalars(select(getattr(model, column))))

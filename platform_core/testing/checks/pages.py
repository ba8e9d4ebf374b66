"""What can be seen of a plugin in a running platform: addresses, pages, jobs, and what is left when it is off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.handlers import HTTPRouteHandler
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from platform_core.admin import services
from platform_core.app import Runtime
from platform_core.caps.limits import OPEN
from platform_core.caps.models import UserCap
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.demo import load, spec
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import LANGUAGES
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import JobRow
from platform_core.permissions import actors
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.testing.queries import QueryCounter
from platform_core.users.models import User
from platform_core.web.lists.declaration import ListView, declared_lists
from platform_core.web.themes import DEFAULT

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_CUSTOMERS = 12
_TRIED = 15
"""Rows for each of which a page may open."""
_ANY = frozenset({"customer", "customer_id"})


@dataclass(slots=True)
class House:
    """A platform with a small demo in it, and somebody who may do everything."""

    runtime: Runtime
    name: str
    browser: Browser
    user: User
    given: Mapping[str, Any] = field(default_factory=dict)
    """Parameter -> value, where the first row of a table will not do."""
    since: datetime = field(default_factory=now)

    @classmethod
    def build(cls, runtime: Runtime, browser: Browser, name: str, given: Mapping[str, Any]) -> House:
        with runtime.database.system_session("a small demo") as session:
            load.write(session, runtime, spec.make(_CUSTOMERS, 7), "", {"state": "loaded"})
        with runtime.database.system_session("somebody who may do everything") as session:
            role = Role(code="contract", name="contract")
            user = User(login="contract", name="Contract", language="en")
            session.add_all([role, user])
            session.flush()  # grants and assignments refer to them
            session.add(RoleAssignment(user_id=user.id, role_id=role.id))
            names = sorted(item.value.name for item in runtime.manager.declared.permissions.installed())
            session.add_all(RoleGrant(role_id=role.id, permission=item, scope=Scope.ALL) for item in names)
            counters.bump(session, actors.COUNTER)
        return cls(runtime, name, browser.sign_in(user), user, given)

    def actor(self, session: Session) -> Actor:
        actor = actors.load_actor(session, self.user.id)
        assert actor is not None
        return actor

    def handlers(self) -> Iterator[tuple[str, HTTPRouteHandler]]:
        """(address with its prefix, handler) of everything the plugin mounts."""
        declared = self.runtime.manager.declared
        for prefix, registry in (("", declared.routes), ("/api/v1", declared.api)):
            for item in registry.installed():
                for handler in item.value.handlers if item.owner == self.name else ():
                    for path in handler.paths:
                        yield f"{prefix}{item.value.path.rstrip('/')}{path}".rstrip("/") or "/", handler

    def addresses(self) -> dict[str, list[str]]:
        """Path -> addresses of it of which one should answer, for every GET of the plugin."""
        found = {}
        with self.runtime.database.system_session("rows for addresses", write=False) as session:
            customer = self.customer_id(session)
            for path, handler in self.handlers():
                if "GET" in handler.http_methods:
                    found[path] = self._filled(session, path, handler, customer)
        return found

    def customer_pages(self) -> list[str]:
        """The customer page with each of the plugin's tabs, and the pages that plugins put pieces on."""
        with self.runtime.database.system_session("a customer for the page", write=False) as session:
            customer = session.get_one(Customer, self.customer_id(session))
            customer = session.get_one(Customer, self.customer_id(session))
            actor = self.actor(session)
        with self.runtime.database.actor_session(actor, write=False) as session:
            panels = self.runtime.hooks.customer_panels(session, actor, customer)
        url = f"/customers/{customer.id}"
        tabs = [item.value.key for item in panels if item.owner == self.name and item.value.slot == "tab"]
        return [url, *(f"{url}?tab={key}" for key in tabs), "/"]

    def customer_id(self, session: Session) -> UUID:
        """One that the plugin knows something about, if it knows anything."""
        for reference in self.runtime.manager.declared.customer_references.installed():
            if reference.owner == self.name:
                column = reference.value.model.__table__.c[reference.value.column]
                found = session.scalars(select(column).where(column.is_not(None)).limit(1)).first()
                if found is not None:
                    return UUID(str(found))
        return session.scalars(select(Customer.id).where(Customer.deleted_at.is_(None)).limit(1)).one()

    def _filled(self, session: Session, path: str, handler: HTTPRouteHandler, customer: UUID) -> list[str]:
        view = next((view for view in declared_lists().values() if path.startswith(_of_row(view))), None)
        listed = view.model.__table__ if view else None
        values = {name: self._values(session, name, customer, listed) for name in _PARAMETER.findall(path)}
        if view and "column" in values:
            values["column"] = [column.key for column in view.columns if column.edited][:1]
        asked = {
            name: self._values(session, name, customer)[0]
            for name in handler.parsed_fn_signature.parameters
            if name not in values and (name in _ANY or name.endswith("_id") or name in self.given)
        }
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        found = []
        for number in range(max((len(some) for some in values.values()), default=1)):
            chosen = {name: some[min(number, len(some) - 1)] for name, some in values.items()}
            filled = _PARAMETER.sub(lambda match, chosen=chosen: str(chosen[match[1]]), path)  # type: ignore[misc]
            found.append(f"{filled}?{query}" if query else filled)
        return found

    def _values(self, session: Session, name: str, customer: UUID, listed: Table | None = None) -> list[Any]:
        """Ids of some rows, those of `customer` first: not every page opens for a row in any state."""
        if name in self.given:
            return [self.given[name]]
        if name in _ANY:
            return [customer]
        table = self._table(name.removesuffix("_id")) if listed is None else listed
        if table is None or "id" not in table.c:
            return ["missing"]
        rows = select(table.c.id)
        if "customer_id" in table.c:
            rows = rows.order_by((table.c.customer_id != customer).asc())
        return list(session.scalars(rows.limit(_TRIED))) or ["missing"]

    def _table(self, thing: str) -> Table | None:
        """The plugin's own table of that name, else anybody's."""
        named = [table for name, table in METADATA.tables.items() if name.endswith(f"_{thing}")]
        return min(named, key=lambda table: (not table.name.startswith(f"{self.name}_"), len(table.name)), default=None)


def _of_row(view: ListView) -> tuple[str, str]:
    """Where a record of the list finds its neighbours, and where its cells are changed."""
    return f"{view.path}/nearby/{{row_id:uuid}}", f"{view.path}/cells/{{row_id:uuid}}"


def guards(house: House) -> list[str]:
    """Every address asks for a right that the plugin or the platform declares."""
    known = {item.value.name for item in house.runtime.manager.declared.permissions.installed()} | {"signed-in"}
    found = []
    for path, handler in house.handlers():
        permission = handler.opt.get("permission", "")
        if not handler.opt.get("endpoint") or not permission:
            found.append(f"{path} names no permission")
        elif permission not in known and permission != "public":
            found.append(f"{path} asks for {permission!r}, which nobody declares")
        if not (handler.name or "").startswith(f"{house.name}:"):
            found.append(f"{path}: the route name {handler.name!r} must start with '{house.name}:'")
    return found


def public(house: House) -> list[str]:
    """Names of the routes that anybody may call."""
    return sorted(str(handler.name) for _path, handler in house.handlers() if handler.opt.get("permission") == "public")


def rendering(house: House, counter: QueryCounter, most: int) -> list[str]:
    """Every GET answers under each theme, in both languages, with at most so many statements.

    A theme without templates of its own changes nothing but a link in the head: of those, the customer page and its
    tabs stand for all.
    """
    found: dict[str, None] = {}
    pages = {url: [url] for url in house.customer_pages()}
    addresses = {**house.addresses(), **pages}
    for theme in sorted(house.runtime.templates.themes.sound(), key=lambda theme: theme.name != DEFAULT):
        looked_at = addresses if theme.name == DEFAULT or theme.overrides else pages
        for language in LANGUAGES:
            with house.runtime.database.system_session("another theme and language") as session:
                user = session.get_one(User, house.user.id)
                user.theme, user.language = theme.name, language
            for path, urls in looked_at.items():
                status, sent = _answer(house, counter, urls)
                if status >= 400:
                    found[f"{path}: {urls[0]} answers {status}{_why(status)}"] = None
                elif path not in pages and sent > most:
                    found[f"{path} sends {sent} statements, {most} are allowed"] = None
    found |= dict.fromkeys(f"a fault: {item}" for item in _faults(house))
    return list(found)


def _answer(house: House, counter: QueryCounter, urls: list[str]) -> tuple[int, int]:
    """Status and statements of the first address that answers; it becomes the first of the list."""
    status = sent = 0
    for url in list(urls):
        before = len(counter.statements)
        status = house.browser.get(url).status_code
        sent = len(counter.statements) - before
        if status < 400 or status >= 500:
            urls[:] = [url, *(other for other in urls if other != url)]
            break
    return status, sent


def _why(status: int) -> str:
    return "" if status >= 500 else "; demo data or `parameters` of the contract should lead to a row"


def _faults(house: House) -> list[str]:
    return [str(fault) for fault in house.runtime.manager.faults.latest(house.name) if fault.at >= house.since]


def switched_off(house: House) -> list[str]:
    """Nothing of it answers, is shown, runs or may be done."""
    runtime, name = house.runtime, house.name
    addresses, urls = house.addresses(), [item.value.url for item in _own(house, "navigation")]
    with runtime.database.system_session("a job that waits") as session:
        jobs = [enqueue(session, item.value.name) for item in _own(house, "jobs")]
    with runtime.database.system_session("switch it off") as session:
        services.set_plugin(session, None, runtime.platform, name, enabled=False, together=True)
    found = [f"{path} still answers {code}" for path, code in _codes(house, addresses) if code != 404]
    page = house.browser.get("/me").text
    found += [f"{url} is still in the navigation" for url in urls if f'href="{url}"' in page]
    found += [f"the job {job} still runs" for job in jobs if runtime.jobs.run(job)]
    with runtime.database.system_session("what is left?", write=False) as session:
        actor = house.actor(session)
        customer = session.get_one(Customer, house.customer_id(session))
        rights = [item.value.name for item in _own(house, "permissions")]
        found += [f"{permission} may still be done" for permission in rights if actor.can(permission)]
        found += [f"its job {job} is gone" for job in jobs if session.get(JobRow, job) is None]
    hooks = runtime.hooks
    with runtime.database.actor_session(actor, write=False) as session:
        for ask in (hooks.customer_panels, hooks.customer_facts, hooks.customer_actions):
            if any(item.owner == name for item in ask(session, actor, customer)):
                found.append(f"{ask.__name__} still shows its pieces")
    return found


def _own(house: House, registry: str) -> list[Any]:
    return [item for item in getattr(house.runtime.manager.declared, registry).installed() if item.owner == house.name]


def _codes(house: House, addresses: Mapping[str, list[str]]) -> Iterator[tuple[str, int]]:
    for path, urls in addresses.items():
        yield path, house.browser.get(urls[0]).status_code


def openings(house: House) -> list[str]:
    """Whatever a GET answers about the customer it names counts as opening it: with a cap of none it is refused."""
    found = []
    for path, handler in house.handlers():
        named = _ANY & ({*_PARAMETER.findall(path)} | {*handler.parsed_fn_signature.parameters})
        if "GET" not in handler.http_methods or not named:
            continue
        status = 0
        for url in house.addresses()[path]:
            status = _without_cap(house, url)
            if status == 200:
                found.append(f"{path} shows a customer without counting it: call customer_opened first")
            if status == 403:
                break
    return found


def _without_cap(house: House, url: str) -> int:
    """What the address answers to somebody who may open no customer at all."""
    with house.runtime.database.system_session("nobody may open a customer") as session:
        user = session.get_one(User, house.user.id)
        user.status = "active"
        session.merge(UserCap(user_id=user.id, counter=OPEN, cap=0))
    answer = house.browser.sign_in(user).get(url)
    return answer.status_code


def jobs_twice(house: House, arguments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A job that runs again, as after a crash, changes nothing more."""
    found = []
    for item in _own(house, "jobs"):
        job = item.value
        if not job.is_scheduled and job.name not in arguments:
            found.append(f"{job.name}: say in `job_arguments` with what it is tried")
            continue
        states = []
        for _round in range(2):
            with house.runtime.database.system_session("enqueue a job") as session:
                key = enqueue(session, job.name, dict(arguments.get(job.name, {})))
            house.runtime.jobs.run(key)
            with house.runtime.database.system_session("what did it do?", write=False) as session:
                row = session.get_one(JobRow, key)
                if row.state != "done":
                    found.append(f"{job.name} is {row.state}: {row.message}")
                states.append(_counts(session, house))
        if len(states) == 2 and states[0] != states[1]:
            differing = sorted(table for table in states[0] if states[0][table] != states[1][table])
            found.append(f"{job.name}: its second run changes {', '.join(differing)}")
    return found


def _counts(session: Session, house: House) -> dict[str, Any]:
    """Rows of the plugin's tables, and how many everybody else's have."""
    own = {table.name for table in house.runtime.manager.declared.tables.get(house.name, ())}
    found: dict[str, Any] = {}
    for table in METADATA.sorted_tables:
        if table.name in own:
            found[table.name] = sorted(repr(tuple(row)) for row in session.execute(select(table)))
        elif table.name not in {"core_job", "core_counter"}:
            found[table.name] = session.scalar(select(func.count()).select_from(table))
    return found

"""Random houses: every read path shows everybody exactly what the oracle says, on both databases."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape
from random import Random
from typing import Any
from uuid import UUID

from baton_plugins.activities.alone import services as alone
from baton_plugins.activities.forms import Planned
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platform_core.app import Runtime
from platform_core.contracts.identity import Scope
from platform_core.customers import contacts, search_rows
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Attachment, Contact
from platform_core.kernel import counters
from platform_core.kernel.clock import now, today
from platform_core.kernel.ids import new_id
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleGrant
from platform_core.relay import services as relay
from platform_core.testing import pytest_plugin as kit
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from tests.security.oracle import Matter, Oracle, Person, choose

SCOPES = (Scope.OWN, Scope.DEPARTMENT, Scope.SUBTREE, Scope.ALL)
AUDITORS = {Scope.OWN, Scope.SUBTREE}
"""Whose roles hold `audit.read`: some who see little, and not the ones who see most."""
EXAMPLES = 2
CUSTOMERS, MATTERS, MOVES = 9, 6, 14


class Builder:
    def __init__(self, runtime: Runtime, factory: Factory, seed: int) -> None:
        self.runtime, self.factory, self.random = runtime, factory, Random(seed)
        self.oracle = Oracle()

    def build(self) -> Oracle:
        self._people()
        self._stand_alone()
        for number in range(CUSTOMERS):
            owner = choose(self.random, self.oracle.people).user
            name = f"Orchid{number}"
            made = self.factory.customer(owner, name=name, name_norm=name.lower(), name_key=name.lower())
            self.oracle.customers.append(made)
        for number in range(MATTERS):
            self._open(number)
        for _ in range(MOVES):
            self._move(choose(self.random, self.oracle.matters))
        self._write()
        return self.oracle

    def _people(self) -> None:
        root = self.factory.department("root")
        places = [root]
        for number in range(4):
            places.append(self.factory.department(f"place{number}", choose(self.random, places[:3])))
        self.oracle.parents = {each.id: each.parent_id for each in places}
        with self.runtime.database.system_session("roles for a test") as session:
            names = {item.value.name for item in self.runtime.manager.declared.permissions.installed()}
            for scope in SCOPES:
                role = Role(code=f"scope{scope.value}", name=f"scope {scope.value}")
                session.add(role)
                session.flush()
                held = names if scope in AUDITORS else names - {"audit.read"}
                session.add_all(RoleGrant(role_id=role.id, permission=name, scope=scope) for name in sorted(held))
            counters.bump(session, COUNTER)
        for number in range(7):
            place, scope = choose(self.random, places), SCOPES[number % 4 if number < 4 else number % 3]
            user = self.factory.user(f"scope{scope.value}", place)
            self.oracle.people.append(Person(user, place, scope, audits=scope in AUDITORS))

    def _stand_alone(self) -> None:
        """Contacts without a customer, each with a number."""
        for number, keeper in enumerate(self.oracle.people):
            with self._as(keeper) as (session, actor):
                made = contacts.create(session, actor, ContactInput(name=f"Alone{number}", phone=f"1390000{number:04}"))
                self.oracle.alone[made.id] = keeper

    def _open(self, number: int) -> None:
        customer = choose(self.random, self.oracle.customers)
        opener = next(each for each in self.oracle.people if each.user.id == customer.owner_id)
        staffed = [each.department for each in self.oracle.people]
        route = [opener.department, *(choose(self.random, staffed) for _ in range(3))]
        title = f"Matter{number}"
        with self._as(opener) as (session, actor):
            made = relay.open_engagement(
                session, actor, customer, None, title, departments=[place.id for place in route]
            )
            matter = Matter(made.id, customer, title, route, holders=[opener.user.id], parts=[opener.department.id])
        self.oracle.matters.append(matter)

    def _move(self, matter: Matter) -> None:
        if matter.leg_id is None:
            self._offer(matter)
            return
        place = matter.route[matter.position + 1]
        able = [each for each in self.oracle.people if each.department.id == place.id]
        if matter.offered_to is not None:
            able = [each for each in able if each.user.id == matter.offered_to]
        taker, leg_id = choose(self.random, able), matter.leg_id
        returned = self.random.random() < 0.3
        with self._as(taker) as (session, actor):
            if returned:
                relay.return_leg(session, actor, leg_id, "not ours")
            else:
                relay.accept(session, actor, leg_id)
        matter.leg_id = matter.offered_to = None
        if returned:
            matter.parts.pop()
        else:
            matter.position += 1
            matter.holders.append(taker.user.id)

    def _offer(self, matter: Matter) -> None:
        if matter.position + 1 >= len(matter.route):
            return
        place = matter.route[matter.position + 1]
        there = [each for each in self.oracle.people if each.department.id == place.id]
        named = choose(self.random, there).user.id if self.random.random() < 0.5 else None
        holder = next(each for each in self.oracle.people if each.user.id == matter.holders[-1])
        with self._as(holder) as (session, actor):
            matter.leg_id = relay.hand_over(session, actor, matter.id, note="go on", to_user_id=named).id
        matter.offered_to = named
        matter.parts.append(place.id)

    def _as(self, person: Person):
        return _Acting(self.runtime, self.factory.actor(person.user))

    def _write(self) -> None:
        """One of each kind for every matter, for every customer in general, and what was said with each contact alone."""
        for number, (key, keeper) in enumerate(self.oracle.alone.items()):
            with self._as(keeper) as (session, actor):
                said = alone.AloneInput(body=f"Alone said{number}.")
                alone.log(session, actor, session.get_one(Contact, key), said)
                due = Planned(subject="Alone", on=today())
                planned = alone.plan(session, actor, session.get_one(Contact, key), due)
                self.oracle.planned_alone[planned.id] = key
        files = self.runtime.settings.data_dir / "files"
        files.mkdir(exist_ok=True)
        kind = ProjectType(code="oracle", name="oracle")
        self.factory.add(kind)
        places = [(each.customer, each) for each in self.oracle.matters]
        places += [(customer, None) for customer in self.oracle.customers]
        names = ("contact", "follow_up", "plan", "file", "opportunity", "contract")
        self.oracle.written = {name: {} for name in names}
        for number, (customer, matter) in enumerate(places):
            key = matter.id if matter else None
            common: dict[str, Any] = {"customer_id": customer.id, "engagement_id": key}
            stored = f"oracle-{new_id()}"
            (files / stored).write_text("oracle")
            rows: dict[str, Any] = {
                "contact": Contact(id=new_id(), customer_id=customer.id, name=f"Person{number}"),
                "follow_up": FollowUp(id=new_id(), **common, body=f"Said{number}", author_label="x"),
                "plan": Plan(id=new_id(), **common, subject=f"Call{number}", due_at=now(), assignee_id=customer.owner_id),
                "file": Attachment(
                    id=new_id(), **common, filename=f"File{number}.txt", media_type="text/plain", size=6, sha256="0" * 64,
                    stored_as=stored,
                ),
                "opportunity": Opportunity(id=new_id(), **common, project_type_id=kind.id, title=f"Chance{number}"),
            }  # fmt: skip
            self.factory.add(*rows.values())
            rows["contract"] = Contract(
                id=new_id(), **common, opportunity_id=rows["opportunity"].id, number=f"No{number}",
                signed_on=date(2026, 11, 1), amount=Decimal(5),
            )  # fmt: skip
            self.factory.add(rows["contract"])
            for name, row in rows.items():
                self.oracle.written[name][row.id] = (customer.id, None if name == "contact" else key)


class _Acting:
    def __init__(self, runtime: Runtime, actor: Any) -> None:
        self._held, self._actor = runtime.database.actor_session(actor), actor

    def __enter__(self):
        return self._held.__enter__(), self._actor

    def __exit__(self, *error: object):
        return self._held.__exit__(*error)


class Reader:
    """What one person gets from every read path."""

    def __init__(self, browser: Browser, oracle: Oracle, person: Person) -> None:
        self.browser, self.oracle, self.person = browser.sign_in(person.user), oracle, person
        self.customers = oracle.visible_customers(person)
        self.matters = oracle.visible_matters(person)

    def items(self, path: str) -> set[str]:
        answer = self.browser.get(f"/api/v1/{path}")
        assert answer.status_code == 200, (path, answer.text)
        return {item["id"] for item in answer.json()["items"]}

    def check(self) -> None:
        self._api_lists()
        self._lists()
        self._tracking()
        self._search()
        self._items()
        self._pages_of_customers()
        self._alone()
        self._audit()
        self._audience()

    def _same(self, what: str, found: set[str], wanted: set[Any]) -> None:
        assert found == {str(key) for key in wanted}, f"{what} as {self.person.scope.name} {self.person.user.login}"

    def _api_lists(self) -> None:
        self._same("customers", self.items("customers?limit=200"), self.customers)
        self._same("engagements", self.items("engagements?limit=100"), self.matters)
        see = self.oracle.visible
        self._same("opportunities", self.items("opportunities?limit=100"), see(self.person, "opportunity"))
        self._same("contracts", self.items("contracts?limit=100"), see(self.person, "contract"))
        alone = self.oracle.visible_alone(self.person)
        self._same("contacts", self.items("contacts?limit=100"), see(self.person, "contact") | alone)

    def _lists(self) -> None:
        wanted = {each.name for each in self.oracle.customers if each.id in self.customers}
        for query in ("", "?view=all", "?view=all&sort=name", "?view=all&sort=-name", "?view=never", "?sort=next_plan"):
            shown = self._named(self.browser.get(f"/customers{query}").text)
            assert shown == wanted, f"list {query} as {self.person.scope.name}"
        mine = {each.name for each in self.oracle.customers if each.owner_id == self.person.user.id}
        assert self._named(self.browser.get("/customers?view=mine").text) == mine
        titles = {each.title for each in self.oracle.matters if each.id in self.matters}
        for page in ("/", "/plans", "/relay/inbox", "/relay/inbox?show=active", "/opportunities", "/notifications"):
            text = self.browser.get(page).text
            assert self._named(text) <= wanted, page
            assert {each.title for each in self.oracle.matters if each.title in text} <= titles, page

    def _tracking(self) -> None:
        """What happened, of everybody, in whatever words it is asked for."""
        kinds = ("plan", "follow_up", "opportunity")
        seen = {kind: {str(key) for key in self.oracle.visible(self.person, kind)} for kind in kinds}
        with_alone = {str(key) for key in self._planned_alone()}
        keys = list(self.oracle.written["follow_up"])
        for query in ("", "?person=me", "?owner=me", "?words=a", "?name=Orchid"):
            text = self._whole(f"/tracking{query}")
            said = {int(number) for number in re.findall(r"Said(\d+)", text)}
            told = {
                "plan": set(re.findall(r'href="/plans/([0-9a-f-]{36})"', text)),
                "follow_up": {str(keys[number]) for number in said},
                "opportunity": set(re.findall(r'href="/opportunities/([0-9a-f-]{36})"', text)),
            }
            apart = {key for key in told["plan"] if UUID(key) in self.oracle.planned_alone}
            told["plan"] -= apart
            assert apart <= with_alone, query
            assert query or apart == with_alone, self.person.scope.name
            for kind, found in told.items():
                assert found <= seen[kind], (query, kind)
            if query in {"", "?name=Orchid"}:
                known = {f"Alone said{number}." for number in range(len(self.oracle.people))}
                heard = {words for words in known if words in text}
                alone_ = list(self.oracle.alone)
                mine = {f"Alone said{alone_.index(key)}." for key in self.oracle.visible_alone(self.person)}
                assert heard == (mine if query == "" else set()), f"{query} as {self.person.scope.name}"
                assert told == seen, f"{query} as {self.person.scope.name}"

    def _planned_alone(self) -> set[UUID]:
        mine = self.oracle.visible_alone(self.person)
        return {key for key, contact_id in self.oracle.planned_alone.items() if contact_id in mine}

    def _whole(self, address: str) -> str:
        """All pages of a list, one behind the other."""
        found = ""
        while address:
            text = self.browser.get(address).text
            following = re.search(r'rel="next" href="([^"]+)"', text)
            found, address = found + text, unescape(following[1]) if following else ""
        return found

    def _named(self, text: str) -> set[str]:
        return {each.name for each in self.oracle.customers if each.name in text}

    def _search(self) -> None:
        for each in self.oracle.customers:
            text = self.browser.post("/search", {"q": each.name}, htmx=True).text
            assert (f"/customers/{each.id}" in text) == (each.id in self.customers), each.name
            found = self.browser.request("POST", "/api/v1/customers/search", json={"q": each.name})
            ids = {item["id"] for item in found.json()["items"]}
            assert (str(each.id) in ids) == (each.id in self.customers), each.name

    def _items(self) -> None:
        def answers(path: str, *, visible: bool) -> None:
            assert self.browser.get(path).status_code == (200 if visible else 404), path

        for each in self.oracle.matters:
            answers(f"/api/v1/engagements/{each.id}", visible=each.id in self.matters)
            answers(f"/engagements/{each.id}", visible=each.id in self.matters)
        paths = {"opportunity": "opportunities", "contract": "contracts", "contact": "contacts"}
        for kind, path in paths.items():
            seen = self.oracle.visible(self.person, kind)
            for key in self.oracle.written[kind]:
                answers(f"/api/v1/{path}/{key}", visible=key in seen)
        files = self.oracle.visible(self.person, "file")
        for key, (customer, _matter) in self.oracle.written["file"].items():
            answers(f"/customers/{customer}/files/{key}", visible=key in files)

    def _pages_of_customers(self) -> None:
        for each in self.oracle.customers:
            seen = each.id in self.customers
            for path in (f"/customers/{each.id}", f"/customers/{each.id}/timeline", f"/api/v1/customers/{each.id}"):
                assert self.browser.get(path).status_code == (200 if seen else 404), path
            if not seen:
                assert self.browser.get(f"/api/v1/follow-ups?customer_id={each.id}").status_code == 404
                continue
            for kind, path in (("follow_up", "follow-ups"), ("plan", "plans")):
                wanted = {
                    key
                    for key in self.oracle.visible(self.person, kind)
                    if self.oracle.written[kind][key][0] == each.id
                }
                self._same(path, self.items(f"{path}?customer_id={each.id}&limit=100"), wanted)

    def _alone(self) -> None:
        """Contacts without a customer: page, list, numbers."""
        listed = self._whole("/plans/all?view=all")
        for key, contact_id in self.oracle.planned_alone.items():
            seen = self.oracle.sees_alone(self.person, contact_id)
            assert (f'href="/plans/{key}"' in listed) is seen
            assert self.browser.get(f"/plans/{key}").status_code == (200 if seen else 404)
            assert self.browser.get(f"/api/v1/plans/{key}").status_code == (200 if seen else 404)
        text = self.browser.get("/contacts?view=alone").text
        for key in self.oracle.alone:
            seen = self.oracle.sees_alone(self.person, key)
            assert (f'href="/contacts/{key}"' in text) is seen
            assert self.browser.get(f"/contacts/{key}").status_code == (200 if seen else 404)
            said = self.browser.get(f"/follow-ups/contacts/{key}")
            assert said.status_code == (200 if seen else 404)
            if not seen:
                continue
            assert said.text.count("Alone said") == 1
            (number,) = self.browser.get(f"/api/v1/contacts/{key}").json()["points"]
            shown = self.browser.post(f"/api/v1/contacts/{key}/points/{number['id']}/reveal")
            assert shown.json()["value"].startswith("139 0000 ")

    def _audit(self) -> None:
        """The trail as a whole for those who may read it, a customer's part of it for those who see the customer."""
        for each in self.oracle.matters:
            answer = self.browser.get(f"/audit?thing={each.title}")
            assert answer.status_code == (200 if self.person.audits else 403)
            assert (str(each.customer.id) in answer.text) is self.person.audits
        for each in self.oracle.customers:
            seen = each.id in self.customers
            expected = 403 if not self.person.audits else 200 if seen else 404
            answer = self.browser.get(f"/customers/{each.id}/history")
            assert answer.status_code == expected, self.person.scope.name
            page = self.browser.get(f"/customers/{each.id}?tab=history")
            assert page.status_code == (200 if seen and self.person.audits else 404)
            if expected == 200:
                told = {matter.title for matter in self.oracle.matters if matter.title in answer.text}
                assert told <= {matter.title for matter in self.oracle.matters if matter.customer is each}

    def _audience(self) -> None:
        """Who is said to see a customer are those who see it."""
        for each in self.oracle.customers:
            page = self.browser.get(f"/customers/{each.id}/audience")
            assert page.status_code == (200 if each.id in self.customers else 404)
            if page.status_code == 200:
                named = {who.user.id for who in self.oracle.people if f"/settings/users/{who.user.id}" in page.text}
                assert named == {who.user.id for who in self.oracle.people if self.oracle.sees_customer(who, each)}


def test_everybody_reads_exactly_what_is_theirs(stand: kit.Stand, factory: Factory, browser: Browser) -> None:
    """Each house is built on a clean database."""
    runtime = stand.runtime

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a smaller seed makes no smaller house
    )  # fmt: skip
    @given(st.integers(min_value=0, max_value=2**32))
    def explore(seed: int) -> None:
        with runtime.database.connection("clean up after a house") as connection:
            kit._restore(connection, stand)
        oracle = Builder(runtime, factory, seed).build()
        with runtime.database.system_session("index for a test") as session:
            for each in oracle.customers:
                search_rows.reindex(session, each.id)
        for person in oracle.people:
            Reader(browser, oracle, person).check()

    explore()

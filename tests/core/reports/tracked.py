"""A house with rows of every class that business tracking shows, and what its list has to be by the scopes alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.sms.models import Reply
from baton_plugins.telephony.models import Call
from sqlalchemy import select

from platform_core.api import day_start, local, today
from platform_core.api.messages import OutboxMessage
from platform_core.app import Runtime
from platform_core.customers.groups.models import Group, Member
from platform_core.customers.models import Customer
from platform_core.kernel.database import vault_of
from platform_core.kernel.ids import new_id
from platform_core.permissions.models import Access
from platform_core.relay.models import Engagement, RelayEvent
from platform_core.reports.tracking import asking, reading
from platform_core.testing.factories import Factory

ROLES = {"coordinator": "Carol", "department_head": "Hanna", "management": "Max"}
AT = {
    Plan: "due_at", FollowUp: "at", Call: "started_at", OutboxMessage: "created_at", Reply: "at", RelayEvent: "at",
}  # fmt: skip
PERSON = {
    Plan: "assignee_id", FollowUp: "author_id", Call: "answered_by_id", OutboxMessage: "sender_id",
    RelayEvent: "actor_id",
}  # fmt: skip


@dataclass
class House:
    """Two departments; rows of every class at a few moments, so that many stand at the same one."""

    runtime: Runtime
    factory: Factory
    random: Random
    people: list[Any] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    group: Group = field(init=False)

    def build(self, rows: int) -> House:
        places = [self.factory.department(name) for name in ("collect", "train")]
        for place in places:
            for role in ROLES:
                self.people.append(self.factory.user(role, place))
        self.customers = [self.factory.customer(self.random.choice(self.people[:5])) for _ in range(6)]
        self.factory.add(Access(kind="share", user_id=self.people[0].id, customer_id=self.customers[0].id))
        self.group = Group(name="Fair in May", owner_id=self.people[0].id, reach="all")
        self.factory.add(self.group)
        self.factory.add(*(Member(group_id=self.group.id, customer_id=one.id) for one in self.customers[:3]))
        # Each of another customer: a step belongs to the customer of its engagement.
        matters = [new_id(), new_id()]
        self.factory.add(*(
            Engagement(id=key, customer_id=self.customers[number].id, title=f"Matter {number}")
            for number, key in enumerate(matters, start=1)
        ))  # fmt: skip
        self.factory.add(
            Access(kind="leg", department_id=places[1].id, customer_id=self.customers[1].id, engagement_id=matters[0])
        )
        with self.runtime.database.system_session("a test") as session:
            seal = vault_of(session)
            content = seal.encrypt('{"text": "Hello"}')
            session.add_all(self._row(number, matters, content) for number in range(rows))
        return self

    def _row(self, number: int, matters: list[UUID], content: bytes) -> Any:
        moment = day_start(today()) - timedelta(hours=self.random.randrange(60))
        key = self.random.choice(self.customers).id
        person = self.random.choice(self.people)
        matter = self.random.choice([None, None, *matters])
        kind = self.random.randrange(6)
        if kind == 0:
            state = self.random.choice(["open", "done", "cancelled"])
            return Plan(
                customer_id=key, engagement_id=matter, assignee_id=person.id, subject=f"Plan {number}", due_at=moment,
                state=state, task_id=self.random.choice([None, new_id()]),
            )  # fmt: skip
        if kind == 1:
            return FollowUp(
                customer_id=key, engagement_id=matter, author_id=person.id, author_label=person.name,
                body=f"Said {number}", at=moment,
            )  # fmt: skip
        if kind == 2:
            someone = self.random.choice([None, key])
            return Call(started_at=moment, customer_id=someone, answered_by_id=person.id, state="talked")
        if kind == 3:
            return OutboxMessage(
                key=f"k{number}", channel="sms", owner="sms", lane="interactive", purpose="service", route="service.cn",
                customer_id=key, sender_id=person.id, address=b"x", mask="138****0000", address_hash=number,
                content=content, created_at=moment, expires_at=moment, next_at=moment, state="delivered",
            )  # fmt: skip
        if kind == 4:
            return Reply(key=f"k{number}", customer_id=key, mask="138****0000", text=f"Answer {number}", at=moment)
        which = self.random.randrange(2)
        return RelayEvent(
            engagement_id=matters[which], customer_id=self.customers[which + 1].id, kind="handed_over", at=moment,
            actor_id=self.random.choice([None, person.id]), actor_label=person.name, text=f"Note {number}",
        )  # fmt: skip

    def oracle(self, person: Any, asked: asking.Asked) -> list[tuple[datetime, UUID]]:
        """By the scope of each class alone, without any of the shapes that make the page fast."""
        actor = self.factory.actor(person)
        found: list[tuple[datetime, UUID]] = []
        with self.runtime.database.actor_session(actor, write=False) as session:
            owners = dict(session.execute(select(Customer.id, Customer.owner_id)).all())
            mine = select(Member.customer_id).where(Member.group_id == self.group.id)
            inside = set(session.scalars(mine)) & owners.keys() if asked.group else None
            for model, name in AT.items():
                rows = [row for row in session.scalars(select(model)) if self._fits(row, asked, owners)]
                rows = [row for row in rows if inside is None or row.customer_id in inside]
                found += [(getattr(row, name), row.id) for row in rows]
        within = [place for place in found if asked.first <= local(place[0]).date() <= asked.last]
        return sorted(within, reverse=True)

    def _fits(self, row: Any, asked: asking.Asked, owners: dict[UUID, Any]) -> bool:
        who = getattr(row, PERSON[type(row)]) if type(row) in PERSON else None
        if asked.kind and asked.kind != _kind(row):
            return False
        if asked.person is not None and who != asked.person:
            return False
        if asked.owner is not None and owners.get(row.customer_id) != asked.owner:
            return False
        if asked.status and (not isinstance(row, Plan) or row.state != asked.status.rpartition(":")[2]):
            return False
        texts = [getattr(row, name, None) for name in ("subject", "body", "text")]
        return not asked.words or any(text and asked.words.lower() in text.lower() for text in texts)

    def pages(self, person: Any, asked: asking.Asked, size: int) -> list[tuple[datetime, UUID]]:
        actor = self.factory.actor(person)
        found: list[tuple[datetime, UUID]] = []
        after = ""
        with self.runtime.database.actor_session(actor, write=False) as session:
            sources = asking.allowed(self.runtime.manager.declared.happenings.owned(), actor)
            while True:
                part = reading.read(session, actor, sources, asked, after=after, size=size)
                assert len(part.lines) == size or not part.after
                found += [(line.at, line.id) for line in part.lines]
                if not (after := part.after):
                    return found


def _kind(row: Any) -> str:
    if isinstance(row, Plan):
        return "activities.tasks" if row.task_id else "activities.plans"
    return {FollowUp: "activities.follow_ups", Call: "telephony.calls", OutboxMessage: "sms.messages",
            Reply: "sms.replies", RelayEvent: "relay.steps"}[type(row)]  # fmt: skip

"""The customers told by hand (data/showcase.toml): what a visitor of the demo opens first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from platform_core.contracts.demo import DemoContract, DemoDeal, DemoTask, DemoTouch
from platform_core.demo import tables
from platform_core.demo.house import Track
from platform_core.demo.part import Part
from platform_core.demo.people import Contact, Identity
from platform_core.demo.plot import Plot, Run, Turn
from platform_core.demo.tables import Person, Place
from platform_core.kernel.clock import at_local, local

_PLAIN = ("name", "short_name", "industry", "size", "nature", "website", "legal_person", "intent", "notes", "grade",
          "source")  # fmt: skip
_UNSAID = {"kind": "organisation", "gender": "", "birth_year": None, "birth_month": None, "birth_day": None,
           "birth_lunar": False, "work_status": "", "position": "", "education": ""}  # fmt: skip


def add(part: Part) -> int:
    """Put them into a part. Returns how many there are."""
    told = tables.load("showcase")["customers"]
    for number, found in enumerate(told):
        _Teller(part, found).tell(number)
    return len(told)


class _Teller:
    def __init__(self, part: Part, told: dict[str, Any]) -> None:
        self._part = part
        self._house = part.spec.house
        self._told = told

    def _at(self, days: float, clock: str = "10:00") -> datetime:
        """A time of day, `days` ago; never later than now unless in the days to come."""
        hour, _, minute = clock.partition(":")
        now = self._part.spec.now
        return at_local(local(now).date() - timedelta(days=days), int(hour), int(minute))

    def _past(self, days: float, clock: str = "10:00") -> datetime:
        return min(self._at(days, clock), self._part.spec.now - timedelta(minutes=20))

    def tell(self, number: int) -> None:
        told, part = self._told, self._part
        created = self._past(told["created"])
        made = self._identity(created)
        plot = Plot()
        owner = self._house.person(told["owner"])
        plot.runs += [self._run(run) for run in told.get("engagements", ())]
        for touch in told.get("touches", ()):
            plot.touches.append(self._touch(plot, touch))
        plot.tasks += [self._task(plot, task) for task in told.get("tasks", ())]
        plot.become(told["status"], plot.touches[-1].at, plot.touches[-1].by, "activities.follow_up")
        spec = part.spec
        year = local(created).year
        code = f"C-{year}-{spec.counts()[year] + number + 1:05}"
        tags = [self._house.tags[tag] for tag in told.get("tags", ())]
        part.add(made, plot, code, owner, owner.department_id, tags)

    def _identity(self, created: datetime) -> Identity:
        told, part = self._told, self._part
        fields = {**_UNSAID, **{name: told.get(name, "") for name in _PLAIN}}
        place = Place(told["city"], told["region"], told["area"])
        made = Identity(part.id_at(created), created, fields, place)
        for person in told["contacts"]:
            who = Person(person["name"], person["name"][0], person["gender"])
            contact = Contact(part.id_at(created), who, person["title"], person["division"])
            made.contacts.append(contact)
            for kind, key in (("mobile", "phone"), ("email", "email"), ("wechat", "wechat")):
                if key in person:
                    part.registry.add_point(made, kind, person[key], contact.id)
        return made

    def _touch(self, plot: Plot, told: dict[str, Any]) -> DemoTouch:
        at, by = self._past(told["days"], told["time"]), self._house.person(told["by"])
        run = plot.runs[told["engagement"]] if "engagement" in told else None
        old, new = plot.become(_STATUS.get(told["outcome"], ""), at, by, "activities.follow_up")
        return DemoTouch(
            at, by, told["kind"], told["text"], told["outcome"], old, new,
            engagement_id=run.id if run else None, leg_id=_held_by(run, by.id) if run else None,
        )  # fmt: skip

    def _task(self, plot: Plot, told: dict[str, Any]) -> DemoTask:
        run = plot.runs[told["engagement"]] if "engagement" in told else None
        due = self._at(told["days"], told.get("time", "18:00"))
        created = min(plot.touches[-1].at, due)
        return DemoTask(
            due, self._house.person(told["by"]), told["kind"], told["subject"], created, "time" not in told,
            engagement_id=run.id if run else None,
        )  # fmt: skip

    def _run(self, told: dict[str, Any]) -> Run:
        house = self._house
        track = house.tracks[""][told["type"]]
        legs = told["legs"]
        first = legs[0]
        opened = self._past(first["from"], "10:30")
        run = Run(self._part.id_at(opened), track, told["title"], opened, house.person(first["by"]), [])
        run.turns += [Turn(self._part.id_at(opened), number, step) for number, step in enumerate(track.steps, 1)]
        for turn, leg in zip(run.turns, legs, strict=False):
            before = run.turns[turn.position - 2] if turn.position > 1 else None
            if before is not None:
                handed = legs[turn.position - 2]
                turn.state, turn.offered_by, turn.note = "offered", before.assignee, handed["note"]
                turn.offered_at = before.closed_at = self._past(handed["to"], "17:20")
                before.state, before.outcome = "done", handed["outcome"]
                before.ticked = len(before.step.checklist)
            if leg["by"]:
                turn.state, turn.assignee = "active", house.person(leg["by"])
                turn.accepted_at = opened if before is None else self._past(leg["from"], "17:45")
        run.turns[len(legs) - 1].ticked = told.get("ticked", 0)
        run.deal = self._deal(told, track, run)
        return run

    def _deal(self, told: dict[str, Any], track: Track, run: Run) -> DemoDeal:
        expected = local(run.opened_at).date() + timedelta(days=45)
        signed = told.get("contract")
        if signed is None:
            return DemoDeal(run.title, told["need"], told["value"], told["probability"], expected)
        at = self._past(signed["days"], "16:10")
        day = local(at).date()
        contract = DemoContract(
            signed["number"], day, signed["amount"], day, day + timedelta(days=180), signed["term"], None
        )
        signer = next(turn.assignee for turn in run.turns if "contract" in turn.step.needs)
        return DemoDeal(run.title, told["need"], told["value"], 100, expected, "won", at, signer, contract=contract)


def _held_by(run: Run, person_id: UUID) -> UUID | None:
    return next((turn.id for turn in run.turns if turn.assignee and turn.assignee.id == person_id), None)


_STATUS = {"interested": "interested", "considering": "considering", "agreed": "following"}

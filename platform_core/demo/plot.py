"""What happens with a customer, before it becomes rows: contacts, engagements on their way, what is still to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from platform_core.contracts.demo import DemoContract, DemoDeal, DemoPerson, DemoTask, DemoTouch
from platform_core.demo import tables
from platform_core.demo.house import House, Step, Track
from platform_core.demo.tables import pick, spread
from platform_core.kernel.clock import at_local, local

_STATUS_AFTER = {"interested": "interested", "considering": "considering", "refused": "dormant", "agreed": "following"}
_STATUS_OF_STAGE = {
    "collection": "interested",
    "training": "following",
    "headhunting": "following",
    "clients": "delivering",
    "service": "in_service",
}
_HOURS = (9, 9, 10, 10, 10, 11, 13, 14, 14, 15, 15, 16, 16, 17)
_STAGES = spread(
    {
        ("active", 0): 16, ("offered", 1): 9, ("active", 1): 20, ("offered", 2): 6, ("active", 2): 14,
        ("offered", 3): 5, ("active", 3): 12, ("done", 3): 12, ("cancelled", 1): 6,
    }
)  # fmt: skip
_RESTLESS = 10
"""Days. A younger customer has not come far."""


@dataclass(slots=True)
class Turn:
    """A department's leg of an engagement as it stands."""

    id: UUID
    position: int
    step: Step
    state: str = "planned"
    assignee: DemoPerson | None = None
    offered_by: DemoPerson | None = None
    offered_at: datetime | None = None
    offered_to: DemoPerson | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    note: str = ""
    outcome: str = ""
    returned: str = ""
    ticked: int = 0

    @property
    def key(self) -> str:
        """Which texts belong to the department."""
        return self.step.department.code.rpartition(".")[2]


@dataclass(slots=True)
class Run:
    """An engagement and how far it has come."""

    id: UUID
    track: Track
    title: str
    opened_at: datetime
    opened_by: DemoPerson
    turns: list[Turn]
    state: str = "open"
    closed_at: datetime | None = None
    deal: DemoDeal | None = None

    @property
    def current(self) -> Turn:
        """The furthest leg that anybody has had to do with."""
        return next(
            turn for turn in reversed(self.turns) if turn.state != "planned" or turn.returned or turn.position == 1
        )

    @property
    def holder(self) -> DemoPerson:
        """Who has the baton, or had it last."""
        return next((turn.assignee for turn in reversed(self.turns) if turn.assignee), self.opened_by)

    @property
    def updated_at(self) -> datetime:
        times = [self.opened_at, self.closed_at]
        for turn in self.turns:
            times += [turn.offered_at, turn.accepted_at, turn.closed_at]
        return max(moment for moment in times if moment is not None)


@dataclass(slots=True)
class Plot:
    """The whole story of a customer; `statuses` are (when, old, new, by, cause), oldest first."""

    touches: list[DemoTouch] = field(default_factory=list)
    tasks: list[DemoTask] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    statuses: list[tuple[datetime, str, str, DemoPerson, str]] = field(default_factory=list)
    status: str = "new"

    def become(self, status: str, at: datetime, by: DemoPerson, cause: str) -> tuple[str, str]:
        """Change the status; returns (old, new), both empty where nothing changed."""
        old = self.status
        if not status or status == old:
            return "", ""
        self.statuses.append((at, old, status, by, cause))
        self.status = status
        return old, status


class Teller:
    """Invents plots from the tables of texts; equal generators invent equal plots."""

    def __init__(self, random: Random, house: House, now: datetime, *, is_small: bool) -> None:
        self._random = random
        self._house = house
        self._now = now
        self._is_small = is_small
        stories = tables.load("stories")
        self._stories = stories
        self._first = spread({number: found["weight"] for number, found in enumerate(stories["first"])})

    def tell(
        self, plot: Plot, owner: DemoPerson, slots: dict[str, Any], created: datetime, run_ids: list[UUID]
    ) -> None:
        """First contacts, then an engagement where `run_ids` (its id and those of its legs) are given."""
        random = self._random
        now = self._now
        self._slots = slots
        if run_ids:
            run = self._run(owner, created, run_ids)
            plot.runs.append(run)
            self._contacts(plot, owner, created, run.opened_at, 1)
            self._along(plot, run)
        elif random.random() < (0.72 if self._is_small else 0.45):
            horizon = created + (now - created) * (0.3 + 0.7 * random.random())
            self._contacts(plot, owner, created, horizon, 1 + int(random.random() * random.random() * 4))
            self._next(plot, owner)
        elif self._is_small and random.random() < 0.4:
            plot.tasks.append(self._task(owner, created))

    def slots(self, who: str, city: str, month: int) -> dict[str, Any]:
        """What the places in the texts stand for with one customer."""
        random, stories = self._random, self._stories
        course, position = pick(random, stories["courses"]), pick(random, stories["positions"])
        return {"who": who, "city": city, "month": month, "course": course, "position": position, "count": 8}

    def fill(self, text: str) -> str:
        return text.format_map(self._slots)

    def _contacts(self, plot: Plot, owner: DemoPerson, start: datetime, end: datetime, count: int) -> None:
        gap = (end - start) / (count + 1)
        moment = start
        for _number in range(count):
            moment = max(moment, self._office_hour(moment + gap * (0.4 + 0.6 * self._random.random())))
            if moment >= min(end, self._now):
                return
            found = self._stories["first"][pick(self._random, self._first)]
            old, new = plot.become(_STATUS_AFTER.get(found["outcome"], ""), moment, owner, "activities.follow_up")
            text = self.fill(pick(self._random, found["texts"]))
            plot.touches.append(DemoTouch(moment, owner, found["kind"], text, found["outcome"], old, new))
            if new == "dormant":
                return

    def _next(self, plot: Plot, owner: DemoPerson) -> None:
        if plot.status == "dormant":
            if self._random.random() < 0.3:
                plot.become("lost", plot.touches[-1].at + timedelta(minutes=5), owner, "customers.update")
            return
        if plot.touches and self._random.random() < (0.75 if self._is_small else 0.45):
            plot.tasks.append(self._task(owner, plot.touches[-1].at))

    def _task(self, by: DemoPerson, since: datetime, *, run: Run | None = None) -> DemoTask:
        random = self._random
        days = random.choice((-9, -4, -2, -1, 0, 0, 0, 1, 1, 2, 3, 4, 6, 8, 11, 15))
        if self._now.hour == 0 and not self._is_small:
            days += 1
        day = local(self._now).date() + timedelta(days=days)
        all_day = random.random() < 0.25
        due = at_local(day, 18) if all_day else at_local(day, pick(random, _HOURS), pick(random, (0, 0, 15, 30, 45)))
        created = min(since, due - timedelta(hours=20))
        kind = pick(random, ("call", "call", "call", "wechat", "visit"))
        subject = pick(random, self._stories["subjects"])
        return DemoTask(due, by, kind, subject, created, all_day, "follow_up", run.id if run else None)

    def _office_hour(self, moment: datetime) -> datetime:
        day = local(moment).date()
        if day.weekday() > 4:
            day += timedelta(days=7 - day.weekday())
        return at_local(day, pick(self._random, _HOURS), int(self._random.random() * 60))

    def _run(self, owner: DemoPerson, created: datetime, run_ids: list[UUID]) -> Run:
        random = self._random
        kind = "training" if random.random() < 0.7 else "headhunting"
        track = self._house.track(owner, kind)
        age = self._now - created
        stage, reached = ("active", 0) if age < timedelta(days=_RESTLESS) else pick(random, _STAGES)
        reached = min(reached, len(track.steps) - 1)
        # Backwards from now: how long ago each leg began. Few are late with what they hold.
        spans = [0.3 + random.random() * step.work_days * 0.9 for step in track.steps[: reached + 1]]
        if stage == "offered":
            spans[-1] = random.random() * 0.9
        elif stage in {"done", "cancelled"}:
            spans.append(random.random() * max(age.days, 1) * 0.8)
        total = sum(spans)
        scale = min(1.0, age.total_seconds() / 86400 * 0.9 / total)
        starts: list[float] = []
        for span in reversed(spans):
            starts.append((starts[-1] if starts else 0.0) + span * scale)
        moments = self._in_order([self._now - timedelta(days=days) for days in reversed(starts)])
        run = self._begin(track, owner, moments[0], run_ids)
        self._advance(run, stage, reached, moments)
        run.deal = self._deal(run)
        return run

    def _in_order(self, moments: list[datetime]) -> list[datetime]:
        """In office hours where that leaves them in order and in the past."""
        found: list[datetime] = []
        for moment, following in zip(moments, [*moments[1:], self._now], strict=True):
            shifted = self._office_hour(moment)
            while shifted >= following:
                shifted -= timedelta(days=1)
            fits = not found or shifted > found[-1]
            found.append(shifted if fits else max([moment, *found]))
        return found

    def _someone(self, people: list[DemoPerson]) -> DemoPerson:
        """Of a small department more often the first, whose account is announced."""
        if self._is_small and self._random.random() < 0.45:
            return people[0]
        found: DemoPerson = pick(self._random, people)
        return found

    def _begin(self, track: Track, owner: DemoPerson, at: datetime, run_ids: list[UUID]) -> Run:
        first = track.steps[0].department
        opener = owner if owner.department_id == first.id else self._someone(first.people)
        stories, random = self._stories, self._random
        count = 2 + int(random.random() ** 2 * 30)
        self._slots = {**self._slots, "count": count}
        title = self.fill(stories["titles"][track.type])
        turns = [
            Turn(leg_id, number, step)
            for number, (leg_id, step) in enumerate(zip(run_ids[1:], track.steps, strict=False), 1)
        ]
        return Run(run_ids[0], track, title, at, opener, turns)

    def _advance(self, run: Run, stage: str, reached: int, moments: list[datetime]) -> None:
        for number in range(reached + 1):
            turn, at = run.turns[number], moments[number]
            if number:
                before = run.turns[number - 1]
                self._close(before, at)
                self._offer(turn, before, at)
            if number == reached and stage == "offered":
                self._maybe_return(run, turn)
                return
            turn.state = "active"
            receiver = turn.offered_to or self._someone(turn.step.department.people)
            turn.assignee = receiver if number else run.opened_by
            turn.accepted_at = (
                at
                if number == 0
                else min(at + timedelta(hours=0.2 + self._random.random() * 5), self._now - timedelta(minutes=1))
            )
            turn.ticked = int(self._random.random() * (len(turn.step.checklist) + 1))
        if stage in {"done", "cancelled"}:
            run.state, run.closed_at = stage, moments[-1]
            self._close(run.turns[reached], moments[-1])
            if stage == "cancelled":
                run.turns[reached].outcome = pick(self._random, self._stories["lost"]["reasons"])

    def _close(self, turn: Turn, at: datetime) -> None:
        turn.state, turn.closed_at, turn.ticked = "done", at, len(turn.step.checklist)
        turn.outcome = pick(self._random, self._stories["outcomes"][turn.key])

    def _offer(self, turn: Turn, before: Turn, at: datetime) -> None:
        turn.state, turn.offered_by, turn.offered_at = "offered", before.assignee, at
        turn.note = self.fill(pick(self._random, self._stories["notes_for"][turn.key]))
        if self._random.random() < 0.2:
            turn.offered_to = self._someone(turn.step.department.people)

    def _maybe_return(self, run: Run, turn: Turn) -> None:
        if not self._is_small or self._random.random() > 0.12:
            return
        before = run.turns[turn.position - 2]
        turn.state, turn.offered_to = "planned", None
        turn.returned = self.fill(pick(self._random, self._stories["returned"]))
        before.state, before.closed_at, before.outcome = "active", None, ""

    def _deal(self, run: Run) -> DemoDeal:
        random, stories = self._random, self._stories
        count = self._slots["count"]
        value = count * pick(random, (3800, 4800, 6800)) if run.track.type == "training" else 40_000 + count * 6000
        signing = next(turn for turn in run.turns if "contract" in turn.step.needs)
        signed_at = signing.closed_at if signing.state == "done" and run.state != "cancelled" else None
        need = self.fill(pick(random, stories["needs"][run.track.type]))
        expected = local(run.opened_at).date() + timedelta(days=30 + int(random.random() * 60))
        if run.state == "cancelled":
            reason = run.turns[signing.position - 1].outcome or stories["lost"]["reasons"][0]
            return DemoDeal(
                run.title, need, value, 0, expected, "lost", run.closed_at, run.current.assignee, lost_reason=reason
            )
        if signed_at is None or signing.assignee is None:
            return DemoDeal(run.title, need, value, pick(random, (20, 40, 50, 60, 80)), expected)
        day = local(signed_at).date() - timedelta(days=1)
        prefix = "PX" if run.track.type == "training" else "LT"
        contract = DemoContract(
            f"JL-{prefix}-{run.id.hex[-10:].upper()}", day, value, day, day + timedelta(days=365), "", None
        )
        return DemoDeal(run.title, need, value, 100, expected, "won", signed_at, signing.assignee, contract=contract)

    def _along(self, plot: Plot, run: Run) -> None:
        """What each holder wrote, what it made of the customer's status, and what the last one has to do."""
        for turn in run.turns:
            if turn.assignee is None or turn.accepted_at is None:
                continue
            end = turn.closed_at or self._now
            for _number in range(1 + int(self._random.random() * (2.4 if self._is_small else 1.4))):
                at = turn.accepted_at + (end - turn.accepted_at) * self._random.random()
                shifted = self._office_hour(at)
                at = shifted if turn.accepted_at < shifted < end else at
                found = pick(self._random, self._stories[turn.key])
                text = self.fill(pick(self._random, found["texts"]))
                plot.touches.append(
                    DemoTouch(
                        at, turn.assignee, found["kind"], text, found["outcome"], engagement_id=run.id, leg_id=turn.id
                    )
                )
            plot.become(_STATUS_OF_STAGE[turn.key], turn.accepted_at, turn.assignee, "activities.follow_up")
        plot.touches.sort(key=lambda touch: touch.at)
        current = run.current
        if run.state == "cancelled" and current.assignee and run.closed_at:
            plot.become("lost", run.closed_at, current.assignee, "customers.update")
        holder = next((turn for turn in run.turns if turn.state == "active"), None)
        if holder and holder.assignee and holder.accepted_at and self._random.random() < 0.85:
            plot.tasks.append(self._task(holder.assignee, holder.accepted_at, run=run))

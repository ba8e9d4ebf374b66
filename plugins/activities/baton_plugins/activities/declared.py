"""What activities keep and where they are found: tables with their scope, addresses, lines of the navigation."""

from __future__ import annotations

import pluggy
from baton_plugins.activities import api, models, opportunity_routes, plan_routes, preset_routes, routes
from baton_plugins.activities.alone import routes as alone
from baton_plugins.activities.alone.policies import OfPerson
from baton_plugins.activities.cycles import customer_routes as of_customers
from baton_plugins.activities.cycles import routes as cycle_routes
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.desk import listview, team, views
from baton_plugins.activities.diary import routes as diary
from baton_plugins.activities.diary.whose import RIGHT as VIEW
from baton_plugins.activities.feeds import routes as feeds
from baton_plugins.activities.feeds.models import Feed
from baton_plugins.activities.handing.models import SentPackage
from baton_plugins.activities.kinds import routes as kind_routes
from baton_plugins.activities.meetings import api as meeting_api
from baton_plugins.activities.meetings.models import Invitation, Meeting, RoomTurn
from baton_plugins.activities.meetings.policies import MeetingPolicy
from baton_plugins.activities.phrases import routes as phrase_routes
from baton_plugins.activities.phrases.models import Phrase, PhraseUse
from baton_plugins.activities.queries import badge
from baton_plugins.activities.reminders import card
from baton_plugins.activities.reminders.models import Digest, Reminder, Told
from baton_plugins.activities.together import api as together_api
from baton_plugins.activities.together import routes as together
from baton_plugins.activities.together import task_routes
from baton_plugins.activities.together.models import Assistance, Question
from baton_plugins.activities.urging import api as urging_api
from baton_plugins.activities.urging import routes as urging
from baton_plugins.activities.urging.models import Urge

from platform_core.api import (
    Customer,
    Entity,
    NavItem,
    Routes,
    ThroughCustomer,
    ThroughEngagement,
    list_handlers,
    lists,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
_SCOPED = (Question, Assistance, Urge, SentPackage)
_OF_PERSONS = (models.Plan, Reminder, Told, models.FollowUp, models.FollowUpRevision)


@hookimpl
def baton_entities() -> list[Entity]:
    scoped = [Entity(model, ThroughEngagement(model, Customer, permission=VIEW)) for model in _SCOPED]
    scoped += [Entity(model, OfPerson(model)) for model in _OF_PERSONS]
    met = [Entity(Meeting, MeetingPolicy(Meeting.id)), Entity(Invitation, MeetingPolicy(Invitation.meeting_id))]
    read = Entity(Feed, None, "says that somebody has a feed; its services read the actor's own alone")
    booked = Entity(RoomTurn, None, "counts how often a room was booked")
    phrases = Entity(Phrase, None, "about no customer; read by phrases.queries only, which asks whom one is for")
    taken = Entity(PhraseUse, None, "how often somebody took a phrase; read with their own id alone")
    return [
        *scoped,
        *met,
        read,
        booked,
        phrases,
        taken,
        Entity(Cycle, None, "days of return visits, about nobody"),
        Entity(CycleRun, ThroughCustomer(CycleRun, Customer)),
        Entity(Digest, None, "says that somebody had the overview of a day"),
    ]


@hookimpl
def baton_routes() -> list[Routes]:
    of_plans = Routes(
        "/plans",
        [
            *plan_routes.HANDLERS,
            *card.HANDLERS,
            *together.HANDLERS,
            *task_routes.HANDLERS,
            *views.HANDLERS,
            *opportunity_routes.HANDLERS,
            *alone.PLANS,
        ],
    )
    requests = Routes("/assistance", together.REQUESTS)
    calendar = [diary.ROUTES, Routes(diary.PATH, feeds.PAGES)]
    kept = [preset_routes.ROUTES, kind_routes.ROUTES, phrase_routes.ROUTES]
    cycles = [cycle_routes.ROUTES, of_customers.ROUTES]
    listed = [Routes("/follow-ups", [*routes.HANDLERS, *alone.HANDLERS]), Routes("/", list_handlers(listview.PLANS))]
    return [*listed, of_plans, requests, team.ROUTES, urging.ROUTES, *calendar, *kept, *cycles]


@hookimpl
def baton_api() -> list[Routes]:
    of_plans = Routes("/plans", [*api.PLANS, *together_api.OF_PLANS, *alone.API_PLANS])
    of_requests = Routes("/assistance", together_api.REQUESTS)
    calendar = Routes("/calendar", feeds.API)
    urges = Routes("/urges", urging_api.HANDLERS)
    meetings = Routes("/meetings", meeting_api.HANDLERS)
    return [meetings, Routes("/follow-ups", [*api.FOLLOW_UPS, *alone.API]), of_plans, of_requests, urges, calendar]


@hookimpl
def baton_navigation() -> list[NavItem]:
    kept = ("activities.presets", "settings")
    return [
        NavItem("plans", _.lazy("My plans"), "/plans", "calendar", VIEW, "work", 20, False, badge, "p"),
        NavItem("all_plans", _.lazy("All plans"), "/plans/all", "list-check", VIEW, "work", 21),
        NavItem(
            "calendar", _.lazy("Calendar"), diary.PATH, "calendar-event", "activities.view", "work", 22, hotkey="a"
        ),
        NavItem("outcomes", _.lazy("Outcomes"), "/settings/outcomes", "bolt", *kept, 60),
        # Beside messages and care: the section of how work is done is full.
        NavItem(
            "cycles", _.lazy("Return visits"), cycle_routes.HOME, "refresh", cycle_routes.KEEP, "settings", 62,
            section="channels",
        ),
        NavItem("kinds", _.lazy("Kinds of interaction"), "/settings/kinds", "forms", *kept, 61),
    ]  # fmt: skip


lists.offer(
    lists.Offer(
        "activities",
        "customers",
        lists.BulkAction(
            "cycle", _.lazy("Put on a cycle of return visits"), "refresh", "/visits/chosen", of_customers.WRITE
        ),
    )
)

"""The façade: all that a plugin may import, with `api.messages`; the rest of the core may change without notice."""

from __future__ import annotations

from litestar import Request, Response
from sqlalchemy.orm import DeclarativeBase, Session

from platform_core.audit.services import changes, record
from platform_core.contracts.business import OPPORTUNITIES, OpportunityRef, ProjectKind
from platform_core.contracts.choices import CHOICES
from platform_core.contracts.composing import ComposerKind, OutcomePreset
from platform_core.contracts.demo import DemoContext, DemoCustomer, DemoData, DemoHouse
from platform_core.contracts.entities import (
    CustomerReference,
    Entity,
    EntityRef,
    Passed,
    PastLine,
    SearchHit,
    SearchSource,
    UserReference,
)
from platform_core.contracts.events import ClockTime, Event, Job, Listener
from platform_core.contracts.fields import FieldType
from platform_core.contracts.happenings import Happening, HappeningKind, HappeningSource
from platform_core.contracts.identity import Actor, Permission, Scope
from platform_core.contracts.importing import ImportTarget
from platform_core.contracts.news import News, NotificationChannel
from platform_core.contracts.packages import PACKAGES, Package, PackagedPlan
from platform_core.contracts.pages import (
    Action,
    Badge,
    Fact,
    NavItem,
    Panel,
    Slot,
    TemplateHelper,
    TimelineEntry,
    TimelineQuery,
    Tone,
    WorkItem,
    WorkSection,
)
from platform_core.contracts.plugin import AuditWords, Dictionary, DictionaryEntry, PluginInfo, Routes, Setting
from platform_core.contracts.ports import FOLLOW_UP_FORMS, PLANNER, FollowUpForms, Port, Provider
from platform_core.contracts.reports import Linked, Report, ReportColumn, ReportFilter, ReportQuery, Widget
from platform_core.customers import audience as customer_audience
from platform_core.customers import callers
from platform_core.customers.attachments import store as store_attachment
from platform_core.customers.documents import hand_over as hand_over_attachment
from platform_core.customers.fields import born as birthday_told
from platform_core.customers.forms import CustomerInput
from platform_core.customers.groups import elsewhere as customer_groups
from platform_core.customers.models import Attachment, Contact, ContactPoint, Customer, CustomerTag, Tag
from platform_core.customers.opening import opened as customer_opened
from platform_core.customers.placeholders import PLACE as PLACE_IN_TEXT
from platform_core.customers.placeholders import places_of as places_of_text
from platform_core.customers.placeholders import values as values_for_text
from platform_core.customers.placeholders import values_of as values_of_customer
from platform_core.customers.policies import ThroughPerson, with_contact
from platform_core.customers.queries import contact as contact_get
from platform_core.customers.queries import contacts_of as customer_contacts
from platform_core.customers.queries import get as customer_get
from platform_core.customers.queries import restricted as customers_restricted
from platform_core.customers.rights import doable as customer_doable
from platform_core.customers.rights import may as customer_may
from platform_core.customers.rights import require as customer_require
from platform_core.customers.rights import require_contact as contact_require
from platform_core.customers.rights import require_unrestricted as customer_require_unrestricted
from platform_core.customers.row_reach import through_customers as reach_through_customers
from platform_core.customers.row_search import customer_name as customer_name_of_row
from platform_core.customers.row_search import customers_of as customers_of_rows
from platform_core.customers.row_search import of_customers as search_of_customers
from platform_core.customers.row_search import of_similar_customers as search_of_similar_customers
from platform_core.customers.services import create as customer_create
from platform_core.customers.services import set_status as customer_set_status
from platform_core.customers.services import touch as customer_touch
from platform_core.customers.slices import get as get_batch
from platform_core.customers.slices import mark as mark_lines
from platform_core.customers.slices import run as run_slices
from platform_core.customers.widths import is_wide as has_many_rows
from platform_core.kernel import counters, dictionaries, timelines
from platform_core.kernel.clock import at_local, day_start, local, next_weekday, now, today
from platform_core.kernel.daynumbers import day_number
from platform_core.kernel.declared import declared, service_of
from platform_core.kernel.errors import (
    Ask,
    BatonError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import noop, speaking, translator
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import ids_among, new_id
from platform_core.kernel.jobs import JobContext, JobFailedError, enqueue
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Stamped, Versioned
from platform_core.kernel.scope import AnySelect, actor_of, prepared, proven, readable, seen_by, visible
from platform_core.kernel.searchcolumn import SearchTokens, create_word_index, drop_word_index, has_words, spelled
from platform_core.kernel.searchtokens import index_tokens
from platform_core.kernel.secrets import new_token, token_digest
from platform_core.kernel.settingvalues import read as read_setting
from platform_core.kernel.signals import signal, signal_all
from platform_core.kernel.types import BigInt, DictionaryCode, Json, Money, UtcDateTime
from platform_core.kernel.unitofwork import on_commit
from platform_core.permissions.actors import load_actor
from platform_core.permissions.everybody import Holder as RightHolder
from platform_core.permissions.everybody import holders as right_holders
from platform_core.permissions.policies import ThroughCustomer, ThroughEngagement
from platform_core.permissions.rights import COUNTER as RIGHTS_COUNTER
from platform_core.relay.models import Engagement, Leg, Route, RouteStep
from platform_core.relay.queries import may_write as engagement_may_write
from platform_core.relay.queries import members_of as engagement_members
from platform_core.relay.queries import view_of as engagement_view
from platform_core.relay.queries import writable_among as engagements_to_write
from platform_core.relay.queries import writable_engagements
from platform_core.relay.services import cancel as cancel_engagement
from platform_core.relay.services import engagements_of, open_engagement
from platform_core.relay.workdays.services import calendar as work_calendar
from platform_core.users.labels import department_choices, person_choices
from platform_core.users.labels import labels as names_of
from platform_core.users.lists import list_handlers
from platform_core.users.models import NAMES_COUNTER, Department, User
from platform_core.users.notifications import notify
from platform_core.users.presence import online as people_online
from platform_core.users.sessions import end_those_of_keys as end_sessions_of_keys
from platform_core.users.views import sharing
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.cursors import decode as decode_cursor
from platform_core.web.cursors import encode as encode_cursor
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.formats import ago as time_ago
from platform_core.web.formats import day as day_text
from platform_core.web.formats import due as due_text
from platform_core.web.formats import due_tone
from platform_core.web.formats import money as money_text
from platform_core.web.formats import number as number_text
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.lists import changing
from platform_core.web.lists import declaration as lists
from platform_core.web.lists.reach import Linked as ListBranch
from platform_core.web.lists.reach import Reach as ListReach
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of, wants_fragment
from platform_core.web.routing import delete, get, patch, post, put
from platform_core.web.whom import told as refusal_text

__all__ = [
    "CHOICES",
    "COLUMN_TYPES",
    "FOLLOW_UP_FORMS",
    "METADATA",
    "NAMES_COUNTER",
    "OPPORTUNITIES",
    "PACKAGES",
    "PLACE_IN_TEXT",
    "PLANNER",
    "RIGHTS_COUNTER",
    "SIGNED_IN",
    "Action",
    "Actor",
    "AnySelect",
    "Ask",
    "Attachment",
    "AuditWords",
    "Badge",
    "BatonError",
    "BigInt",
    "Bound",
    "ClockTime",
    "ComposerKind",
    "Conflict",
    "Contact",
    "ContactPoint",
    "Cursor",
    "Customer",
    "CustomerInput",
    "CustomerReference",
    "CustomerTag",
    "DeclarativeBase",
    "DemoContext",
    "DemoCustomer",
    "DemoData",
    "DemoHouse",
    "Department",
    "Dictionary",
    "DictionaryCode",
    "DictionaryEntry",
    "Engagement",
    "Entity",
    "EntityRef",
    "Event",
    "Fact",
    "FieldType",
    "FollowUpForms",
    "Forbidden",
    "FormData",
    "Happening",
    "HappeningKind",
    "HappeningSource",
    "Identified",
    "ImportTarget",
    "Invalid",
    "Items",
    "Job",
    "JobContext",
    "JobFailedError",
    "Json",
    "Leg",
    "Limit",
    "Linked",
    "ListBranch",
    "ListReach",
    "Listener",
    "Money",
    "NavItem",
    "News",
    "NotFound",
    "Notice",
    "NotificationChannel",
    "OpportunityRef",
    "OutcomePreset",
    "Package",
    "PackagedPlan",
    "Panel",
    "Passed",
    "PastLine",
    "Permission",
    "PluginInfo",
    "Port",
    "ProjectKind",
    "Provider",
    "Report",
    "ReportColumn",
    "ReportFilter",
    "ReportQuery",
    "Request",
    "Response",
    "RightHolder",
    "Route",
    "RouteStep",
    "Routes",
    "Scope",
    "SearchHit",
    "SearchSource",
    "SearchTokens",
    "Session",
    "Setting",
    "Slot",
    "Stamped",
    "Tag",
    "TemplateHelper",
    "ThroughCustomer",
    "ThroughEngagement",
    "ThroughPerson",
    "TimelineEntry",
    "TimelineQuery",
    "Tone",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "User",
    "UserReference",
    "UtcDateTime",
    "Versioned",
    "Widget",
    "WorkItem",
    "WorkSection",
    "actor_of",
    "among",
    "at_local",
    "bind",
    "birthday_told",
    "callers",
    "cancel_engagement",
    "changes",
    "changing",
    "contact_get",
    "contact_require",
    "counters",
    "create_word_index",
    "customer_audience",
    "customer_contacts",
    "customer_create",
    "customer_doable",
    "customer_get",
    "customer_groups",
    "customer_may",
    "customer_name_of_row",
    "customer_opened",
    "customer_require",
    "customer_require_unrestricted",
    "customer_set_status",
    "customer_touch",
    "customers_of_rows",
    "customers_restricted",
    "cut",
    "day_number",
    "day_start",
    "day_text",
    "declared",
    "decode_cursor",
    "delete",
    "department_choices",
    "dictionaries",
    "drop_word_index",
    "due_text",
    "due_tone",
    "encode_cursor",
    "end_sessions_of_keys",
    "engagement_may_write",
    "engagement_members",
    "engagement_view",
    "engagements_of",
    "engagements_to_write",
    "enqueue",
    "fragment",
    "get",
    "get_batch",
    "hand_over_attachment",
    "has_many_rows",
    "has_words",
    "ids_among",
    "index_tokens",
    "initial",
    "list_handlers",
    "lists",
    "load_actor",
    "local",
    "mark_lines",
    "money_text",
    "names_of",
    "new_id",
    "new_token",
    "next_weekday",
    "noop",
    "notify",
    "now",
    "number_text",
    "on_commit",
    "open_engagement",
    "page",
    "patch",
    "people_online",
    "person_choices",
    "places_of_text",
    "platform_of",
    "post",
    "prepared",
    "proven",
    "publish",
    "put",
    "reach_through_customers",
    "read_setting",
    "readable",
    "record",
    "redirect",
    "refusal_text",
    "right_holders",
    "run_slices",
    "search_of_customers",
    "search_of_similar_customers",
    "seen_by",
    "service_of",
    "sharing",
    "signal",
    "signal_all",
    "speaking",
    "spelled",
    "store_attachment",
    "time_ago",
    "timelines",
    "today",
    "token_digest",
    "translator",
    "values_for_text",
    "values_of_customer",
    "visible",
    "wants_fragment",
    "with_contact",
    "work_calendar",
    "writable_engagements",
]

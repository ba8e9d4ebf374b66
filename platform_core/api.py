"""The façade: every name a plugin may import. Anything else of `platform_core` may change without notice."""

from __future__ import annotations

from litestar import Request, Response
from sqlalchemy.orm import DeclarativeBase, Session

from platform_core.audit.services import changes, record
from platform_core.contracts.entities import CustomerReference, Entity, EntityRef, SearchHit, SearchSource
from platform_core.contracts.events import Event, Job, Listener
from platform_core.contracts.identity import Actor, Permission, Scope
from platform_core.contracts.pages import (
    Action,
    Fact,
    NavItem,
    Panel,
    TimelineEntry,
    TimelineQuery,
    Tone,
    WorkItem,
    WorkSection,
)
from platform_core.contracts.plugin import DemoData, Dictionary, DictionaryEntry, PluginInfo, Routes, Setting
from platform_core.contracts.ports import Port, Provider
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import at_local, day_start, local, next_weekday, now, today
from platform_core.kernel.errors import BatonError, Conflict, Forbidden, Invalid, NotFound, TooLarge
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import JobContext, JobFailedError, enqueue
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Stamped, Versioned
from platform_core.kernel.scope import actor_of
from platform_core.kernel.types import Json, Money, UtcDateTime
from platform_core.kernel.unitofwork import on_commit
from platform_core.permissions.policies import ThroughCustomer, ThroughEngagement
from platform_core.users.models import User
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import delete, get, patch, post, put

__all__ = [
    "COLUMN_TYPES",
    "METADATA",
    "SIGNED_IN",
    "Action",
    "Actor",
    "BatonError",
    "Bound",
    "Conflict",
    "Customer",
    "CustomerReference",
    "DeclarativeBase",
    "DemoData",
    "Dictionary",
    "DictionaryEntry",
    "Entity",
    "EntityRef",
    "Event",
    "Fact",
    "Forbidden",
    "FormData",
    "Identified",
    "Invalid",
    "Job",
    "JobContext",
    "JobFailedError",
    "Json",
    "Listener",
    "Money",
    "NavItem",
    "NotFound",
    "Panel",
    "Permission",
    "PluginInfo",
    "Port",
    "Provider",
    "Request",
    "Response",
    "Routes",
    "Scope",
    "SearchHit",
    "SearchSource",
    "Session",
    "Setting",
    "Stamped",
    "ThroughCustomer",
    "ThroughEngagement",
    "TimelineEntry",
    "TimelineQuery",
    "Tone",
    "TooLarge",
    "User",
    "UtcDateTime",
    "Versioned",
    "WorkItem",
    "WorkSection",
    "actor_of",
    "at_local",
    "bind",
    "changes",
    "day_start",
    "delete",
    "dictionaries",
    "enqueue",
    "fragment",
    "get",
    "initial",
    "local",
    "new_id",
    "next_weekday",
    "noop",
    "now",
    "on_commit",
    "page",
    "patch",
    "platform_of",
    "post",
    "publish",
    "put",
    "record",
    "redirect",
    "today",
    "translator",
]

"""Baton's extension API. Every hook is a contract in prose; an implementation takes any subset of its arguments.

declare hooks run once while plugins load and return declarations. ask hooks run per request, plugin by plugin, within a
time budget; a raising or slow plugin costs its own piece of the page, never the page. lifecycle hooks announce states.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
import pluggy

from platform_core.contracts.business import ProjectKind
from platform_core.contracts.composing import ComposerKind, OutcomePreset
from platform_core.contracts.demo import DemoData
from platform_core.contracts.entities import CustomerReference, Entity, SearchSource, UserReference
from platform_core.contracts.events import Job, Listener
from platform_core.contracts.fields import FieldType
from platform_core.contracts.happenings import HappeningSource
from platform_core.contracts.identity import Actor, Permission
from platform_core.contracts.importing import ImportTarget
from platform_core.contracts.news import NotificationChannel
from platform_core.contracts.pages import (
    Action,
    Fact,
    NavItem,
    Panel,
    Slot,
    TemplateHelper,
    TimelineEntry,
    TimelineQuery,
    WorkSection,
)
from platform_core.contracts.plugin import AuditWords, Dictionary, PluginInfo, Routes, Setting
from platform_core.contracts.ports import Provider
from platform_core.contracts.reports import Report, Widget

if TYPE_CHECKING:
    from litestar import Request
    from sqlalchemy.orm import Session

hookspec = pluggy.HookspecMarker("baton")


@hookspec(firstresult=True)
def baton_plugin_info() -> PluginInfo | None:
    """Say who you are. Called once, before every other hook; required."""


@hookspec
def baton_entities() -> Sequence[Entity]:
    """Declare every mapped class of the plugin, each with its scope policy or a reason to have none.

    Called once. A mapped class that is not declared stops the plugin from loading.
    """


@hookspec
def baton_customer_references() -> Sequence[CustomerReference]:
    """Declare every column that refers to a customer, so that merge and erase are complete. Called once."""


@hookspec
def baton_user_references() -> Sequence[UserReference]:
    """Declare every column that refers to a person, so that what somebody holds passes on whole. Called once.

    Open work moves along when a customer gets another owner, and when somebody leaves.
    """


@hookspec
def baton_permissions() -> Sequence[Permission]:
    """Declare the rights your routes and services ask for, named `<plugin>.verb`. Called once."""


@hookspec
def baton_default_grants() -> dict[str, dict[str, str]]:
    """Suggest grants for the preset roles when the plugin is first installed: role code -> permission -> scope name.

    Called once; admins change them afterwards. Roles that do not exist are ignored.
    """


@hookspec
def baton_routes() -> Sequence[Routes]:
    """Declare page handlers. Paths and names are unique over all plugins; names start with `<plugin>:`. Called once."""


@hookspec
def baton_api() -> Sequence[Routes]:
    """Declare JSON handlers, mounted under /api/v1. Called once."""


@hookspec
def baton_navigation() -> Sequence[NavItem]:
    """Declare lines of the side navigation. Called once; shown to actors who hold the line's permission."""


@hookspec
def baton_slots() -> Sequence[Slot]:
    """Declare pieces that stand on every page: a banner, something in the top bar or below the navigation. Called once.

    Each is drawn per page, isolated; pages of nobody in particular, such as the sign-in, have none.
    """


@hookspec
def baton_template_helpers() -> Sequence[TemplateHelper]:
    """Declare functions for your templates, named `<plugin>_name`. Called once; they give "" while you are disabled."""


@hookspec
def baton_settings() -> Sequence[Setting[Any]]:
    """Declare settings with their defaults, named `<plugin>.name`; the plugins page has a form for them. Called once.

    Read a value with `read_setting(session, SETTING)`: a change counts from the next request on, in every process.
    """


@hookspec
def baton_jobs() -> Sequence[Job]:
    """Declare background work, named `<plugin>.job`. Called once; skipped while the plugin is disabled."""


@hookspec
def baton_commands() -> Sequence[click.Command]:
    """Declare what operators may run as `baton <plugin> <command>`. Called once; refused while the plugin is disabled.

    A command gets the session by `@click.pass_obj`: it sees every row and is committed when the command returns.
    """


@hookspec
def baton_listeners() -> Sequence[Listener]:
    """Declare what to call after which event. Called once; silent while the plugin is disabled."""


@hookspec
def baton_ports() -> Sequence[Provider[Any]]:
    """Offer services to other plugins, which ask with `service_of(session, PORT)`. Called once.

    Two providers of one port are an error; without one, who asks gets the port's null version.
    """


@hookspec
def baton_dictionaries() -> Sequence[Dictionary]:
    """Declare dictionaries and the entries they start with. Called once; entries are inserted by `baton migrate`."""


@hookspec
def baton_seed(session: Session) -> None:
    """Put the first rows into your own tables, in the deployment's language. Called by every `baton migrate`.

    Add only what a fresh install lacks: nothing once there are rows, since an admin may have removed some.
    """


@hookspec
def baton_search_sources() -> Sequence[SearchSource]:
    """Declare what the palette and the search page look through besides customers. Called once."""


@hookspec
def baton_notification_channels() -> Sequence[NotificationChannel]:
    """Declare ways in which news reaches people, named `<plugin>.name`, beside the bell in the page. Called once.

    Whatever anybody announces with `notify` goes through every channel that is switched on; one that fails costs
    nothing but its own way.
    """


@hookspec
def baton_composer_kinds() -> Sequence[ComposerKind]:
    """Declare ways of contact for the follow-up form, named `<plugin>.name`. Called once; gone while disabled."""


@hookspec
def baton_outcome_presets() -> Sequence[OutcomePreset]:
    """Declare outcomes of a contact for the follow-up form, named `<plugin>.name`. Called once; gone while disabled."""


@hookspec
def baton_field_types() -> Sequence[FieldType]:
    """Declare types that custom fields may have, named `<plugin>.name`. Called once."""


@hookspec
def baton_project_kinds() -> Sequence[ProjectKind]:
    """Declare kinds of business for opportunities, named `<plugin>.name`. Called once; not offered while disabled.

    `baton migrate` makes a row of each that is new. Admins give it its route, which says what department comes next.
    """


@hookspec
def baton_reports() -> Sequence[Report]:
    """Declare reports, named `<plugin>.name`: columns, filters and a function that gives rows. Called once.

    The reports page lists them for actors who hold their permission. Rows are asked for per view, isolated; a cell may
    be `Linked` to the rows it counts.
    """


@hookspec
def baton_happenings() -> Sequence[HappeningSource]:
    """Declare what stands in the list of everything that happened, named `<plugin>.name`. Called once.

    The platform writes the statement for each view: the class's scope policy, the page's conditions, a keyset over the
    source's time. `show` is asked for the rows of a page, isolated.
    """


@hookspec
def baton_import_targets() -> Sequence[ImportTarget]:
    """Declare what can be added by uploading a table, named `<plugin>.name`. Called once.

    Each has a page `/import/<name>` for actors who hold its permission; link to it from your list.
    """


@hookspec
def baton_audit_words() -> Sequence[AuditWords]:
    """Declare words for the lines you write into the audit trail: actions, fields, codes. Called once.

    Lines without words are shown as they are stored. Words stay in use while the plugin is disabled.
    """


@hookspec
def baton_demo_data() -> Sequence[DemoData]:
    """Declare how to fill your tables for `baton demo`. Called once."""


@hookspec(firstresult=True)
def baton_authenticate(session: Session, request: Request[Any, Any, Any]) -> Actor | None:
    """Recognise who sends a request, from its cookie or bearer token. None passes to the next implementation.

    Called before every handler that is not public.
    """


@hookspec(firstresult=True)
def baton_load_actor(session: Session, user_id: UUID) -> Actor | None:
    """Build the actor of a user outside a request, with the rights of this moment. None when the user may not act.

    Called when a job starts and by the command line.
    """


@hookspec
def baton_customer_facts(session: Session, actor: Actor, customer: Any) -> Sequence[Fact]:
    """Cells for the facts strip of the customer page. Called once per page view."""


@hookspec
def baton_customer_panels(session: Session, actor: Actor, customer: Any) -> Sequence[Panel]:
    """Banners, side panels and tabs of the customer page. Called once per page view; be lazy when it costs."""


@hookspec
def baton_customer_actions(session: Session, actor: Actor, customer: Any) -> Sequence[Action]:
    """Verbs offered on a customer. Called once per page view; the core drops those the actor has no right to."""


@hookspec
def baton_contact_actions(session: Session, actor: Actor, contact: Any) -> Sequence[Action]:
    """Verbs offered on a contact that stands alone, on its page of consent and privacy. Called once per page view."""


@hookspec
def baton_erase_blockers(session: Session, ids: Sequence[UUID]) -> Sequence[tuple[UUID, str]]:
    """Which of these customers may not be erased yet, each with a reason in the reader's language. All are shown.

    Called when the page to erase and the bin are drawn, again before anything is erased, and by the job that empties
    the bin. What the reader cannot see counts too. One statement for all of `ids`, at most 200. A raising plugin stops
    the erasing.
    """


@hookspec
def baton_kept_from_pool(session: Session, ids: Sequence[UUID]) -> Collection[UUID]:
    """Which of these customers have work under way, so that they stay with their owner. All results are joined.

    Called before customers are given up to the pool, and by the job that takes back those without contact. Work that
    the reader cannot see counts too. One statement for all of `ids`, at most 500. A raising plugin keeps them all.
    """


@hookspec
def baton_customer_timeline(session: Session, actor: Actor, query: TimelineQuery) -> Sequence[TimelineEntry]:
    """At most `query.limit` lines older than `query.before`, newest first. The core merges all plugins' lines.

    Called for each piece of a customer's timeline that is shown.
    """


@hookspec
def baton_workbench(session: Session, actor: Actor) -> Sequence[WorkSection]:
    """Sections of the actor's workbench. Called once per view of the workbench; at most 20 items a section."""


@hookspec
def baton_dashboard_widgets(session: Session, actor: Actor) -> Sequence[Widget]:
    """Tiles above the list of reports; none for an actor without the right. Called once per view of that page."""


@hookspec
def baton_handover_blockers(session: Session, actor: Actor, engagement: Any, leg: Any) -> Sequence[str]:
    """Reasons, in the actor's language, why `leg` may not be closed and handed over yet. All results are shown.

    Called when the form to hand over is drawn and again before the leg is closed. A raising plugin stops the hand-over.
    """


@hookspec
def baton_leg_taken(session: Session, actor: Actor, engagement: Any, leg: Any) -> None:
    """A department has taken over `leg`: make its first plans here.

    Called once per take-over, in the transaction that does it; a raising plugin takes it back.
    """


@hookspec
def baton_engagement_summary(session: Session, actor: Actor, engagement_id: UUID) -> Sequence[Fact]:
    """What you know about an engagement (value, contract, open plans), for its card and its hand-over package.

    Called when an engagement's page is drawn.
    """


@hookspec
def baton_prepare(session: Session, actor: Actor) -> Sequence[str]:
    """What a crowd asks for at once when a process has just started. Name templates (`<owner>/<file>`) to load by then.

    Called in each web process before it serves, for one person of each role with their rights, in a transaction that
    is rolled back. Run the reads such a page begins with, for an id or a number that nobody has: their statements are
    compiled and their policies written by it, and nothing is seen. Write and reveal nothing. What fails here is told in
    the log; the process serves all the same.
    """


@hookspec
def baton_startup() -> None:
    """The process is about to serve. Called once per web and worker process."""


@hookspec
def baton_shutdown() -> None:
    """The process is about to stop. Called once per web and worker process."""


@hookspec
def baton_enabled() -> None:
    """An admin has just switched this plugin on. Called in the process that did it, after the commit."""


@hookspec
def baton_disabled() -> None:
    """An admin has just switched this plugin off. Called in the process that did it, after the commit."""


@hookspec
def baton_health() -> str | None:
    """A reason why the plugin is not well, or None. Called by `/healthz` and `baton doctor`."""

"""Putting the customer page together: one read of the head, then what every plugin contributes, each piece isolated."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request
from markupsafe import Markup
from sqlalchemy import Uuid, bindparam, func, select, true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from platform_core.caps import counting
from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action, Fact, Panel
from platform_core.customers import rights, teaming
from platform_core.customers.models import Attachment, Contact, Customer, CustomerTag, Tag
from platform_core.customers.pool import services as pool
from platform_core.customers.transfer.rules import PERMISSION as TRANSFER
from platform_core.customers.transfer.rules import Place, reaches
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import AnySelect, prepared, proven, visible
from platform_core.plugins.hooks import PoisonedTransactionError
from platform_core.plugins.registry import Owned
from platform_core.users.models import Department, User
from platform_core.web.pages import PageContext
from platform_core.web.requests import Platform, platform_of

_ = translator("customers")
_log = logging.getLogger(__name__)
MOST_FACTS = 6
_PROOF = proven("carries the policies of customers and attachments itself")
_SEPARATOR = "\n"


@dataclass(frozen=True, slots=True)
class Head:
    """A customer with what its header shows."""

    customer: Customer
    owner: str
    department: str
    tags: Sequence[str]
    contacts: int
    files: int
    seen: counting.Seen
    """Whether the reader has opened the customer before on this day, and how many others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A plugin's panel, rendered; `html` is empty for one that is fetched later from `lazy_url`."""

    key: str
    title: str
    icon: str
    count: int | None
    html: Markup
    lazy_url: str


@dataclass(frozen=True, slots=True)
class TabLink:
    key: str
    title: str
    count: int | None
    url: str
    current: bool


def head(session: Session, actor: Actor, customer_id: UUID) -> Head:
    """One statement. Also remembers for `rights.may` whether access lets the actor write. Raises NotFound."""
    row = session.execute(_head(session), counting.parameters_of(actor, customer_id)).one_or_none()
    if row is None:
        raise NotFound(_("There is no such customer, or not for you."))
    customer: Customer = row.Customer
    rights.remember(session, customer.id, is_writable=bool(row.is_writable))
    tags = sorted(filter(None, (row.tags or "").split(_SEPARATOR)))
    return Head(customer, row.owner or "", row.department or "", tags, row.contacts, row.files, counting.Seen.of(row))


@prepared
def _head(reader: Actor) -> AnySelect:
    customer_id = bindparam("customer_id", type_=Uuid())
    tags = (
        select(func.aggregate_strings(Tag.name, _SEPARATOR))
        .join(CustomerTag, CustomerTag.tag_id == Tag.id)
        .where(CustomerTag.customer_id == customer_id)
        .scalar_subquery()
    )
    contacts = (
        select(func.count())
        .select_from(Contact)
        .where(Contact.customer_id == customer_id, Contact.deleted_at.is_(None))
        .scalar_subquery()
    )
    files = select(func.count(Attachment.document_id.distinct())).where(Attachment.customer_id == customer_id)
    of_engagements = visible(Attachment, reader)
    if of_engagements is not None:
        files = files.where(of_engagements)
    counted = counting.looking()
    statement = (
        select(
            Customer, User.name.label("owner"), Department.name.label("department"), tags.label("tags"),
            contacts.label("contacts"), files.scalar_subquery().label("files"),
            rights.writable(reader, customer_id).label("is_writable"), counted,
        )
        .select_from(Customer)
        .join(counted, true())
        .outerjoin(User, User.id == Customer.owner_id)
        .outerjoin(Department, Department.id == Customer.department_id)
        .where(Customer.id == customer_id)
        .execution_options(**_PROOF)
    )  # fmt: skip
    allowed = visible(Customer, reader)
    return statement if allowed is None else statement.where(allowed)


def facts(platform: Platform, session: Session, actor: Actor, shown: Head) -> list[Fact]:
    """At most six cells, by order: the record's own and the plugins'."""
    found = [item.value for item in platform.hooks.customer_facts(session, actor, shown.customer)]
    return sorted([*_own_facts(session, actor, shown), *found], key=lambda fact: fact.order)[:MOST_FACTS]


def _own_facts(session: Session, actor: Actor, shown: Head) -> list[Fact]:
    customer = shown.customer
    url = None
    if customer.phone_point_id is not None and rights.may(session, actor, "customers.reveal", customer):
        url = f"/customers/{customer.id}/points/{customer.phone_point_id}/reveal"
    contact = customer.contact_name or (customer.name if customer.kind == "person" else "")
    return [
        Fact(_("Owner"), shown.owner or _("Nobody yet"), shown.department, order=10),
        Fact(_("Main contact"), contact or _("None yet"), customer.phone_mask, order=20, reveal_url=url),
    ]


def actions(platform: Platform, session: Session, actor: Actor, customer: Customer) -> list[Action]:
    found = platform.hooks.customer_actions(session, actor, customer)
    return sorted((item.value for item in found), key=lambda action: (action.order, action.key))


def own_actions(session: Session, actor: Actor, customer: Customer) -> list[Action]:
    """The record's own verbs, as far as the actor has a right to them on this customer."""
    url, edit, delete = f"/customers/{customer.id}", "customers.edit", "customers.delete"
    found: list[Action] = []
    if rights.may(session, actor, edit, customer):
        label = _("Add a contact")
        found = [
            Action(edit, _("Edit"), "edit", f"{url}/edit", edit, hotkey="e", order=70),
            Action("customers.add_contact", label, "user-plus", f"{url}/contacts/new", edit, "dialog", order=80),
        ]
    if customer.lead_since is not None and rights.may(session, actor, edit, customer):
        label, now = _("Make it a customer"), f"{url}/convert"
        found.append(Action("customers.convert", label, "user-check", now, edit, "dialog", order=60))
    if pool.may_release(actor, customer):
        label, away = _("Back to the pool"), f"{url}/release"
        found.append(Action(pool.RELEASE, label, "arrow-back-up", away, pool.RELEASE, "dialog", order=94))
    for verb, name, icon in (
        ("merge", _("Merge with another customer"), "git-merge"),
        ("erase", _("Erase the person"), "trash"),
    ):
        if rights.may(session, actor, f"customers.{verb}", customer):
            found.append(Action(f"customers.{verb}", name, icon, f"{url}/{verb}", f"customers.{verb}", order=97))
    if reaches(actor, Place(customer.owner_id, customer.department_id, customer.team_id)):
        label, away = _("Give to somebody else"), f"{url}/transfer"
        found.append(Action(TRANSFER, label, "switch-horizontal", away, TRANSFER, "post", order=96))
    if teaming.may(actor, customer):
        label, view = _("Put into a team"), "customers.view"
        found.append(Action("customers.team", label, "users", f"{url}/team", view, "dialog", order=95))
    if rights.may(session, actor, delete, customer):
        question = _(
            "Move this customer to the bin? You can undo this, until the bin is emptied on the day that it says."
        )
        label = _("Move to the bin")
        found.append(Action(delete, label, "trash", f"{url}/delete", delete, "post", order=99, confirm=question))
    return found


def own_panels(customer: Customer) -> list[Panel]:
    url = f"/customers/{customer.id}/contacts"
    return [
        Panel(
            "customers.contacts", "side", _("Contacts"), "customers/_contacts_panel.html", icon="users", order=80,
            lazy_url=url,
        ),
        Panel(
            "customers.relations", "side", _("Relations"), "customers/relations/_panel.html", icon="sitemap", order=85,
            lazy_url=f"/customers/{customer.id}/relations?panel=1",
        ),
        Panel(
            "customers.shares", "side", _("Shared with"), "customers/sharing/_panel.html", icon="share", order=87,
            lazy_url=f"/customers/{customer.id}/shares?panel=1",
        ),
    ]  # fmt: skip


def panels(platform: Platform, session: Session, actor: Actor, customer: Customer) -> dict[str, list[Owned[Panel]]]:
    """Slot -> panels by order."""
    found: dict[str, list[Owned[Panel]]] = {"banner": [], "composer": [], "side": [], "tab": []}
    asked = platform.hooks.customer_panels(session, actor, customer)
    for item in sorted(asked, key=lambda item: (item.value.order, item.value.key)):
        found[item.value.slot].append(item)
    return found


def rendered(request: Request[Any, Any, Any], owned: Sequence[Owned[Panel]], context: Mapping[str, Any]) -> list[Piece]:
    """Each panel as a template of its own; one that fails becomes an error card and nothing else."""
    shell = shell_of(request)
    return [_piece(platform_of(request), shell, item, context) for item in owned]


def _piece(platform: Platform, shell: PageContext, item: Owned[Panel], context: Mapping[str, Any]) -> Piece:
    panel = item.value
    html = Markup()
    if panel.lazy_url is None:
        values = {**context, "title": panel.title, "icon_name": panel.icon, "count": panel.count, **panel.context}
        try:
            html = platform.templates.markup(panel.template, {**values, "page": shell}, shell.theme)
        except SQLAlchemyError as error:
            raise PoisonedTransactionError(item.owner) from error
        except Exception as error:
            platform.hooks.fault(item.owner, "template", f"panel {panel.key}", error)
            html = platform.templates.markup("_panel_error.html", {"title": panel.title, "page": shell}, shell.theme)
    return Piece(panel.key, str(panel.title), panel.icon, panel.count, html, panel.lazy_url or "")


def shell_of(request: Request[Any, Any, Any]) -> PageContext:
    """The `page` object for templates that are rendered piece by piece."""
    actor: Actor | None = request.scope.get("baton_actor")  # type: ignore[assignment]
    return PageContext(platform_of(request), request, actor, "customers")


def tabs(shown: Head, found: Sequence[Owned[Panel]], current: str, *, with_history: bool) -> list[TabLink]:
    """The record's own tabs around those of the plugins."""
    url = f"/customers/{shown.customer.id}"
    own: list[tuple[str, str, int | None]] = [
        ("", _("Timeline"), None),
        ("contacts", _("Contacts"), shown.contacts),
        *((item.value.key, str(item.value.title), item.value.count) for item in found),
        ("files", _("Files"), shown.files),
        ("record", _("Record"), None),
    ]
    if with_history:
        own.append(("history", _("History"), None))
    return [TabLink(key, title, count, f"{url}?tab={key}" if key else url, key == current) for key, title, count in own]

"""JSON: the package of a hand-over, as it would be composed and as it was sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.packages import Package
from platform_core.customers import opening
from platform_core.customers.models import Attachment
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.relay import packages, queries, services
from platform_core.relay.models import Leg
from platform_core.web.apis import Items
from platform_core.web.routing import get

_ = translator("relay")


class PackagedPlanOut(msgspec.Struct, kw_only=True):
    id: UUID
    subject: str
    due_at: datetime
    all_day: bool
    who: str


class PackagedFileOut(msgspec.Struct, kw_only=True):
    id: UUID
    filename: str
    size: int


class PackageOut(msgspec.Struct, kw_only=True):
    """`missing`: files that were sent along and are gone, or that the caller may not read."""

    said: str
    promised: str
    note: str
    plans: list[PackagedPlanOut]
    files: list[PackagedFileOut]
    missing: int
    at: datetime | None
    sender: str


@get("/{engagement_id:uuid}/package", permission="relay.handover", name="relay:api_proposed")
def proposed(session: Session, actor: Actor, engagement_id: UUID) -> PackageOut:
    """What would go along if the caller handed over now and changed nothing."""
    view = queries.view_of(session, engagement_id)
    services.record_view(session, actor, view.engagement)
    if view.following is None:
        raise NotFound(_("This is the last leg: finish the engagement instead."))
    proposal = packages.propose(session, view.engagement, view.following.leg)
    if proposal is None:
        return _out(Package(), {})
    return _out(proposal.package, {file.id: file for file in proposal.files})


@get("/{leg_id:uuid}/packages", permission="relay.view", name="relay:api_packages")
def sent(session: Session, actor: Actor, leg_id: UUID) -> Items[PackageOut]:
    """What was sent along to a leg, newest first."""
    leg = queries.leg_of(session, leg_id)
    found = packages.read(session, leg)
    files = packages.files(session, found)
    opening.opened(session, actor, _ref(leg), leg.customer_id, "relay.package", ids=list(files))
    return Items([_out(package, files) for package in found], None)


def _ref(leg: Leg) -> EntityRef:
    return EntityRef("relay", "leg", leg.id)


def _out(package: Package, files: dict[UUID, Attachment]) -> PackageOut:
    known = [files[key] for key in package.files if key in files]
    return PackageOut(
        said=package.said,
        promised=package.promised,
        note=package.note,
        plans=[PackagedPlanOut(**{name: getattr(plan, name) for name in PackagedPlanOut.__struct_fields__})
               for plan in package.plans],
        files=[PackagedFileOut(id=file.id, filename=file.filename, size=file.size) for file in known],
        missing=len(package.files) - len(known),
        at=package.at,
        sender=package.sender,
    )  # fmt: skip

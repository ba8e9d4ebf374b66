"""The package of a hand-over: proposed, edited by the sender, sent with the baton, read by who sees the engagement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.packages import PACKAGES, Package
from platform_core.customers import documents
from platform_core.customers.models import Attachment
from platform_core.kernel.declared import service_of
from platform_core.kernel.idlists import among
from platform_core.relay.forms import PackageInput
from platform_core.relay.models import Engagement, Leg

_MOST_FILES = 50


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the form offers: the package as composed, and every file that may go along."""

    package: Package
    files: Sequence[Attachment]

    @property
    def chosen(self) -> PackageInput:
        """All that was composed, as a sender would send it who changes nothing."""
        package = self.package
        plans = [plan.id for plan in package.plans]
        return PackageInput(said=package.said, promised=package.promised, plans=plans, files=list(package.files))


def propose(session: Session, engagement: Engagement, leg: Leg) -> Proposal | None:
    """None where nobody keeps packages. What came while the engagement was open is chosen, older files are offered."""
    package = service_of(session, PACKAGES).propose(session, engagement, leg)
    if package is None:
        return None
    files = offered(session, engagement)
    chosen = [file.id for file in files if file.engagement_id or file.uploaded_at >= engagement.opened_at]
    return Proposal(replace(package, files=tuple(chosen)), files)


def offered(session: Session, engagement: Engagement) -> Sequence[Attachment]:
    """Files of the engagement and of the customer alone that the actor may read, newest first, none in old versions."""
    newest = _here(engagement).where(documents.is_newest())
    in_order = newest.order_by(Attachment.uploaded_at.desc(), Attachment.id.desc())
    return session.scalars(in_order.limit(_MOST_FILES)).all()


def _here(engagement: Engagement) -> Select[Attachment]:
    of_it = or_(Attachment.engagement_id == engagement.id, Attachment.engagement_id.is_(None))
    return select(Attachment).where(Attachment.customer_id == engagement.customer_id, of_it)


def send(session: Session, actor: Actor, engagement: Engagement, leg: Leg, sent: PackageInput | None) -> dict[str, int]:
    """Keep what goes to `leg`: as edited, or as composed. Returns how many pieces of each kind, for the audit trail.

    A plan that was finished or a file that was removed while the form lay open stays out.
    """
    proposal = propose(session, engagement, leg)
    if proposal is None:
        return {}
    wanted = proposal.chosen if sent is None else sent
    # Also what has got a newer version since the form was opened: that is what the sender has read and means.
    asked = wanted.files[:_MOST_FILES]
    known = {file.id for file in session.scalars(_here(engagement).where(among(Attachment.id, asked)))}
    package = replace(
        proposal.package,
        said=wanted.said.strip(),
        promised=wanted.promised.strip(),
        plans=tuple(plan for plan in proposal.package.plans if plan.id in wanted.plans),
        files=tuple(dict.fromkeys(key for key in asked if key in known)),
        note=leg.note,
    )
    service_of(session, PACKAGES).keep(session, actor, leg, package)
    return {"plans": len(package.plans), "files": len(package.files)}


def read(session: Session, leg: Leg) -> Sequence[Package]:
    """What was sent to a leg, newest first. Of before there were packages only the note is known."""
    found = service_of(session, PACKAGES).sent(session, leg.id)
    if found or not leg.note:
        return found
    return [Package(note=leg.note, at=leg.offered_at)]


def files(session: Session, packages: Iterable[Package]) -> dict[UUID, Attachment]:
    """Those of the packages that are still there and that the actor may read."""
    keys: Collection[UUID] = {key for package in packages for key in package.files}
    if not keys:
        return {}
    return {row.id: row for row in session.scalars(select(Attachment).where(among(Attachment.id, keys)))}

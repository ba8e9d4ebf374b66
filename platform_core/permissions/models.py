"""Roles, their grants, who holds them, and access to single customers and engagements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Stamped, Versioned
from platform_core.kernel.types import UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Role(Identified, Stamped, Versioned, Base):
    """A retired role grants nothing and is not given any more."""

    __tablename__ = "permissions_role"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    preset: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class RoleGrant(Base):
    """A role's permission, as far as `scope` (0..5, see Scope) reaches. No row means denied."""

    __tablename__ = "permissions_role_grant"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("permissions_role.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(80), primary_key=True)
    scope: Mapped[int]


class RoleAssignment(Identified, Base):
    """A user holds a role, possibly for a department other than their own and for a time."""

    __tablename__ = "permissions_role_assignment"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    role_id: Mapped[UUID] = mapped_column(ForeignKey("permissions_role.id", ondelete="CASCADE"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="CASCADE"))
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime())
    credential_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_credential.id", ondelete="CASCADE"))
    """The role holds only in sessions that were signed in with this key."""


class SignInRule(Base):
    """What holders of a role sign in with, beside their password. No row: the password is enough."""

    __tablename__ = "permissions_sign_in_rule"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("permissions_role.id", ondelete="CASCADE"), primary_key=True)
    demand: Mapped[str] = mapped_column(String(10))
    """passkey or key"""
    since: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    grace_days: Mapped[int] = mapped_column(default=7)


class Looking(Identified, Base):
    """Somebody looks, or looked, at Baton as another person sees it: in one browser, for a short time."""

    __tablename__ = "permissions_looking"

    session_id: Mapped[UUID]
    """Sign-in session of the looker; that is tidied away, this stays."""
    looker_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    seen_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    until: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)


class Delegation(Identified, Base):
    """Somebody lends a colleague some of their own rights, for a time."""

    __tablename__ = "permissions_delegation"

    giver_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    receiver_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime())
    valid_to: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When it was taken back before its time."""


class DelegatedRight(Base):
    """A right of a delegation: as far as `scope` reaches from the giver, and never further than theirs does now."""

    __tablename__ = "permissions_delegated_right"

    delegation_id: Mapped[UUID] = mapped_column(
        ForeignKey("permissions_delegation.id", ondelete="CASCADE"), primary_key=True
    )
    permission: Mapped[str] = mapped_column(String(80), primary_key=True)
    scope: Mapped[int]


class Access(Identified, Base):
    """Access to one customer (and, with `engagement_id`, one engagement) beyond ownership and department.

    A row names a user or a department. Kinds: `member` (the user takes or took part in the engagement), `offer` (a
    baton waits for this user, or for anybody of this department who may take it over), `leg` (the department has or
    had a leg: seen by those whose scope covers the department), `share`, `emergency` (the user opened the customer
    in an emergency: reads it until then).
    """

    __tablename__ = "permissions_access"

    kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    leg_id: Mapped[UUID | None] = mapped_column(Uuid())
    role: Mapped[str] = mapped_column(String(12), default="")
    """For members: sender, assignee or helper."""
    may_write: Mapped[bool] = mapped_column(default=False)
    granted_by: Mapped[UUID | None] = mapped_column(Uuid())
    since: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (
        # `until` is in them so that a scope is decided without reading a row.
        Index("ix_permissions_access_user_id_customer_id", "user_id", "customer_id", "until"),
        Index("ix_permissions_access_user_id_engagement_id", "user_id", "engagement_id"),
        Index("ix_permissions_access_department_id_kind_customer_id", "department_id", "kind", "customer_id", "until"),
        Index("ix_permissions_access_customer_id", "customer_id", "department_id", "user_id", "kind", "until"),
        Index("ix_permissions_access_engagement_id", "engagement_id"),
    )

"""People, departments, sign-in sessions and in-page notifications."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Date, ForeignKey, Index, LargeBinary, String, Text, Uuid, event, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column

from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Stamped
from platform_core.kernel.types import Json, UtcDateTime

NAMES_COUNTER = "names"
"""Moves when a person or department is added, renamed, moved, opened or closed."""


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Department(Identified, Stamped, Base):
    __tablename__ = "users_department"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="RESTRICT"))
    order: Mapped[int] = mapped_column("sort_order", default=50)
    active: Mapped[bool] = mapped_column(default=True)


class DepartmentClosure(Base):
    """Every department with each of its ancestors and itself, so that a subtree is one lookup."""

    __tablename__ = "users_department_closure"

    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("users_department.id", ondelete="CASCADE"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(
        ForeignKey("users_department.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    depth: Mapped[int]


class User(Identified, Stamped, Base):
    """An employee's account. Nobody signs in before a role is assigned."""

    __tablename__ = "users_user"

    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    employee_no: Mapped[str] = mapped_column(String(40), default="")
    department_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users_department.id", ondelete="RESTRICT"), index=True
    )
    title: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    extension: Mapped[str] = mapped_column(String(12), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    key_serial: Mapped[str] = mapped_column(String(60), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(10), default="active")
    """active, frozen or left"""
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    auth_epoch: Mapped[int] = mapped_column(default=1)
    """Raised to end every session and token of the account at once."""
    language: Mapped[str] = mapped_column(String(5), default="")
    scheme: Mapped[str] = mapped_column(String(5), default="auto")
    theme: Mapped[str] = mapped_column(String(40), default="")
    preferences: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


_SHOWN: dict[type[Base], tuple[str, ...]] = {
    Department: ("name", "order"),
    User: ("name", "department_id", "status", "extension"),
}
"""What pages show of those that other rows name, and where their telephones are."""


def _count_names(mapper: Mapper[Any], connection: Connection, target: Base) -> None:
    state = inspect(target)
    session = state.session
    if session is not None and any(state.attrs[name].history.has_changes() for name in _SHOWN[type(target)]):
        counters.bump_in_flush(session, connection, NAMES_COUNTER)


for _model in _SHOWN:
    for _moment in ("after_insert", "after_update"):
        event.listen(_model, _moment, _count_names)


class Team(Identified, Stamped, Base):
    """People of several departments who share customers."""

    __tablename__ = "users_team"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))


class TeamMember(Base):
    __tablename__ = "users_team_member"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("users_team.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime())


class SignInSession(Identified, Base):
    """A browser that is signed in. Only the digest of its cookie is stored."""

    __tablename__ = "users_session"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    auth_epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ip: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    looking_id: Mapped[UUID | None]
    """While it looks at Baton as somebody else sees it (permissions_looking)."""
    credential_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_credential.id", ondelete="SET NULL"))
    """The key that it was opened with: rights may be bound to it."""
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), default=now)
    verified_by: Mapped[str] = mapped_column(String(10), default="password")
    """How the person has last proved to be there: `password` or `key`."""
    must: Mapped[str] = mapped_column(String(10), default="")
    """`key`: nothing but registering a key is open to it."""


class ApiToken(Identified, Base):
    """A bearer token for the JSON API, acting as its user."""

    __tablename__ = "users_api_token"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    auth_epoch: Mapped[int]
    name: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    changes_rights: Mapped[bool] = mapped_column(default=False)
    """It may do what asks its user, at a browser, who is there: who may do what, who leaves. Made with that proof."""


class OneTimeCode(Identified, Base):
    """Lets its bearer choose a password (a set-up or reset link), or sign in without a key to register one; once."""

    __tablename__ = "users_one_time_code"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    purpose: Mapped[str] = mapped_column(String(10), default="password")
    """password or key"""
    issued_by: Mapped[UUID | None] = mapped_column(Uuid())


class Freeze(Identified, Base):
    """An account was frozen by a rule, and who unfroze it. While `thawed_at` is empty nobody else may set it active."""

    __tablename__ = "users_freeze"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    rule: Mapped[str] = mapped_column(String(20))
    day: Mapped[date] = mapped_column(Date)
    """The organisation's day whose cap was reached."""
    used: Mapped[int]
    cap: Mapped[int]
    thawed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    thawed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    extra: Mapped[int] = mapped_column(default=0)


class LoginThrottle(Base):
    """Failed sign-ins per account and per address; kept in the database so that no cache loss lifts it."""

    __tablename__ = "users_login_throttle"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_start: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime())


class Notification(Identified, Base):
    """A line under the bell. Stored as msgid and parameters, so that each reader sees it in their language."""

    __tablename__ = "users_notification"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    domain: Mapped[str] = mapped_column(String(60))
    message: Mapped[str] = mapped_column(String(300))
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    url: Mapped[str] = mapped_column(String(300), default="")
    icon: Mapped[str] = mapped_column(String(40), default="bell")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (Index("ix_users_notification_user_id_at", "user_id", "at"),)

"""What proves who signs in besides a password: keys, codes for the day a key is lost, and the browsers used before."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import Identified
from platform_core.kernel.types import BigInt, UtcDateTime
from platform_core.users.models import Base


class Credential(Identified, Base):
    """A security key or passkey of an account: its public half. Removed ones stay: nothing bound to them opens."""

    __tablename__ = "users_credential"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    key_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    """The authenticator's own name for it."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary())
    sign_count: Mapped[int] = mapped_column(BigInt, default=0)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10))
    """`key` stays in one piece of hardware that is plugged in or held near; any other is a `passkey`."""
    transports: Mapped[str] = mapped_column(String(80), default="")
    aaguid: Mapped[str] = mapped_column(String(36), default="")
    """The model of the authenticator, where it says so."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class SpentChallenge(Base):
    """Challenges are signed, not stored; those that were answered are, until they expire, so that none serves twice."""

    __tablename__ = "users_spent_challenge"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())


class RecoveryCode(Identified, Base):
    """One of the codes that somebody printed for the day without a key. Only the digest is stored."""

    __tablename__ = "users_recovery_code"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class KeyHelp(Identified, Base):
    """Somebody lost their keys: one person asks for help in their name, another one confirms it."""

    __tablename__ = "users_key_help"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    reason: Mapped[str] = mapped_column(String(500))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    outcome: Mapped[str] = mapped_column(String(10), default="")
    """confirmed or refused, once decided"""


class FormerPassword(Identified, Base):
    """The hash of a password that was replaced, for houses that forbid its return."""

    __tablename__ = "users_former_password"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class Device(Identified, Base):
    """A browser that an account was signed in with, recognised by a cookie of which only the digest is stored."""

    __tablename__ = "users_device"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    agent: Mapped[str] = mapped_column(String(200), default="")
    first_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (UniqueConstraint("user_id", "digest"),)

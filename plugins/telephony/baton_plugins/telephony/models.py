"""Calls, whose telephones they rang, and what reported them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import (
    COLUMN_TYPES,
    METADATA,
    DeclarativeBase,
    Identified,
    Json,
    Stamped,
    UtcDateTime,
    now,
)


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


# nosemgrep: plugin-past-the-scope  of an index over part of the rows
_ALONE = text("customer_id IS NULL AND contact_id IS NOT NULL")
# nosemgrep: plugin-past-the-scope  of an index over part of the rows
_GOING_ON = text("state IN ('ringing', 'talking')")


class Source(Identified, Stamped, Base):
    """What reports calls: the agent of a workstation, or a telephone exchange that calls an address of ours."""

    __tablename__ = "telephony_source"

    kind: Mapped[str] = mapped_column(String(12))
    """agent, webhook, sipgate or test"""
    name: Mapped[str] = mapped_column(String(80))
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    """Of the one-time code by which an agent is paired."""
    code_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    area_code: Mapped[str] = mapped_column(String(6), default="")
    """With its 0; completes local numbers."""
    outside: Mapped[str] = mapped_column(String(2), default="")
    """What extensions dial for an outside line."""
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    version: Mapped[str] = mapped_column(String(20), default="")
    devices: Mapped[list[Any]] = mapped_column(Json, default=list)
    """As the agent last reported them: {"key", "driver", "state", "detail"}."""
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"), index=True)
    """Who works at the workstation of an agent."""
    locks: Mapped[bool] = mapped_column(default=False)
    """Their key pulled out there ends what they are signed in to with it."""


class Line(Identified, Stamped, Base):
    """Whose telephone a line or extension of a source is; several people may share one."""

    __tablename__ = "telephony_line"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_source.id", ondelete="CASCADE"))
    line: Mapped[str] = mapped_column(String(40), default="")
    """As the source names it; blank stands for every line that is not named otherwise."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Set when the person leaves."""

    __table_args__ = (Index("uq_telephony_line_source_id_line_user_id", "source_id", "line", "user_id", unique=True),)


class Area(Identified, Stamped, Base):
    """Where a line ends, if not where its source stands: calls from that city come without the code."""

    __tablename__ = "telephony_area"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_source.id", ondelete="CASCADE"))
    line: Mapped[str] = mapped_column(String(40))
    area_code: Mapped[str] = mapped_column(String(6))
    """With its 0."""

    __table_args__ = (Index("uq_telephony_area_source_id_line", "source_id", "line", unique=True),)


class Block(Identified, Stamped, Base):
    """Numbers of a customer's switchboard: what calls from one of its extensions shows begins like the main number."""

    __tablename__ = "telephony_block"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    digits: Mapped[int] = mapped_column()
    """How many last ones vary"""
    begins_hash: Mapped[int] = mapped_column(BigInteger, index=True)
    mask: Mapped[str] = mapped_column(String(40))
    """The main number's, with x for what varies"""


class Call(Identified, Stamped, Base):
    """One call, whichever events told of it and in whatever order they came."""

    __tablename__ = "telephony_call"

    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("telephony_source.id", ondelete="SET NULL"), index=True)
    direction: Mapped[str] = mapped_column(String(3), default="in")
    """in or out"""
    number_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_mask: Mapped[str] = mapped_column(String(40), default="")
    number_hash: Mapped[int | None] = mapped_column(BigInteger, index=True)
    last8_hash: Mapped[int | None] = mapped_column(BigInteger)
    withheld: Mapped[bool] = mapped_column(default=False)
    verified: Mapped[bool] = mapped_column(default=True)
    """False: the number came with a wrong checksum; it is shown, and opens nobody's record."""
    line: Mapped[str] = mapped_column(String(40), default="")
    device: Mapped[str] = mapped_column(String(80), default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    cause: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[str] = mapped_column(String(10), default="ringing")
    """ringing, talking, talked, missed, unanswered (going out), unknown (the device cannot tell) or unended (taken,
    and nobody told of the end)"""
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"), index=True)
    answered_by_label: Mapped[str] = mapped_column(String(120), default="")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_customer.id", ondelete="SET NULL"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="SET NULL"), index=True)
    recording: Mapped[str] = mapped_column(String(300), default="")
    """Where the exchange keeps its recording, as the exchange names it."""
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When somebody saw to a missed call."""
    handled_by_label: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (
        Index("ix_telephony_call_started_at", "started_at", "id"),
        Index("ix_telephony_call_customer_id_started_at", "customer_id", "started_at", "id"),
        Index("ix_telephony_call_of_alone", "contact_id", postgresql_where=_ALONE, sqlite_where=_ALONE),
        Index("ix_telephony_call_going_on", "started_at", postgresql_where=_GOING_ON, sqlite_where=_GOING_ON),
    )

    @property
    def seconds(self) -> int | None:
        """How long was talked; None while it lasts or when nobody did."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return max(0, round((self.ended_at - self.answered_at).total_seconds()))

    def resume(self) -> None:
        """Take back an end that was only supposed: something is heard of the call after all."""
        if self.cause == LAPSED:
            self.ended_at, self.cause = None, ""

    def settle(self) -> None:
        """The state by what is known so far, in whatever order it became known."""
        if self.answered_at is not None:
            self.state = "talking" if self.ended_at is None else "talked"
        elif self.ended_at is None:
            self.state = "ringing"
        elif self.cause == UNTOLD:
            self.state = "unknown"
        else:
            self.state = "missed" if self.direction == "in" else "unanswered"


UNTOLD = "untold"
"""The cause of an end by a device that sees rings and numbers but no lifted receiver."""
LAPSED = "lapsed"
"""The cause of an end that nobody told of."""


class CallKey(Base):
    """How a source names a call. Two sources on one line name the same call differently."""

    __tablename__ = "telephony_call_key"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_source.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(250), primary_key=True)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_call.id", ondelete="CASCADE"), index=True)


class Ring(Identified, Base):
    """A call at one person's telephone: what their card shows."""

    __tablename__ = "telephony_ring"

    call_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_call.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    """The person's department at the time."""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    state: Mapped[str] = mapped_column(String(10), default="ringing")
    """ringing, answered, or elsewhere (somebody else was faster)"""
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (
        Index("uq_telephony_ring_call_id_user_id", "call_id", "user_id", unique=True),
        Index("ix_telephony_ring_user_id_at", "user_id", "at"),
        Index("ix_telephony_ring_department_id_at", "department_id", "at"),
    )


class Asked(Identified, Base):
    """A call that somebody asked for at their screen, until an agent fetches it and the exchange makes it."""

    __tablename__ = "telephony_asked"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_source.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    extension: Mapped[str] = mapped_column(String(40))
    number_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Gone once it has been fetched."""
    number_mask: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class Heard(Identified, Base):
    """One event as it came in and what became of it: for finding out why no card appeared. Kept for some days."""

    __tablename__ = "telephony_heard"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_source.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(120))
    """The source's own id of the event: the same one twice changes nothing."""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now, index=True)
    kind: Mapped[str] = mapped_column(String(12))
    line: Mapped[str] = mapped_column(String(120), default="")
    number_mask: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(12), info={"codes_of": ""})
    """matched, several, unknown, withheld, unverified, nobody (no telephone of anybody's), late or internal"""
    told: Mapped[str] = mapped_column(String(200), default="")
    """Names of those whose pages were signalled."""
    call_id: Mapped[UUID | None] = mapped_column(Uuid())

    __table_args__ = (Index("uq_telephony_heard_source_id_key", "source_id", "key", unique=True),)

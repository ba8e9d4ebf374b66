"""The customers, without their policy."""

from platform_core.api import METADATA, DeclarativeBase


class Base(DeclarativeBase):
    metadata = METADATA


class Anybody(Base):  # the fault
    __table__ = METADATA.tables["customers_customer"]

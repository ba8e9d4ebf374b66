"""One table."""

from sqlalchemy.orm import Mapped

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, Identified


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Thing(Identified, Base):  # the fault
    __tablename__ = "bare_table_thing"

    name: Mapped[str]

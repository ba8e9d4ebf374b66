"""A relation to nothing."""

from sqlalchemy.orm import Mapped, relationship

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, Identified


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Thing(Identified, Base):  # the fault
    __tablename__ = "bad_mapper_thing"

    other: Mapped["Nothing"] = relationship("Nothing")

"""A saved view of a list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.contracts.entities import EntityRef
from platform_core.kernel.model import Identified, Stamped, Versioned
from platform_core.kernel.types import Json
from platform_core.users.models import Base
from platform_core.users.views.sharing import Shared


class SavedView(Shared, Identified, Stamped, Versioned, Base):
    """Belongs to a list by its name alone: the list's plugin may be off, or gone and come back."""

    __tablename__ = "users_saved_view"

    list_key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(60))
    pinned: Mapped[bool] = mapped_column(default=False)
    """A tab for whoever has not decided otherwise."""
    conditions: Mapped[list[Any]] = mapped_column(Json, default=list)
    """As the URL has them (web.lists.state)."""
    any_of: Mapped[bool] = mapped_column(default=False)
    sort: Mapped[str] = mapped_column(String(60), default="")
    columns: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Keys in their order; none are each reader's own."""

    __table_args__ = (
        Index("ix_users_saved_view_list_key_owner_id", "list_key", "owner_id"),
        Index("ix_users_saved_view_list_key_reach", "list_key", "reach"),
    )

    @property
    def ref(self) -> EntityRef:
        return EntityRef("users", "view", self.id, self.name)

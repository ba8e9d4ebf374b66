"""Every column of every owner that points to a person: declared in this process, or kept from when it was."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table
from sqlalchemy.orm import Session

from platform_core.contracts.entities import UserReference
from platform_core.plugins import catalogue
from platform_core.plugins.catalogue import StoredHolding
from platform_core.plugins.hooks import Hooks
from platform_core.plugins.references import Located, located


@dataclass(frozen=True, slots=True)
class Holding(Located[StoredHolding]):
    """`code` is the declaration itself, where its owner is loaded."""

    code: UserReference | None = None

    @property
    def key(self) -> str:
        return f"{self.table.name}.{self.declared.column}"


def holdings(session: Session, hooks: Hooks) -> list[Holding]:
    """All references of all owners, the core's first, parents before children; absent tables are left out."""
    codes: dict[tuple[str, str, str], UserReference] = {}
    installed: list[tuple[str, StoredHolding]] = []
    for item in hooks.manager.declared.user_references.installed():
        stored = catalogue.stored_holding(item.value)
        codes[item.owner, stored.table, stored.column] = item.value
        installed.append((item.owner, stored))

    def make(owner: str, title: str, table: Table, declared: StoredHolding, is_builtin: bool) -> Holding:  # noqa: FBT001
        code = codes.get((owner, declared.table, declared.column))
        return Holding(owner, title, table, declared, is_builtin, code)

    found = located(session, hooks, installed, lambda content: content.holdings, make)
    place = {item.table: number for number, item in enumerate(found)}
    return sorted(found, key=lambda item: (not item.is_builtin, place[item.table], item.declared.column))

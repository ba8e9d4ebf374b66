"""What plugins declared for each other, by the class of the declaration: `declared(session, ComposerKind)`."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import Session

from platform_core.contracts.business import ProjectKind
from platform_core.contracts.composing import ComposerKind, OutcomePreset
from platform_core.contracts.fields import FieldType
from platform_core.contracts.ports import Port
from platform_core.kernel.database import database_of

T = TypeVar("T", ComposerKind, OutcomePreset, FieldType, ProjectKind)
S = TypeVar("S")
_KINDS = {
    ComposerKind: "composer_kinds", OutcomePreset: "outcome_presets", FieldType: "field_types",
    ProjectKind: "project_kinds",
}  # fmt: skip


def declared(session: Session, kind: type[T], *, installed: bool = False) -> list[T]:
    """Those of plugins that are switched on, or of all that are installed: old records stay readable."""
    return [value for _owner, value in database_of(session).declared(_KINDS[kind], installed=installed)]


def service_of(session: Session, port: Port[S]) -> S:
    """What an enabled plugin offers behind the port, or the port's null version."""
    for _owner, provider in database_of(session).declared("ports"):
        if provider.port.name == port.name:
            found: S = provider.service
            return found
    return port.null

"""Ports: services one plugin offers and others may use without importing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Port(Generic[T]):
    """A typed token; `null` answers while nobody provides the service."""

    name: str
    null: T


@dataclass(frozen=True, slots=True)
class Provider(Generic[T]):
    """An owner's implementation of a port."""

    port: Port[T]
    service: T

"""How the relay's dialogs answer: what a service refuses stands in the form that was sent."""

from __future__ import annotations

from typing import Any

from platform_core.kernel.errors import Conflict, Invalid
from platform_core.web.forms import Bound


def refuse(bound: Bound[Any], error: Invalid | Conflict) -> int:
    """Put a service's refusal where the form shows it. Returns the status to answer with."""
    bound.errors.update(error.fields or {"": error.message})
    return error.status


def partial(name: str, status: int) -> str:
    """A dialog opens as a whole; a refusal takes the place of its form."""
    return f"relay/_{name}.html" if status == 200 else f"relay/_{name}_form.html"

"""What makes up the record of a person, and how much of it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from platform_core.customers.fields import LABELS
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator

_ = translator("customers")
_CORE: tuple[tuple[str, Callable[[Customer], object]], ...] = (
    (LABELS["name"], lambda customer: customer.name),
    (LABELS["gender"], lambda customer: customer.gender),
    (_.lazy("Date of birth"), lambda customer: customer.birth_year),
    (_.lazy("Way of contact"), lambda customer: customer.phone_mask or customer.contact_name),
    (LABELS["work_status"], lambda customer: customer.work_status),
    (LABELS["industry"], lambda customer: customer.industry),
    (LABELS["region"], lambda customer: customer.region),
)
_MORE: tuple[tuple[str, Callable[[Customer], object]], ...] = tuple(
    (LABELS[name], lambda customer, name=name: getattr(customer, name))  # type: ignore[misc]
    for name in ("position", "size", "education")
)


@dataclass(frozen=True, slots=True)
class Completeness:
    """`missing`: labels of what is not there, the seven elements first."""

    known: int
    total: int
    missing: list[str]


def of(customer: Customer) -> Completeness | None:
    """Of a person: the seven elements, then position, size of the company and education. None for organisations."""
    if customer.kind != "person":
        return None
    asked = (*_CORE, *_MORE)
    missing = [str(label) for label, value_of in asked if not value_of(customer)]
    return Completeness(len(asked) - len(missing), len(asked), missing)

"""Tags: short words that anybody who may change a customer puts on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import queries, quietly, rights
from platform_core.customers.models import CustomerTag, Tag
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import NamedIds, among
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import AnySelect, prepared, proven

_ = translator("customers")
MOST = 20
LONGEST = 40
_PROOF = proven("tags of customers that are being shown")


def assign(session: Session, actor: Actor, customer_id: UUID, names: Iterable[str]) -> list[Tag]:
    """Let exactly these tags be on the customer; unknown ones are made. Raises Invalid, Forbidden, NotFound."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.edit", customer)
    wanted = list(dict.fromkeys(name for raw in names if (name := " ".join(raw.split()))))
    if len(wanted) > MOST:
        raise Invalid(_("At most %(limit)s tags.", limit=MOST))
    if any(len(name) > LONGEST for name in wanted):
        raise Invalid(_("A tag has at most %(limit)s characters.", limit=LONGEST))
    before = [tag.name for tag in queries.tags_of(session, customer_id)]
    if sorted(before) == sorted(wanted):
        return list(queries.tags_of(session, customer_id))
    tags = named(session, wanted)
    session.execute(delete(CustomerTag).where(CustomerTag.customer_id == customer_id))
    session.add_all(CustomerTag(customer_id=customer_id, tag_id=tag.id) for tag in tags)
    quietly.write(session, customer_id)  # a list by change shows it, and an import taken back leaves it alone
    where = EntityRef("customers", "customer", customer.id, customer.name)
    audit.record(
        session,
        actor,
        "customers.tags",
        where,
        customer_id=customer_id,
        before={"tags": before},
        after={"tags": wanted},
    )
    return tags


def split(text: str) -> list[str]:
    """Names as a form has them, with commas between them; each once."""
    parts = text.replace("\uff0c", ",").replace("\u3001", ",").split(",")
    return list(dict.fromkeys(word for part in parts if (word := " ".join(part.split()))))


def named(session: Session, names: Sequence[str]) -> list[Tag]:
    """The tags of these names, made where nobody has used them yet."""
    found = {tag.name: tag for tag in session.scalars(select(Tag).where(Tag.name.in_(names)))}
    for name in names:
        if name not in found:
            found[name] = Tag(id=new_id(), name=name)
            session.add(found[name])
    session.flush()  # the links refer to tags that were just made
    return [found[name] for name in names]


def of_many(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Names of tags of customers that the actor sees."""
    found: dict[UUID, list[str]] = {}
    if ids:
        for customer_id, name in session.execute(_of_many(session), {"customer_ids": list(ids)}):
            found.setdefault(customer_id, []).append(name)
    return found


@prepared
def _of_many(_reader: Actor) -> AnySelect:
    """Of customers from a page that the actor was just shown, so that the tags need no scope of their own."""
    tags = select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id).order_by(Tag.name)
    return tags.where(among(CustomerTag.customer_id, NamedIds("customer_ids"))).execution_options(**_PROOF)

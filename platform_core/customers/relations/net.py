"""Relations as a drawing: from one customer outwards, each of those shown opened by one step more if asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from platform_core.customers.models import Customer
from platform_core.customers.relations.models import Relation
from platform_core.customers.relations.services import MOST_HOPS, MOST_NODES, Side, side_of
from platform_core.kernel.idlists import among

_MOST_ROWS = 10 * MOST_NODES
"""Relations read at once: what one customer has beyond that is not even counted."""
COLUMN, ROW = 236, 56
WIDTH, HEIGHT = 188, 44
_MARGIN = 16
_MOST_UNITS = 24
"""Of a name that fits into its box; a Chinese character takes two."""
_FIRST_WIDE = 0x2E80


@dataclass(slots=True)
class Node:
    """`above`: through whom it was reached. `hidden`: how many further customers its relations lead to."""

    customer: Customer
    distance: int
    above: UUID | None
    word: str = ""
    """What it is to the one above"""
    is_open: bool = False
    hidden: int = 0
    x: float = 0
    y: float = 0

    @property
    def short(self) -> str:
        """As much of the name as fits."""
        return shortened(self.customer.short_name or self.customer.name)


@dataclass(frozen=True, slots=True)
class Net:
    """`lines`: what joins two nodes, and whether it closes a circle. `more`: customers that found no room.

    `hops`: the same as a list, by distance; each relation once.
    """

    nodes: Sequence[Node]
    lines: Sequence[tuple[Node, Node, Side, bool]]
    hops: Sequence[Sequence[Side]]
    more: int
    width: int
    height: int

    @property
    def opened(self) -> list[UUID]:
        return [node.customer.id for node in self.nodes if node.is_open and node.distance]


def around(session: Session, centre: Customer, hops: int, opened: Collection[UUID]) -> Net:
    """At most MOST_NODES others. `opened`: whose relations are shown as well, as far as they are shown themselves.

    Each relation that the reader sees has two customers that the reader sees.
    """
    wanted = {centre.id, *opened}
    rows = _touching(session, wanted)
    for step in range(min(max(hops, 1), MOST_HOPS) - 1):
        reached = _reached(centre.id, rows, wanted if step else {centre.id})
        wanted |= set(reached)
        rows = _touching(session, wanted)
    above = _reached(centre.id, rows, wanted)
    shown = [centre.id, *list(above)[:MOST_NODES]]
    people = {row.id: row for row in session.scalars(select(Customer).where(among(Customer.id, shown)))}
    nodes = _nodes(centre, [key for key in shown if key in people], above, people, wanted)
    beyond = _touching(session, [key for key, node in nodes.items() if not node.is_open])
    every = {row.id: row for row in (*rows, *beyond)}.values()
    for key, node in nodes.items():
        ends = {_far(row, key) for row in every if key in {row.first_id, row.second_id}}
        node.hidden = len(ends - nodes.keys())
    lines = _lines(session, nodes, every)
    width, height = _place(nodes)
    far = max((node.distance for node in nodes.values()), default=0)
    listed = [
        sorted((side for _near, node, side, _closing in lines if node.distance == at), key=_in_words)
        for at in range(1, far + 1)
    ]
    return Net(list(nodes.values()), lines, listed, len(above) - (len(nodes) - 1), width, height)


def _in_words(side: Side) -> tuple[str, str]:
    return side.word, side.other.name


def _touching(session: Session, ids: Collection[UUID]) -> Sequence[Relation]:
    if not ids:
        return ()
    touching = or_(among(Relation.first_id, ids), among(Relation.second_id, ids))
    statement = select(Relation).where(touching, Relation.first_id != Relation.second_id)
    return session.scalars(statement.order_by(Relation.created_at, Relation.id).limit(_MOST_ROWS)).all()


def _far(row: Relation, near: UUID) -> UUID:
    return row.second_id if row.first_id == near else row.first_id


def _reached(centre: UUID, rows: Iterable[Relation], opened: Collection[UUID]) -> dict[UUID, UUID]:
    """Customer -> through whom it is reached from the centre first, by way of `opened` ones only; nearest first."""
    by_end: dict[UUID, list[UUID]] = {}
    for row in rows:
        by_end.setdefault(row.first_id, []).append(row.second_id)
        by_end.setdefault(row.second_id, []).append(row.first_id)
    above: dict[UUID, UUID] = {}
    queue = [centre]
    for near in queue:  # grows while it is walked
        for far in by_end.get(near, ()) if near in opened else ():
            if far != centre and far not in above:
                above[far] = near
                queue.append(far)
    return above


def _nodes(
    centre: Customer, shown: Sequence[UUID], above: dict[UUID, UUID], people: dict[UUID, Customer], wanted: set[UUID]
) -> dict[UUID, Node]:
    nodes = {centre.id: Node(centre, 0, None, is_open=True)}
    for key in shown:
        if key != centre.id and above[key] in nodes:
            by = nodes[above[key]]
            nodes[key] = Node(people[key], by.distance + 1, above[key], is_open=key in wanted)
    return nodes


def _lines(session: Session, nodes: dict[UUID, Node], rows: Iterable[Relation]) -> list[tuple[Node, Node, Side, bool]]:
    """From the nearer to the farther; the first that reached somebody says what it is."""
    found = []
    for row in sorted(rows, key=lambda row: (row.created_at, row.id)):
        if row.first_id in nodes and row.second_id in nodes:
            order = {key: at for at, key in enumerate(nodes)}
            near, far = sorted((row.first_id, row.second_id), key=order.__getitem__)
            node = nodes[far]
            side = side_of(session, row, near, node.customer)
            closing = node.above != near or bool(node.word)
            if not closing:
                node.word = side.word
            found.append((nodes[near], node, side, closing))
    return found


def _place(nodes: dict[UUID, Node]) -> tuple[int, int]:
    """A column for each distance; whoever is reached through somebody stands beside them. Returns the size."""
    below: dict[UUID | None, list[Node]] = {}
    for node in nodes.values():
        below.setdefault(node.above, []).append(node)
    row = 0

    def settle(node: Node) -> None:
        nonlocal row
        children = below.get(node.customer.id, [])
        for child in children:
            settle(child)
        node.x = _MARGIN + node.distance * COLUMN
        if children:
            node.y = (children[0].y + children[-1].y) / 2
        else:
            node.y = _MARGIN + row * ROW
            row += 1

    for node in below[None]:
        settle(node)
    columns = max(node.distance for node in nodes.values()) + 1
    # Room for the sign by which the last ones are opened.
    return columns * COLUMN + 2 * _MARGIN, max(row, 1) * ROW + 2 * _MARGIN


def shortened(name: str) -> str:
    units = 0
    for at, character in enumerate(name):
        units += 2 if ord(character) >= _FIRST_WIDE else 1
        if units > _MOST_UNITS:
            return name[: at - 1].rstrip() + "…"
    return name

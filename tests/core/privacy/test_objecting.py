"""What one statement says of many persons is what `allowed_among` says of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.api.messages import Recipient, contact_allowed_among, contact_objection
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.privacy.models import Consent, Suppression

CHANNELS, PURPOSES = ["", "sms", "email"], ["marketing", "greeting", "service"]
STATES = st.sampled_from([{}, {}, {}, {"deleted_at": now()}, {"restricted_at": now()}])
KEYS = st.sampled_from(["customer_id", "contact_id", "point_hash"])
OWNERS = st.sampled_from([0, 1, None])


@st.composite
def houses(draw: Any) -> dict[str, list[Any]]:
    """Two customers, contacts that may have moved or stand alone, their numbers, and whatever they said."""
    return {
        "customers": [draw(STATES), draw(STATES)],
        "contacts": draw(st.lists(st.tuples(OWNERS, STATES), min_size=1, max_size=2)),
        "points": draw(st.lists(st.tuples(OWNERS, st.booleans(), st.integers(1, 3)), min_size=1, max_size=5)),
        "words": draw(
            st.lists(
                st.tuples(
                    KEYS, st.integers(0, 1), st.sampled_from(CHANNELS), st.sampled_from(PURPOSES), st.booleans(),
                    st.integers(0, 3),
                ),
                max_size=6,
            )
        ),
        "opt_outs": draw(
            st.lists(
                st.tuples(
                    KEYS, st.integers(0, 1), st.sampled_from(CHANNELS), st.sampled_from([*PURPOSES, "", "*"]),
                    st.booleans(),
                ),
                max_size=3,
            )
        ),
    }  # fmt: skip


ONE_OF_EACH = {
    "customers": [{}, {"deleted_at": now()}],
    "contacts": [(0, {"restricted_at": now()}), (0, {}), (None, {})],
    "points": [(0, False, 1), (0, False, 3), (1, False, 3), (0, True, 3), (0, True, 4), (None, True, 5)],
    "words": [("customer_id", 0, "sms", "marketing", True, 1), ("contact_id", 1, "", "marketing", False, 1)],
    "opt_outs": [("point_hash", 0, "sms", "", False)],
}


def _fill(session: Any, house: dict[str, list[Any]]) -> None:
    """Each example in a transaction of its own that is rolled back."""
    customers = [Customer(id=new_id(), code=new_id().hex[-20:], name="x", **state) for state in house["customers"]]
    session.add_all(customers)
    session.flush()
    owned = {0: customers[0].id, 1: customers[1].id, None: None}
    contacts = [Contact(id=new_id(), name="y", customer_id=owned[at], **state) for at, state in house["contacts"]]
    session.add_all(contacts)
    session.flush()
    for owner, is_contacts, number in house["points"]:
        contact = contacts[number % len(contacts)].id if is_contacts else None
        session.add(
            ContactPoint(
                id=new_id(), customer_id=owned[owner], contact_id=contact, kind="mobile", cipher=b"", mask="*",
                full_hash=number,
            )
        )  # fmt: skip
    keys = {"customer_id": [item.id for item in customers], "contact_id": [contacts[0].id, contacts[-1].id]}
    for key, at, channel, purpose, given_, days in house["words"]:
        if key != "point_hash":
            told = {key: keys[key][at], "channel": channel, "purpose": purpose, "given": given_, "source": "form"}
            session.add(Consent(id=new_id(), at=now() - timedelta(days=days), **told))
    for key, at, channel, purpose, lifted in house["opt_outs"]:
        value = at + 1 if key == "point_hash" else keys[key][at]
        ended = now() if lifted else None
        session.add(
            Suppression(id=new_id(), channel=channel, purpose=purpose, source="reply", lifted_at=ended, **{key: value})
        )
    session.flush()


def test_one_statement_says_of_each_what_the_register_says(runtime) -> None:
    met: set[str] = set()

    @example(ONE_OF_EACH, "marketing", "sms")
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(houses(), st.sampled_from(PURPOSES), st.sampled_from(["sms", "email"]))
    def same(house: dict[str, list[Any]], purpose: str, channel: str) -> None:
        with runtime.database.system_session("test") as session:
            _fill(session, house)
            point = ContactPoint
            columns = (point.customer_id, point.contact_id, point.full_hash)
            said = contact_objection(session, *columns, channel, purpose)
            proof = proven("a test")
            rows = session.execute(select(*columns, said), execution_options=proof).all()
            asked = [Recipient(*row[:3]) for row in rows]
            expected = [verdict.code for verdict in contact_allowed_among(session, asked, channel, purpose)]
            assert [row[3] for row in rows] == expected
            met.update(expected)
            session.rollback()

    same()
    assert met == {"", "gone", "restricted", "opted_out", "withdrawn", "no_consent"}

"""Rows in bulk hold what was given, whatever COPY reads into backslashes, tabs and ends of lines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Dialect, create_engine, select
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.customers.models import Contact, Customer, Tag
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.bulkrows import Form, Writer
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id

AWKWARD = ["\\N", "\\.", "a\tb", "a\nb", "a\r\nb", "\\t", "\\\\", "", " ", "'\"", "上海\u2028", "\\x41", "\x7f\x01"]
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)


def written(session: Session, texts: list[str]) -> list[str]:
    ids = [new_id() for _text in texts]
    moment = now()
    rows = ({"id": key, "name": "x", "notes": text, "created_at": moment, "updated_at": moment, "version": 1}
            for key, text in zip(ids, texts, strict=True))  # fmt: skip
    Writer.of(session).write(Contact, rows)
    found = {contact.id: contact for contact in session.scalars(select(Contact).where(Contact.id.in_(ids)))}
    assert all(contact.created_at == moment and contact.is_primary is False for contact in found.values())
    return [found[key].notes for key in ids]


def test_awkward_texts_come_back(runtime: Runtime) -> None:
    with runtime.database.system_session("test") as session:
        assert written(session, AWKWARD) == AWKWARD


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
def test_every_text_comes_back(runtime: Runtime, texts: list[str]) -> None:
    with runtime.database.system_session("test") as session:
        assert written(session, texts) == texts


def test_every_kind_of_value_comes_back(runtime: Runtime) -> None:
    key, moment, today = new_id(), now() + timedelta(microseconds=1), date(2026, 2, 28)
    values = {
        "id": key, "code": "C\\1", "name": "n", "custom": {"a": ["\\n\n", 1.5, None, True]}, "birth_year": 1980,
        "sealed": b"\x00\\\n\xff", "collected_on": today, "phone_point_id": None, "birth_lunar": True,
        "created_at": moment, "updated_at": moment, "version": 1,
    }  # fmt: skip
    with runtime.database.system_session("test") as session:
        Writer.of(session).write(Customer, [values])
        found = session.get_one(Customer, key)
        assert {name: getattr(found, name) for name in values} == values


def test_late_values_come_last(runtime: Runtime) -> None:
    with runtime.database.system_session("test") as session:
        form = Form(session.connection().dialect, Tag, ("id", "tone"), late=("name",))
        rows = [form.complete(form.row({"id": new_id(), "tone": ""}), text) for text in ("a\tb", "\\N")]
        Writer.of(session).put(form, rows)
        assert set(session.scalars(select(Tag.name))) >= {"a\tb", "\\N"}


def test_rows_name_the_same_columns(runtime: Runtime) -> None:
    with runtime.database.system_session("test") as session, pytest.raises(ValueError, match="names 1 columns"):
        Writer.of(session).write(Tag, [{"id": new_id(), "name": "a"}, {"id": new_id()}])


def test_a_value_of_an_unknown_kind_is_refused() -> None:
    dialect: Dialect = create_engine("postgresql+psycopg://").dialect
    odd: Any = object()
    with pytest.raises(TypeError, match="no row in bulk holds a object"):
        Form(dialect, SearchRow, ("customer_id",)).row({"customer_id": odd})

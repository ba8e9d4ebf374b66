"""Dictionaries: entries are added, renamed, moved and disabled; every process follows."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.admin import services
from platform_core.admin.services import EntryInput
from platform_core.audit.models import AuditEntry
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.kernel.models import DictionaryRow

NAME = "customers.status"


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def test_added_renamed_moved_and_disabled(session):
    before = [code for code, _label in dictionaries.choices(session, NAME)]
    row = services.add_entry(session, None, NAME, EntryInput(label="Sleeping", tone="amber"))
    assert [code for code, _label in dictionaries.choices(session, NAME)] == [*before, row.code]
    services.change_entry(session, None, row.id, EntryInput(label="Asleep", tone="red"))
    assert dictionaries.label(session, NAME, row.code) == "Asleep"
    assert dictionaries.tone(session, NAME, row.code) == "red"
    services.shift_entry(session, None, row.id, -len(before))
    assert next(iter(dictionaries.entries(session, NAME))) == row.code
    services.set_entry_active(session, None, row.id, active=False)
    assert [code for code, _label in dictionaries.choices(session, NAME)] == before
    assert dictionaries.label(session, NAME, row.code) == "Asleep", "still readable"
    session.rollback()


def test_codes_labels_and_colours_are_checked(session, factory):
    row = services.add_entry(session, None, NAME, EntryInput(label="Sleeping", code="sleeping"))
    for wrong, field in (
        (EntryInput(label="Other", code="sleeping"), "code"),
        (EntryInput(label="SLEEPING"), "label"),
        (EntryInput(label="Other", tone="pink"), "tone"),
    ):
        with pytest.raises(Invalid) as error:
            services.add_entry(session, None, NAME, wrong)
        assert set(error.value.fields) == {field}
    assert services.change_entry(session, None, row.id, EntryInput(label="sleeping")).label == "sleeping"
    session.rollback()


def test_only_holders_of_the_right_change_dictionaries(session, factory):
    actor = factory.actor(factory.user())
    with pytest.raises(Forbidden):
        services.add_entry(session, actor, NAME, EntryInput(label="X"))


def test_the_pages(runtime, browser, factory, count_queries):
    office = browser.sign_in(factory.user("office"))
    page = f"/settings/dictionaries/{NAME}"
    assert office.get("/settings/dictionaries").status_code == 200
    assert office.post(page, {"label": "Sleeping", "code": "sleeping", "tone": "teal"}).status_code == 303
    refused = office.post(page, {"label": "Sleeping"})
    assert refused.status_code == 422
    assert "There is an entry of this name." in refused.text
    with count_queries(at_most=12):
        assert "Sleeping" in office.get(page).text
    (row,) = look(runtime, select(DictionaryRow).where(DictionaryRow.code == "sleeping"))
    entry = f"/settings/dictionaries/entries/{row.id}"
    for do in ("up", "down", "disable"):
        assert office.post(entry, {"do": do}).status_code == 303
    assert office.post(entry, {"do": "save", "label": ""}).status_code == 422
    assert office.post(entry, {"do": "save", "label": "Resting"}).status_code == 303
    (row,) = look(runtime, select(DictionaryRow).where(DictionaryRow.code == "sleeping"))
    assert (row.label, row.active) == ("Resting", False)
    assert len(look(runtime, select(AuditEntry).where(AuditEntry.action.like("admin.%entry")))) == 5
    assert office.get("/settings/dictionaries/nothing.here").status_code == 404
    assert browser.sign_in(factory.user()).get(page).status_code == 403

"""News goes through every channel that plugins declare; one that fails costs nothing but its own way."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.admin import services
from platform_core.api import notify
from platform_core.kernel.models import JobRow
from platform_core.users.models import Notification
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

SPECIMEN = """
def by_mail(session, user_ids, news):
    enqueue(session, "specimen.mail", {"to": [str(key) for key in user_ids], "message": news.message})

def broken(session, user_ids, news):
    session.connection().exec_driver_sql("select nothing from nowhere")

def mail(context): ...

@hookimpl
def baton_jobs():
    return [Job("specimen.mail", mail)]

@hookimpl
def baton_notification_channels():
    return [
        NotificationChannel("specimen.broken", "Broken", broken), NotificationChannel("specimen.mail", "Mail", by_mail),
    ]
"""


@pytest.fixture
def other(install, start):  # noqa: F811
    install("specimen", SPECIMEN)
    return start()


def tell(runtime, user):
    with runtime.database.system_session("test") as session:
        notify(session, [user.id, user.id], "web", "Hello", url="/customers")


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(statement).all()


def test_every_channel_gets_it_and_a_broken_one_costs_nothing(other, factory):
    user = factory.user()
    tell(other, user)
    (row,) = look(other, select(Notification).where(Notification.user_id == user.id))
    assert (row.domain, row.message, row.url) == ("web", "Hello", "/customers")
    (job,) = look(other, select(JobRow).where(JobRow.name == "specimen.mail"))
    assert job.arguments == {"to": [str(user.id)], "message": "Hello"}
    assert "specimen.broken" in repr(other.manager.faults.latest("specimen"))


def test_a_channel_goes_with_its_plugin(other, factory):
    with other.database.system_session("test") as session:
        services.set_plugin(session, None, other.platform, "specimen", enabled=False)
    tell(other, factory.user())
    assert look(other, select(Notification))
    assert not look(other, select(JobRow).where(JobRow.name == "specimen.mail"))


@pytest.mark.parametrize(
    "code",
    [
        "baton_notification_channels(): return [NotificationChannel('users.mail', 'Mail', print)]",
        "baton_composer_kinds(): return [ComposerKind('call', 'Call')]",
        "baton_outcome_presets(): return [OutcomePreset('agreed', 'Agreed')]",
        "baton_project_kinds(): return [ProjectKind('training', 'Training')]",
        "baton_field_types(): return [FieldType('text', 'Text', String(), str, str, 'text')]",
    ],
)
def test_names_of_others_are_refused(install, start, code):  # noqa: F811
    install("specimen", f"@hookimpl\ndef {code}")
    plugin = start().manager.plugins["specimen"]
    assert plugin.state == "broken"
    assert "must start with 'specimen.'" in plugin.reason

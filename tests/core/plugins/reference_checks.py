"""Copied into the plugin that the reference describes and run there: each of its examples does what it is for."""

from __future__ import annotations

from uuid import UUID

import pytest
from baton_plugins.activities import presets
from baton_plugins.samples import plugin
from baton_plugins.samples.models import Sample
from click.testing import CliRunner
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.admin import services
from platform_core.api import (
    Conflict,
    Contact,
    FieldType,
    Leg,
    ProjectKind,
    Route,
    RouteStep,
    declared,
    dictionaries,
    enqueue,
    new_id,
    notify,
    service_of,
)
from platform_core.app import Runtime, create_app
from platform_core.cli import baton
from platform_core.customers import services as customers
from platform_core.customers.forms import CustomerInput
from platform_core.customers.transfer import drafts
from platform_core.customers.transfer import services as transfers
from platform_core.install import seed
from platform_core.kernel.models import JobRow
from platform_core.relay import services as relay
from platform_core.users.models import Department, Notification


@pytest.fixture
def writer(factory):
    return factory.user("coordinator", factory.department())


@pytest.fixture
def customer(factory, writer):
    return factory.customer(writer)


@pytest.fixture
def sample(factory, customer):
    found = Sample(customer_id=customer.id, name="Book", number=3)
    factory.add(found)
    return found


@pytest.fixture
def page(browser, writer):
    return browser.sign_in(writer)


def names(runtime):
    with runtime.database.system_session("look", write=False) as session:
        return sorted(session.scalars(select(Sample.name)))


def save(runtime, browser, factory, **values):
    form = {"notice": "", "daily": "20", "size": "small", "key": "", **values}
    return browser.sign_in(factory.user("system_admin")).post("/settings/plugins/samples/settings", form)


def test_baton_plugin_info(browser, factory):
    assert "One of everything" in browser.sign_in(factory.user("system_admin")).get("/settings/plugins").text


def test_baton_entities(page, browser, factory, sample):
    assert "1 sample " in page.get("/samples").text
    assert "0 samples " in browser.sign_in(factory.user("coordinator", factory.department())).get("/samples").text


def test_baton_customer_references(runtime):
    found = [item.owner for item in runtime.manager.declared.customer_references.installed()]
    assert "samples" in found


def test_baton_user_references(runtime, factory, sample, writer, customer):
    head = factory.user("department_head", factory.read(Department, writer.department_id))
    colleague = factory.user("coordinator", factory.read(Department, writer.department_id))
    with runtime.database.system_session("look") as session:
        session.get(Sample, sample.id).giver_id = writer.id
    actor = factory.actor(head)
    with runtime.database.actor_session(actor) as session:
        transfer = drafts.begin(session, actor, [customer.id], "one")
        drafts.choose(session, actor, transfer.id, {"": f"person:{colleague.id}"})
        transfers.confirm(session, actor, transfer.id, "a new split")
    assert factory.read(Sample, sample.id).giver_id == colleague.id


def test_baton_permissions(browser, factory):
    assert browser.sign_in(factory.user("finance")).get("/samples").status_code == 403


def test_baton_default_grants(factory, writer):
    assert factory.actor(writer).can("samples.give")


def test_baton_routes_and_baton_customer_actions(runtime, page, customer):
    assert "Give a leaflet" in page.get(f"/customers/{customer.id}").text
    assert page.post(f"/samples/{customer.id}", {}).status_code == 303
    assert names(runtime) == ["Leaflet"]


def test_baton_contact_actions(runtime, page, writer):
    with runtime.database.system_session("look") as session:
        contact = Contact(id=new_id(), name="Wang Wu", owner_id=writer.id)
        session.add(contact)
    assert f'href="/samples?contact={contact.id}"' in page.get(f"/contacts/{contact.id}/privacy").text


def test_baton_api(browser, writer, sample):
    assert browser.token(writer).get("/api/v1/samples").json()["items"][0]["name"] == "Book"


def test_baton_navigation(page):
    assert 'href="/samples"' in page.get("/").text


def test_baton_slots_and_baton_settings(runtime, browser, factory, page):
    assert "Closed on Friday" not in page.get("/").text
    assert save(runtime, browser, factory, notice="Closed on Friday").status_code == 303
    assert '<p class="alert">Closed on Friday</p>' in page.get("/").text
    assert save(runtime, browser, factory, daily="0").status_code == 422


def test_baton_template_helpers(page):
    assert "haha" in page.get("/samples").text


def test_baton_jobs(runtime, sample):
    with runtime.database.system_session("test") as session:
        job_id = enqueue(session, "samples.count")
    assert runtime.jobs.run(job_id)
    with runtime.database.system_session("look", write=False) as session:
        assert (session.get_one(JobRow, job_id).state, session.get_one(JobRow, job_id).done) == ("done", 1)


def test_baton_commands(runtime, sample, monkeypatch):
    for name in ("database_url", "data_dir", "secret_file"):
        monkeypatch.setenv(f"BATON_{name.upper()}", str(getattr(runtime.settings, name)))
    assert CliRunner().invoke(baton, ["samples", "number"]).output == "1\n"


def test_baton_listeners(runtime, factory, writer):
    actor = factory.actor(writer)
    with runtime.database.actor_session(actor) as session:
        customers.create(session, actor, CustomerInput(name="Newcomer"))
    assert names(runtime) == ["Welcome"]


def test_baton_ports(runtime, session):
    assert service_of(session, plugin.SCALES)(None) == 42
    with runtime.database.system_session("test") as other:
        services.set_plugin(other, None, runtime.platform, "samples", enabled=False)
    assert service_of(session, plugin.SCALES)(None) is None


def test_baton_dictionaries(session):
    assert [code for code, _label in dictionaries.choices(session, "samples.kind")] == ["book"]


def test_baton_seed(runtime):
    plugin.HEARD.clear()
    seed(runtime)
    assert plugin.HEARD == ["seed"]


def test_baton_search_sources(page, sample):
    assert f"/customers/{sample.customer_id}" in page.post("/search", {"q": "Book"}).text


def test_baton_notification_channels(runtime, writer):
    with runtime.database.system_session("test") as session:
        notify(session, [writer.id], "samples", "Ding")
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(Notification.message)).all() == ["Ding"]
        assert session.scalars(select(JobRow.name)).all() == ["samples.count"]


def test_baton_composer_kinds_and_baton_outcome_presets(session):
    assert "samples.tasting" in [item.code for item in presets.kinds(session)]
    assert "samples.liked" in [item.code for item in presets.outcomes(session)]


def test_baton_field_types(session):
    (stars,) = [item for item in declared(session, FieldType) if item.key == "samples.stars"]
    assert stars.format(stars.parse("3")) == "***"
    with pytest.raises(ValueError, match="One to three"):
        stars.parse("9")


def test_baton_project_kinds(session):
    assert "samples.tasting" in [item.code for item in declared(session, ProjectKind)]


def test_baton_reports(page, sample, customer):
    text = page.get("/reports/samples.by_customer").text
    assert f'href="/customers/{customer.id}">3</a>' in text


def test_baton_happenings(page, browser, factory, sample):
    assert "Book" in page.get("/tracking?kind=samples.given&words=boo").text
    stranger = browser.sign_in(factory.user("coordinator", factory.department()))
    assert "Book" not in stranger.get("/tracking").text


def test_baton_import_targets(runtime, page, customer):
    table = f"Customer,Name\n{customer.id},Pen\n".encode()
    answer = page.post("/import/samples.samples", {}, files={"file": ("a.csv", table, "text/csv")})
    assert answer.status_code == 303
    assert names(runtime) == ["Pen"]


def test_baton_audit_words(page, browser, factory, customer):
    page.post(f"/samples/{customer.id}", {})
    assert "gave a sample" in browser.sign_in(factory.user("audit_admin")).get("/audit").text


def test_baton_customer_facts(page, sample, customer):
    assert "<dt>Samples</dt>" in page.get(f"/customers/{customer.id}").text


def test_baton_customer_panels(page, customer):
    assert f"Samples of {customer.name}" in page.get(f"/customers/{customer.id}?tab=samples.tab").text


def test_baton_customer_timeline(page, sample, customer):
    assert "Book" in page.get(f"/customers/{customer.id}").text


def test_baton_erase_blockers(runtime, factory, writer, customer):
    factory.add(Sample(customer_id=customer.id, name="Loan"))
    with runtime.database.actor_session(factory.actor(writer)) as session:
        found = runtime.hooks.erase_blockers(session, [customer.id])
    assert {key: len(reasons) for key, reasons in found.items()} == {customer.id: 1}


def test_baton_kept_from_pool(runtime, factory, writer, customer):
    factory.add(Sample(customer_id=customer.id, name="Loan"))
    with runtime.database.actor_session(factory.actor(writer)) as session:
        assert runtime.hooks.kept_from_pool(session, [customer.id]) == [customer.id]


def test_baton_workbench(page, sample):
    assert "Given away" in page.get("/").text


def test_baton_dashboard_widgets(page, sample):
    assert "Samples given" in page.get("/reports").text


def test_baton_handover_blockers_baton_leg_taken_and_baton_engagement_summary(runtime, factory, customer, writer):
    other = factory.department()
    taker = factory.user("coordinator", other)
    route = Route(code="tasting", name="Tasting")
    factory.add(route)
    factory.add(
        RouteStep(route_id=route.id, position=1, department_id=writer.department_id, title="a", needs=["samples"]),
        RouteStep(route_id=route.id, position=2, department_id=other.id, title="b"),
    )
    actor = factory.actor(writer)
    with runtime.database.actor_session(actor) as session:
        engagement = relay.open_engagement(session, actor, customer, route, "Tasting")
        facts = runtime.hooks.engagement_summary(session, actor, engagement.id)
        assert "samples" in [item.owner for item in facts]
    with (
        runtime.database.actor_session(actor) as session,
        pytest.raises(Conflict, match="Write down the samples"),
    ):
        relay.hand_over(session, actor, engagement.id, note="Here you are")
    with runtime.database.system_session("no needs any more") as session:
        for leg in relay_legs(session, engagement.id):
            leg.needs = []
    with runtime.database.actor_session(actor) as session:
        offered = relay.hand_over(session, actor, engagement.id, note="Here you are").id
    actor = factory.actor(taker)
    with runtime.database.actor_session(actor) as session:
        relay.accept(session, actor, offered)
    assert names(runtime) == ["Taken over"]


def relay_legs(session, engagement_id):
    return session.scalars(select(Leg).where(Leg.engagement_id == engagement_id)).all()


def test_baton_authenticate(runtime, browser, factory, writer):
    save(runtime, browser, factory, key="open sesame")
    badge = {"x-samples-badge": str(writer.id), "x-samples-key": "open sesame"}
    assert browser.get("/api/v1/samples", headers=badge).status_code == 200
    assert browser.get("/api/v1/samples", headers={**badge, "x-samples-key": "wrong"}).status_code == 401


def test_baton_load_actor(runtime, session):
    door = runtime.hooks.load_actor(session, UUID(int=7))
    assert door is not None
    assert door.name == "Door"


def test_baton_prepare(runtime, factory, writer):
    actor = factory.actor(writer)
    with runtime.database.actor_session(actor) as session:
        assert "samples/_tab.html" in runtime.hooks.prepare(session, actor)


def test_baton_startup_baton_shutdown_baton_enabled_and_baton_disabled(runtime):
    plugin.HEARD.clear()
    other = Runtime(runtime.settings)
    other.follow()
    with TestClient(create_app(other, background=False)):
        assert plugin.HEARD == ["startup"]
        for enabled in (False, True):
            with other.database.system_session("test") as session:
                services.set_plugin(session, None, other.platform, "samples", enabled=enabled)
    assert plugin.HEARD == ["startup", "disabled", "enabled", "shutdown"]


def test_baton_health(runtime, browser):
    assert browser.get("/healthz").json()["status"] == "ok"
    plugin.HEARD.append("open")
    assert browser.get("/healthz").json()["status"] == "degraded"
    plugin.HEARD.remove("open")

"""Project types that other plugins bring."""

from __future__ import annotations

import pytest
from baton_plugins.opportunities import queries
from baton_plugins.opportunities.models import Opportunity, ProjectType
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core import install as installing
from platform_core.admin import services
from platform_core.app import create_app
from platform_core.testing.browser import Browser
from tests.core.conftest import start  # noqa: F401  a fixture
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

SPECIMEN = """
@hookimpl
def baton_project_kinds():
    return [ProjectKind("specimen.fairs", "Trade fairs", 30)]
"""


@pytest.fixture
def other(install, start):  # noqa: F811
    install("specimen", SPECIMEN)
    runtime = start()
    installing.seed(runtime), installing.seed(runtime)
    return runtime


def test_a_type_of_a_plugin_has_its_route_from_the_admins_and_goes_with_its_plugin(other, house):
    with other.database.system_session("test") as session:
        (kind,) = session.scalars(select(ProjectType).where(ProjectType.code == "specimen.fairs"))
    with TestClient(create_app(other, background=False)) as client:
        browser = Browser(other, client).sign_in(house.manager)
        url = f"/settings/project-types/{kind.id}"
        page = browser.get("/settings/project-types").text
        assert "from the plugin specimen" in page
        assert "readonly" in browser.get(url).text
        sent = {"code": kind.code, "name": "Fairs", "route_id": str(house.route.id), "active": "1", "order": "30"}
        assert "knows it by its code" in browser.post(url, {**sent, "code": "fairs"}).text
        assert "are those of plugins" in browser.post("/settings/project-types/new", {**sent, "code": "a.b"}).text
        assert browser.post(url, sent).status_code == 303
        new = f"/opportunities/new/{house.customer.id}"
        chance = {"title": "A stand", "project_type": kind.code,
                  "probability": "50"}  # fmt: skip
        browser.sign_in(house.collector)
        assert 'value="specimen.fairs"' in browser.get(new).text
        assert browser.post(new, chance).status_code == 303
        with other.database.system_session("test") as session:
            made = session.scalars(select(Opportunity).where(Opportunity.title == "A stand")).one()
        with other.database.system_session("test") as session:
            services.set_plugin(session, None, other.platform, "specimen", enabled=False)
        assert 'value="specimen.fairs"' not in browser.get(new).text
        assert browser.post(new, chance).status_code == 422
        assert "Fairs" in browser.get(f"/opportunities/{made.id}").text, "what there is stays readable"
        assert "its plugin is off" in browser.sign_in(house.manager).get("/settings/project-types").text
        assert browser.post(url, {**sent, "name": "Trade fairs"}).status_code == 303


def test_rows_of_a_plugin_that_is_no_longer_there_are_not_offered(house):
    house.factory.add(ProjectType(code="gone.tours", name="Tours", order=99))
    with house.acting(house.manager) as session:
        assert "gone.tours" in [kind.code for kind in queries.project_types(session)]
        assert "gone.tours" not in [kind.code for kind in queries.project_types(session, active=True)]

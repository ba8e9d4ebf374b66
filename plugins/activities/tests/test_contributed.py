"""Ways of contact and outcomes that other plugins bring to the follow-up form."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from platform_core.admin import services
from platform_core.app import create_app
from platform_core.testing.browser import Browser
from tests.core.conftest import start  # noqa: F401  a fixture
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

SPECIMEN = """
@hookimpl
def baton_composer_kinds():
    return [ComposerKind("specimen.video", "Video call", "phone")]

@hookimpl
def baton_outcome_presets():
    return [OutcomePreset("specimen.booked", "Booked a seat", "jade", "signed", "7d", "specimen.video")]
"""


@pytest.fixture
def other(install, start):  # noqa: F811
    install("specimen", SPECIMEN)
    return start()


def test_they_are_offered_taken_and_read_and_go_with_their_plugin(other, house):
    with TestClient(create_app(other, background=False)) as client:
        browser = Browser(other, client).sign_in(house.people["collector"])
        url = f"/customers/{house.customer.id}"
        page = browser.get(url).text
        assert 'value="specimen.video"' in page
        assert "Booked a seat" in page
        sent = {
            "customer_id": str(house.customer.id), "body": "Talked.", "kind": "specimen.video",
            "outcome": "specimen.booked", "place": "page",
        }  # fmt: skip
        assert browser.post("/follow-ups", sent).status_code == 303
        assert house.now().status == "signed"
        with other.database.system_session("test") as session:
            services.set_plugin(session, None, other.platform, "specimen", enabled=False)
        page = browser.get(url).text
        assert 'value="specimen.video"' not in page
        assert "Booked a seat" not in browser.get("/settings/outcomes").text
        assert "Video call" in page, "what was written stays readable"
        assert browser.post("/follow-ups", sent).status_code == 422

"""Every page of somebody who is signed in carries their name, number, minute and session, and needs nothing for it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import now
from platform_core.web import formats

IMAGE = re.compile(r'<img class="watermark" src="data:image/svg\+xml,([^"]+)" alt="">')


def words(text: str) -> list[str]:
    """What the image says; it has to be well-formed, or the browser draws nothing."""
    (source,) = IMAGE.findall(text)
    image = ET.fromstring(unquote(unescape(source)))
    return [str(line.text) for line in image.iter("{http://www.w3.org/2000/svg}text")]


def test_it_says_who_when_and_in_which_session(runtime, factory, browser):
    user = factory.user(name="<Ann & 'Co'>", employee_no="E-7")
    here = browser.sign_in(user)
    customer = factory.customer(user)
    for url in ("/", "/customers", f"/customers/{customer.id}", "/me"):
        who, when = words(here.get(url).text)
        assert who == "<Ann & 'Co'> E-7"
        assert when[:13] == formats.exact(now())[:13]
    with runtime.database.system_session("look", write=False) as session:
        key = session.scalars(select(AuditEntry.session_id).where(AuditEntry.actor_id == user.id)).first()
    assert key is not None
    assert when.endswith(f" {key.hex[-4:]}")


def test_fragments_and_people_unknown_have_none(factory, browser):
    user = factory.user()
    customer = factory.customer(user)
    assert "watermark" not in browser.sign_in(user).get(f"/customers/{customer.id}/contacts", htmx=True).text
    assert "watermark" not in browser.get("/login").text


def test_the_page_for_printing_has_it_as_well(factory, browser):
    boss = factory.user("management")
    factory.customer(boss)
    here = browser.sign_in(boss)
    paper = here.post("/papers/new", {"source": "list:customers", "reason": "For the visit"}).headers["location"]
    assert words(here.get(paper).text)[0] == boss.name


def test_it_costs_no_statement(factory, browser, count_queries):
    here = browser.sign_in(factory.user(employee_no="E-7"))
    here.get("/customers")
    with count_queries(at_most=12) as sent:
        assert words(here.get("/customers").text)[0].endswith("E-7")
    assert len([statement for statement in sent if "employee_no" in statement]) == 1  # who signed in is asked anyway

"""The settings in sections: all of them on one page, those of the section on each page, as far as rights reach."""

from __future__ import annotations

import re

from platform_core.permissions import services


def tabs(page):
    strip = re.search(r'<nav class="tabs"[^>]*>(.*?)</nav>', page.text, re.DOTALL)
    return re.findall(r'<a href="([^"]+)"', strip[1]) if strip else []


def test_each_page_shows_its_section_and_one_page_all_of_them(browser, runtime, factory, count_queries):
    user = factory.user("security_admin", language="en")
    with runtime.database.system_session("test") as session:
        for role in ("system_admin", "audit_admin", "management"):
            services.assign_role(session, None, user.id, role)
    inside = browser.sign_in(user)
    with count_queries(at_most=12):
        whole = inside.get("/settings")
    assert tabs(whole) == []
    for part in ("People and rights", "Protection", "How work is done", "System", 'href="/settings/jobs"'):
        assert part in whole.text
    roles = inside.get("/settings/roles")
    assert tabs(roles)[0] == "/settings"
    assert {"/settings/users", "/settings/roles", "/settings/teams"} <= set(tabs(roles))
    assert not {"/settings/jobs", "/audit"} & set(tabs(roles))
    assert 'href="/settings/roles" aria-current="page"' in roles.text
    assert "/audit" in tabs(inside.get("/settings/rules"))
    linked = set(re.findall(r'<a href="([^"]+)">', whole.text[whole.text.index('class="sections"') :]))
    lengths = {url: len(tabs(inside.get(url))) for url in linked if url.startswith(("/settings/", "/audit"))}
    assert all(1 < length <= 9 for length in lengths.values()), lengths
    office = browser.sign_in(factory.user("office", language="en")).get("/settings").text
    assert "Dictionaries" in office
    assert "People and rights" not in office, "a section without anything for the reader is left out"

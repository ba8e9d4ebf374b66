"""Lines of one box or exchange that end in several cities."""

from __future__ import annotations

import re

from baton_plugins.telephony.models import Call
from sqlalchemy import select

from platform_core.audit.models import AuditEntry

SHANGHAI, SHENZHEN = "021-62345678", "0755-62345678"


def called(house, **event):
    """Who calls when a line tells a local number."""
    box = event.pop("box")
    box.send(box.event("ringing", number="62345678", **event))
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Call).order_by(Call.created_at.desc()).limit(1)).one().customer_id


def test_a_local_number_is_completed_by_its_line_and_else_by_the_agent(house):
    near, far = (
        house.customer("carol", name, phone) for name, phone in (("Qiheng", SHANGHAI), ("Pengcheng", SHENZHEN))
    )
    box = house.agent(("", "carol"), area_code="021")
    page, url = house.page("admin"), f"/settings/telephony/sources/{box.source.id}"
    assert called(house, box=box, call="before", line="2") == near.id
    page.post(f"{url}/areas", {"line": "2", "area_code": "010"})
    page.post(f"{url}/areas", {"line": " 2 ", "area_code": "0755"})
    assert called(house, box=box, call="second", line="2") == far.id
    assert called(house, box=box, call="first", line="1") == near.id
    assert called(house, box=box, call="extension", to=["2"]) == far.id
    shown = page.get(url).text
    assert "0755" in shown
    (area,) = re.findall(rf'action="{url}/areas/([^/]+)/remove"', shown)
    page.post(f"{url}/areas/{area}/remove")
    assert called(house, box=box, call="after", line="2") == near.id
    with house.runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "telephony.set_area")).all()
    told = [(line.before.get("area_code"), line.after.get("area_code")) for line in lines]
    assert sorted(told, key=str) == [("010", "0755"), ("0755", None), (None, "010")]


def test_what_is_no_area_code_stands_at_its_field_and_nothing_typed_is_lost(house):
    box = house.agent(("", "carol"))
    url = f"/settings/telephony/sources/{box.source.id}"
    answer = house.page("admin").post(f"{url}/areas", {"line": "7th", "area_code": "755"})
    assert answer.status_code == 422
    assert 'value="7th"' in answer.text
    assert 'value="755"' in answer.text
    assert house.page("carol").post(f"{url}/areas", {"line": "7", "area_code": "0755"}).status_code == 403

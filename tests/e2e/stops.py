"""Every main page and what opens on it: the stops of the walk in test_looks.py, by account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e import acts

SHOWN = "上海启衡管理咨询有限公司"
"""A customer of the demo with two engagements under way, told by hand in its data."""


@dataclass(frozen=True, slots=True)
class Stop:
    """An address, and what is done there; `{customer}` and the like are filled in from what the account sees."""

    path: str
    act: Callable[[Page], Any] = lambda _page: None
    expected: int = 200
    phone_only: bool = False


def dialog(selector: str) -> Callable[[Page], None]:
    """Opens #dialog by what the selector names."""

    def act(page: Page) -> None:
        page.locator(selector).first.dispatch_event("click")
        expect(page.locator("#dialog[open] :is(form, .menu-list, .timeline, ol, ul)").first).to_be_visible()

    return act


def opened(selector: str) -> Callable[[Page], None]:
    """Opens a menu or a dialog that the page holds already."""
    return lambda page: page.locator(selector).first.dispatch_event("click")


def refused(form: str) -> Callable[[Page], None]:
    """Sends a form that lacks what it needs."""

    def act(page: Page) -> None:
        page.locator(f"{form} button[type=submit]").first.dispatch_event("click")
        expect(page.locator("[aria-invalid=true], [role=alert]").first).to_be_visible()

    return act


def previewed(page: Page) -> None:
    """Chooses another reach for a right and looks at what that changes."""
    page.locator("select[name='right.customers.erase']").select_option("all")
    page.locator("#role-rights button[type=submit]").dispatch_event("click")
    expect(page.locator("main form[action$='/rights']")).to_be_visible()


def called(page: Page) -> None:
    """The customer of a list who is called next, with the form for what came of it."""
    page.locator("form[action$='/next'] button").first.click()
    expect(page.locator("#calling form.composer")).to_be_visible()


def palette(page: Page) -> None:
    found = acts.find(page, "启衡")
    expect(found.get_by_role("link").first).to_be_visible()


def nothing_found(page: Page) -> None:
    page.locator(".fsearch input[name=q]").fill("没有这样的客户")
    page.locator(".fsearch input[name=q]").press("Enter")
    expect(page.locator(".empty")).to_be_visible()


def result_in_row(page: Page) -> None:
    page.locator(".todo .tick").first.dispatch_event("click")
    expect(page.locator(".todo form.inlinelog textarea")).to_be_visible()


def task_form(page: Page) -> None:
    plan = page.locator("#activities-plans a[href^='/plans/new']").first.get_attribute("href")
    assert plan is not None
    page.goto(plan)
    page.locator("a[href^='/plans/task']").click()
    expect(page.locator("#f-people")).to_be_visible()


def answered(page: Page) -> None:
    plan = page.locator("#activities-plans a[href^='/plans/']:not([href*='/new'])").first.get_attribute("href")
    assert plan is not None
    page.goto(f"{plan}/task")
    expect(page.locator("main .todo li")).to_be_visible()


def revealed(page: Page) -> None:
    page.locator(".facts button[hx-post$=reveal]").dispatch_event("click")
    expect(page.locator(".facts button[hx-get*='/points/']")).to_be_visible()


def token_made(page: Page) -> None:
    page.locator("#f-name").fill("reports")
    page.locator("form[action='/me/tokens'] button[type=submit]").click()
    expect(page.locator("main [role=status] input[readonly]")).to_be_visible()


def feed_made(page: Page) -> None:
    page.locator("form[action='/calendar/feed'] button[type=submit]").first.click()
    expect(page.locator("main [role=status] input[readonly]")).to_be_visible()


def compared(page: Page) -> None:
    page.locator("main input[name=q]").fill("有限公司")
    page.locator("main form button[type=submit]").click()
    page.locator("main .plans a").first.click()
    expect(page.locator("main input[type=radio]").first).to_be_visible()


def stranger(page: Page) -> None:
    page.locator("#f-login").fill("nobody.here")
    page.locator("#f-password").fill("not the password")
    page.locator("#f-password").press("Enter")
    expect(page.locator("[role=alert]")).to_be_visible()


STOPS: dict[str, tuple[Stop, ...]] = {
    "": (
        Stop("/login"),
        Stop("/offline"),
        Stop("/login", stranger, expected=422),
    ),
    "collector": (
        Stop("/"),
        Stop("/", palette),
        Stop("/", opened("summary.me")),
        Stop("/", opened("[data-open=keys]")),
        Stop("/", opened(".fab"), phone_only=True),
        Stop("/#side", phone_only=True),
        Stop("/", result_in_row),
        Stop("/plans"),
        Stop("/calendar"),
        Stop("/calendar?view=month"),
        Stop("/calendar?view=day"),
        Stop("/calendar/list"),
        Stop("/calendar?room=room"),
        Stop("/calendar/feed"),
        Stop("/calendar/feed", feed_made),
        Stop("/calendar/meetings/new"),
        Stop("/calendar/meetings/new", refused("form[action='/calendar/meetings']"), expected=422),
        Stop("/calendar?view=month > .cal-e.meet a"),
        Stop("/phrases"),
        Stop("/phrases", dialog("a[href='/phrases/new']")),
        Stop("/phrases/new", refused("form[action='/phrases']"), expected=422),
        Stop("/plans > .todo .tick"),
        Stop("/plans > .todo .tick", dialog("a[href$='/move']")),
        Stop("/customers"),
        Stop("/customers?view=mine"),
        Stop("/customers", nothing_found),
        Stop("/customers", dialog("a[href^='/customers/conditions']")),
        Stop("/customers", dialog("a[href^='/customers/columns']")),
        Stop("/customers/conditions?field=status"),
        Stop("/customers/new"),
        Stop("/customers/new", refused("form[action='/customers/new']"), expected=422),
        Stop("/contacts"),
        Stop("/calls"),
        Stop("/calls?view=missed"),
        Stop("/calls", dialog("a[href^='/calls/conditions']")),
        Stop("/plans/all"),
        Stop("/plans/all?view=all"),
        Stop("/sms/messages"),
        Stop("/calls/lists"),
        Stop("/calls/cards"),
        Stop("/calls/people"),
        Stop("/calls/people?day=yesterday", expected=422),
        Stop("/customers/imports"),
        Stop("/customers/import"),
        Stop("/customers/transfers"),
        Stop("/search"),
        Stop("/notifications"),
        Stop("/me"),
        Stop("/me/keys"),
        Stop("/me/themes/contrast"),
        Stop("/me/tokens"),
        Stop("/me/tokens", token_made),
        Stop("/settings/users/new", expected=403),
        Stop("/nowhere", expected=404),
    ),
    "clerk": (
        Stop("@"),
        Stop("@", revealed),
        Stop("@", opened(".rec-a details summary")),
        Stop("@?tab=contacts"),
        Stop("@?tab=opportunities"),
        Stop("@?tab=files"),
        Stop("@?tab=record"),
        Stop("@?tab=telephony.calls > a[href^='/calls/blocks/']"),
        Stop("@/edit"),
        Stop("@?tab=contacts", dialog("a[href^='/customers/'][href$='/contacts/new']")),
        Stop("@?tab=record", dialog("a[href$='/addresses/new']")),
        Stop("@", dialog("a[href$='/tags']")),
        Stop("@", dialog("a.pass")),
        Stop("@", dialog("a[href^='/visits/of/']")),
        Stop("@", dialog("a[href^='/calls/dial/']")),
        Stop("@", dialog("a[href^='/plans/new']")),
        Stop("@", dialog("#activities-plans a[href$='/finish']")),
        Stop("@", dialog("#activities-plans a[href$='/move']")),
        Stop("@", task_form),
        Stop("@", answered),
        Stop("@", dialog("a[href^='/opportunities/new']")),
        Stop("@", dialog("a[href^='/engagements/new']")),
        Stop("@", dialog(".mcompose button"), phone_only=True),
        Stop("@", dialog(".timeline a[href$='/edit']")),
        Stop("@ > .relay-title a"),
        Stop("@ > .relay-title a", dialog("a[href$='/members/new']")),
    ),
    "trainer": (
        Stop("/"),
        Stop("/relay/inbox"),
        Stop("/relay/inbox", dialog(".grid a[href$='/return']")),
        Stop("/relay/inbox > .c-note a[href$='/package']"),
        Stop("/relay/inbox?show=active"),
        Stop("/relay/sent"),
        Stop("/relay/board"),
        Stop("/relay/board", dialog(".board-card .btn")),
        Stop("/opportunities"),
        Stop("/opportunities", dialog("a[href^='/opportunities/conditions']")),
        Stop("/opportunities/forecast"),
        Stop("/import/opportunities.opportunities"),
        Stop("@?tab=opportunities > .table td:first-child a"),
    ),
    "manager": (
        Stop("/calls/lists > main table a"),
        Stop("/calls/lists > main table a", called),
        Stop("/calls/scripts"),
        Stop("/calls/scripts", refused("main form"), expected=422),
        Stop("/calls/scripts > main .people a"),
        Stop("@ > a[href$='/audience']"),
        Stop("/customers", lambda page: page.locator("[data-all]").check()),
        Stop("/bin"),
        Stop("/contacts/new"),
        Stop("/contacts/bin"),
        Stop("/leads"),
        Stop("/pool"),
        Stop("/pool/due"),
        Stop("/plans/department"),
        Stop("/plans/silent"),
        Stop("/reports/relay.lead_times"),
        Stop("/sms/campaigns"),
        Stop("/care/"),
        Stop("@ > a[href^='/care/of/']"),
        Stop("/privacy/requests"),
        Stop("/relay/inbox", dialog(".grid a[href$='/reassign']")),
        Stop("@"),
        Stop("@ > a[href^='/sms/new']"),
        Stop("@?tab=history"),
        Stop("/customers/duplicates"),
        Stop("@/merge"),
        Stop("@/merge", compared),
        Stop("@/erase"),
        Stop("/opportunities?view=open > .grid .c-name a"),
        Stop("/opportunities?view=open > .grid .c-name a", dialog("a[href$='/edit']")),
        Stop("/opportunities?view=open > .grid .c-name a", dialog("a[href$='/lost']")),
        Stop("/opportunities?view=open > .grid .c-name a", dialog("a[href$='/contract']")),
        Stop("/audit", opened("#entries details summary")),
        Stop("/tracking"),
        Stop("/tracking?words=%2B8613800138000", expected=422),
        Stop("/reports"),
        Stop("/reports/opportunities.by_stage"),
        Stop("/team"),
        Stop("/team > #team tbody th a"),
        Stop("/reports/activities.team"),
        Stop("/reports/activities.per_day"),
        Stop("/exports"),
        Stop("/exports/waiting"),
        Stop("/exports/new?of=report:activities.per_day"),
        Stop("/exports/new?of=list:customers", refused("form[action='/exports/new']"), expected=422),
        Stop("/papers/new?of=list:customers"),
        Stop("/settings/alerts"),
        Stop("/settings/sms-templates"),
        Stop("/settings/sms-templates > main a[href^='/settings/sms-templates/']"),
        Stop("/settings/care/"),
        Stop("/settings/care/ > main a[href^='/settings/care/']"),
        Stop("/settings/messages"),
        Stop("/settings/messages > main a[href^='/settings/messages/accounts/']"),
        Stop("/settings/messages/accounts/new?driver=mail.smtp"),
        Stop("/mail/mine"),
    ),
    "admin": (
        Stop("/"),
        Stop("/settings/users"),
        Stop("/settings/users/new"),
        Stop("/settings/users > .c-name a"),
        Stop("/settings/departments"),
        Stop("/settings/departments > .tree a"),
        Stop("/settings/routes"),
        Stop("/settings/routes > .c-name a"),
        Stop("/settings/workdays"),
        Stop("/settings/dictionaries"),
        Stop("/settings/fields"),
        Stop("/settings/fields/new"),
        Stop("/settings/codes"),
        Stop("/settings/dictionaries > main a[href^='/settings/dictionaries/']"),
        Stop("/settings/dictionaries/customers.status > main a[href$='/merge']"),
        Stop("/settings/outcomes"),
        Stop("/settings/cycles"),
        Stop("/settings/cycles > .c-name a"),
        Stop("/settings/plugins"),
        Stop("/settings/themes"),
        Stop("/settings/plugins/activities"),
        Stop("/settings/plugins/activities/settings"),
        Stop("/settings/jobs"),
        Stop("/settings/telephony"),
        Stop("/settings/telephony > .people a"),
    ),
    "office": (
        Stop("/settings/roles"),
        Stop("/settings/roles > dt a:text('财务')"),
        Stop("/settings/roles > dt a:text('财务')", previewed),
        Stop("/settings/alerts"),
        Stop("/settings/rules"),
        Stop("/settings/bait"),
        Stop("/settings/sign-in"),
        Stop("/settings/lost-keys"),
        Stop("/settings/project-types"),
        Stop("/settings/project-types", dialog("a[href='/settings/project-types/new']")),
    ),
}

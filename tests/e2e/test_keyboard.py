"""The core of the work by keyboard alone, in English: nothing here points or clicks."""

from playwright.sync_api import Locator, Page, expect

from platform_core.testing.chromium import Visitors
from tests.e2e import acts

COMPANY = "Harbour Lights Logistics"
MATTER = "Course for shift leaders"
CALL = "They want a course for twelve shift leaders in spring"
NOTE = "Twelve people, budget agreed, ask for Ms Duan"
MANY = 80
"""More stops than any page here has."""

# What is drawn around the focus: of the element, of what follows it (a round choice is its label), of the boxes around it;
# and that the element itself is not under a bar or beyond the edge.
_FOCUS_IS_SEEN = """() => {
  const el = document.activeElement;
  const boxes = [el, el.nextElementSibling, el.parentElement, el.parentElement?.parentElement, el.closest('form, tr')].filter(Boolean);
  const look = () => boxes.map((box) => {
    const style = getComputedStyle(box);
    return [style.outline, style.boxShadow, style.borderColor, style.backgroundColor].join();
  }).join('|');
  const focused = look();
  el.blur();
  const plain = look();
  el.focus({ preventScroll: true });
  const box = el.getClientRects()[0];
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return focused !== plain && Boolean(top) && (el.contains(top) || [...(el.labels ?? [])].some((label) => label.contains(top)));
}"""


def focus_is_seen(page: Page) -> None:
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate(_FOCUS_IS_SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def tab_to(page: Page, goal: Locator) -> None:
    for _ in range(MANY):
        page.keyboard.press("Tab")
        if goal.evaluate("el => el === document.activeElement"):
            focus_is_seen(page)
            return
    raise AssertionError(f"Tab does not reach {goal}")


def sign_in(visitors: Visitors, login: str) -> Page:
    page = visitors.window(lang="en")
    page.goto("/login")
    expect(page.locator("#f-login")).to_be_focused()
    focus_is_seen(page)
    page.keyboard.type(login)
    tab_to(page, page.locator("#f-password"))
    page.keyboard.type(visitors.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitors.url}/")
    if page.locator("html").get_attribute("lang") != "en":
        tab_to(page, page.locator("summary.me"))
        page.keyboard.press("Enter")
        tab_to(page, page.locator(".menu-list .prefs button[name=lang][value=en]"))
        page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    return page


def go(page: Page, words: str, heading: str) -> None:
    """The palette: type, Enter."""
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input[name=q]")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_attached()


def test_from_a_new_customer_to_the_next_department(visitors: Visitors) -> None:
    collector = sign_in(visitors, "collector")
    _adds_a_customer(collector)
    _logs_a_call(collector)
    _opens_a_matter(collector)
    _hands_over(collector)
    trainer = sign_in(visitors, "trainer")
    _takes_over(trainer)
    _walks_the_list(trainer)


def _adds_a_customer(page: Page) -> None:
    page.keyboard.press("c")
    expect(page.locator("#f-phone")).to_be_focused()
    page.keyboard.type("13900008471")
    tab_to(page, page.locator("#f-name"))
    page.keyboard.type(COMPANY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()
    page.wait_for_load_state()  # the heading is there before the script that knows the keys


def _logs_a_call(page: Page) -> None:
    page.keyboard.press("f")
    body = page.locator(".split form.composer textarea[name=body]")
    expect(body).to_be_focused()
    focus_is_seen(page)
    page.keyboard.type(CALL)
    tab_to(page, page.locator(".split form.composer input[name=outcome]").first)
    chosen = page.locator(".split form.composer input[name=outcome][value=interested]")
    for _ in range(8):
        if chosen.is_checked():
            break
        page.keyboard.press("ArrowRight")
    expect(chosen).to_be_checked()
    focus_is_seen(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline-new")).to_contain_text(CALL)
    expect(page.locator("#activities-plans li")).to_have_count(1)


def _opens_a_matter(page: Page) -> None:
    page.keyboard.press("o")
    form = acts.dialog(page).locator("form")
    expect(form.locator("[name=title]")).to_be_focused()
    page.keyboard.type(MATTER)
    tab_to(page, form.locator("[name=project_type]"))
    page.keyboard.type("培训")
    expect(form.locator("#opportunity-route")).to_contain_text("→")
    page.keyboard.press("Control+Enter")
    expect(acts.dialog(page).get_by_role("status")).to_contain_text(MATTER)
    go_on = acts.dialog(page).get_by_role("link", name="Hand over now")
    expect(go_on).to_be_focused()
    focus_is_seen(page)
    page.keyboard.press("Escape")
    expect(page.locator("#dialog[open]")).to_have_count(0)


def _hands_over(page: Page) -> None:
    go(page, "harbour li", COMPANY)
    opener = page.locator(".rec-a [data-key=t]")
    tab_to(page, opener)
    page.keyboard.press("Enter")
    note = acts.dialog(page).locator("[name=note]")
    expect(note).to_be_focused()
    _stays_inside(page)
    page.keyboard.press("Escape")
    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("t")
    expect(note).to_be_focused()
    focus_is_seen(page)
    page.keyboard.type(NOTE)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(page.locator(".relay .wait")).to_be_visible()


def _stays_inside(page: Page) -> None:
    """Tab goes round in the dialog, by way of the browser's own bar."""
    for _ in range(15):
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('#dialog') || document.activeElement === document.body")


def _takes_over(page: Page) -> None:
    go(page, "inbox", "Inbox")
    row = page.locator(".grid tbody tr", has_text=COMPANY)
    for _ in range(MANY):
        page.keyboard.press("j")
        if row.evaluate("el => el.contains(document.activeElement)"):
            break
    focus_is_seen(page)
    tab_to(page, row.get_by_role("button", name="Take over"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text(NOTE)
    expect(page.locator("#timeline")).to_contain_text(CALL)


def _walks_the_list(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1, name="Opportunities")).to_be_attached()
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1, name="Customers")).to_be_attached()
    links = page.locator(".grid tbody .c-name a")
    for key, number in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(links.nth(number)).to_be_focused()
    focus_is_seen(page)
    page.keyboard.press("/")
    expect(page.locator(".fsearch input[name=q]")).to_be_focused()
    focus_is_seen(page)
    page.keyboard.type("harbour")
    page.keyboard.press("Enter")
    expect(links).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()

"""What is measured on a page that is open: axe's rules, and the layout's own on a phone."""

from pathlib import Path

from playwright.sync_api import Page

from platform_core.web import themes

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK = 390, 1440
HEIGHT = {PHONE: 844, DESK: 900}
THEMES = {source.name: themes.read(source).css_url for source in themes.sources([themes.OURS], {})}
"""Address of each one's style sheet; none for the default theme, which every page brings along."""

# Evaluated, not injected: the content security policy forbids a script of the test's own.
# What an open menu or dialog lies over in part is no target: it is one again when that is closed.
_VIOLATIONS = """async (values) => {
  const { violations } = await axe.run({ runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
  const front = document.querySelector('dialog:modal, .side:target, details.menu[open] > .menu-list');
  const counts = (id, node) => id !== 'target-size' || !front || front.contains(document.querySelector(node.target[0]));
  const found = violations.map((one) => ({ ...one, nodes: one.nodes.filter((node) => counts(one.id, node)) }));
  return found.filter(({ nodes }) => nodes.length).map(({ id, nodes }) =>
    `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + ' ' + node.failureSummary.slice(0, 200)).join(' | ')}`);
}"""
_WEAR = """([name, url]) => new Promise((done, failed) => {
  document.querySelectorAll('link[href*="/static/themes/"]').forEach((link) => link.remove());
  document.documentElement.dataset.theme = name;
  if (!url) return done();
  const link = document.createElement('link');
  Object.assign(link, { rel: 'stylesheet', href: url, onload: done, onerror: failed });
  document.head.append(link);
})"""
_LAYOUT = """(least) => {
  const found = [];
  const name = (el) => el.outerHTML.slice(0, 140).replace(/\\s+/g, ' ');
  const front = document.querySelector('dialog:modal, .side:target, details.menu[open] > .menu-list');
  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth) {
    const scrolls = (el) => el !== root && (getComputedStyle(el).overflowX !== 'visible' || (el.parentElement && scrolls(el.parentElement)));
    const wide = [...document.querySelectorAll('body *')]
      .filter((el) => el.getBoundingClientRect().right > innerWidth && !scrolls(el));
    found.push(`the document is ${root.scrollWidth} px wide: ${wide.slice(-2).map(name)}`);
  }
  const controls = [...(front ?? document).querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter((el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: false }));
  // What a tap on a control reaches: its label as well, when that is what is drawn.
  const area = (el) => (el.matches('input') && el.closest('label')) || el;
  const inline = (el) => getComputedStyle(el).display === 'inline';
  for (const el of controls) {
    const shown = area(el);
    shown.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = shown.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    if (!inline(shown) && Math.min(box.width, box.height) < least - 0.5) {
      found.push(`${Math.round(box.width)} x ${Math.round(box.height)} px: ${name(el)}`);
    }
    const line = shown.getClientRects()[0];
    const top = document.elementFromPoint(line.left + line.width / 2, line.top + line.height / 2);
    if (top && !shown.contains(top) && !top.contains(shown) && !el.labels?.[0]?.contains(top)) {
      found.push(`${name(top)} lies over ${name(el)}`);
    }
  }
  scrollTo(0, 0);
  return found;
}"""


def dress(page: Page, scheme: str, width: int) -> None:
    """The open page in another scheme and width."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": HEIGHT[width]})


def wear(page: Page, theme: str) -> None:
    """The open page in another theme, without asking for it again."""
    page.evaluate(_WEAR, [theme, THEMES[theme]])


def violations(page: Page) -> list[str]:
    """What axe finds; at phone width also what is too wide, too small to hit, or covered."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    width = page.viewport_size["width"] if page.viewport_size else 0
    if width != PHONE:
        found: list[str] = page.evaluate(_VIOLATIONS, TAGS)
        return found
    # Axe takes the page as it is scrolled: what is just under a bar at the bottom would count as covered.
    page.set_viewport_size({"width": width, "height": page.evaluate("document.scrollingElement.scrollHeight")})
    found = page.evaluate(_VIOLATIONS, TAGS)
    page.set_viewport_size({"width": width, "height": HEIGHT[width]})
    return [*found, *page.evaluate(_LAYOUT, 24)]

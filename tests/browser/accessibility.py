"""axe-core on a page: what it finds wrong, in words a person can act on."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.console import AXE

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# The mail in the preview is the sender's, and its frame lets no script in: axe looks at everything but its inside.
_RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, iframes: false, resultTypes: ['violations'] })
  return found.violations.map(({ id, help, nodes }) => ({
    id, help, nodes: nodes.slice(0, 4).map(({ html, failureSummary }) => `${html.slice(0, 220)} -> ${failureSummary}`),
  }))
}"""


def violations(page: Page) -> str:
    """What axe-core has against the page as it stands; nothing when it has nothing."""
    # A page that is not drawn yet has no heading and no main part, and that is nothing against it.
    expect(page.locator("h1").first).to_be_attached()
    if not page.evaluate("typeof window.axe !== 'undefined'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN, RULES)
    return "\n".join(f"{each['id']}: {each['help']}\n  " + "\n  ".join(each["nodes"]) for each in found)


def violations_in_both(page: Page) -> str:
    """The same in light and in dark; the page is light afterwards."""
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        found.append(violations(page))
    return "\n".join(each for each in found if each)

"""Stories of people who work in the console: the first owner, somebody invited, and what each of them may do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from holdfast.flows.accounts.second_factor import STEP_SECONDS, code_at
from tests.browser.accessibility import violations
from tests.browser.console import PATIENCE_MS, Watched, watch
from tests.browser.serving import serving

OWNER, OWNERS_PASSWORD = "ada@shop.example", "correct horse battery"
VIEWER, VIEWERS_PASSWORD = "grace@shop.example", "staple battery horse"
HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture
def first_link() -> Iterator[str]:
    """The link the server prints for the first owner; nobody has an account on it."""
    with serving("up", says=r"Owner\s+(http://\S+)") as link:
        yield link


Visit = Callable[[str], Page]


@pytest.fixture
def visit(browser: Browser, first_link: str, watched: Watched) -> Iterator[Visit]:
    """Opens an address in a browser of its own."""
    # What is refused on purpose: a wrong password, a link that is over, a code that is wanted.
    watched.allowed += ["401", "403", "409"]
    contexts: list[BrowserContext] = []
    origin = first_link.partition("/welcome")[0]

    def visited(path: str) -> Page:
        context = browser.new_context(
            base_url=origin, viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page, origin, watched)
        page.goto(path)
        return page

    yield visited
    for context in contexts:
        context.close()


def fine(page: Page) -> None:
    """Nothing is wrong with the page as it stands, in either scheme."""
    for scheme in ("light", "dark"):
        page.evaluate("scheme => document.documentElement.dataset.mantineColorScheme = scheme", scheme)
        assert violations(page) == "", scheme


def password_in(page: Page, said: str) -> None:
    page.get_by_role("textbox", name="Password").fill(said)


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_role("textbox", name="Email address").fill(email)
    password_in(page, password)
    page.get_by_role("button", name="Sign in").click()


def test_from_the_first_owner_to_a_second_factor(visit: Visit, first_link: str) -> None:
    owner = visit(first_link)
    expect(owner.get_by_role("heading", name="Welcome to Holdfast")).to_be_visible()
    assert owner.evaluate("location.hash") == "", "the secret stays in the address"
    fine(owner)
    owner.get_by_role("textbox", name="Email address").fill(OWNER)
    owner.get_by_role("textbox", name="Your name").fill(HOSTILE)
    password_in(owner, OWNERS_PASSWORD)
    owner.get_by_role("button", name="Make the account").click()
    expect(owner.get_by_role("heading", name="Overview")).to_be_visible()
    expect(owner.get_by_role("button", name=HOSTILE)).to_be_visible()

    # Somebody is invited, and takes it up in a browser of theirs.
    owner.goto("/settings")
    fine(owner)
    owner.get_by_role("button", name="Invite somebody").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Email address").fill(VIEWER)
    dialog.get_by_role("button", name="Invite", exact=True).click()
    link = dialog.locator("code").inner_text()
    fine(owner)
    dialog.get_by_role("button", name="Done").click()
    viewer = visit(link)
    expect(viewer.get_by_text(f"You were invited as {VIEWER}")).to_be_visible()
    viewer.get_by_role("textbox", name="Your name").fill("Grace")
    password_in(viewer, VIEWERS_PASSWORD)
    viewer.get_by_role("button", name="Join").click()
    expect(viewer.get_by_role("heading", name="Overview")).to_be_visible()

    # A viewer sees no people, cannot publish or change settings, and is told who can grant it.
    expect(viewer.get_by_role("link", name="People", exact=True)).to_have_count(0)
    viewer.goto("/people")
    expect(viewer.get_by_role("heading", name="Your role does not let you see this")).to_be_visible()
    expect(viewer.get_by_text(OWNER)).to_be_visible()
    fine(viewer)
    refused = viewer.evaluate(
        """async () => {
          const { csrf } = await (await fetch('/session')).json()
          const headers = { 'Holdfast-Csrf': csrf, 'Content-Type': 'application/json' }
          const answer = await fetch('/api/journeys/spring/pause', { method: 'POST', headers, body: '{}' })
          return [answer.status, (await answer.json()).error.needs]
        }"""
    )
    assert refused == [403, "decisions:publish"]
    viewer.goto("/settings?tab=workspace")
    expect(viewer.get_by_role("textbox", name="Name of the workspace")).to_be_disabled()
    expect(viewer.get_by_role("button", name="Save settings")).to_have_count(0)

    # A second factor, and signing in with it.
    viewer.goto("/account?tab=second-factor")
    viewer.get_by_role("button", name="Set up second factor").click()
    viewer.get_by_role("button", name="Show the picture").click()
    dialog = viewer.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="A picture of the secret")).to_be_visible()
    secret = dialog.locator("code").first.inner_text().replace(" ", "")
    recovery = dialog.get_by_role("list", name="Recovery codes").get_by_role("listitem").all_inner_texts()
    expect(dialog.get_by_role("button", name="Turn it on")).to_be_disabled()
    fine(viewer)
    dialog.get_by_role("checkbox", name="I have kept them").check()
    dialog.get_by_role("textbox", name="Code").fill(_code(secret))
    dialog.get_by_role("button", name="Turn it on").click()
    expect(viewer.get_by_text("Whoever signs in as you needs a code")).to_be_visible()
    other = visit("/journeys")
    sign_in(other, VIEWER, "not the password")
    expect(other.get_by_role("alert")).to_contain_text("The address or the password is wrong.")
    sign_in(other, VIEWER, VIEWERS_PASSWORD)
    other.get_by_role("textbox", name="Code").fill(recovery[0])
    fine(other)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Journeys", exact=True)).to_be_visible()

    # Signed out from elsewhere while at work: the page stays, and goes on after signing in again.
    other.goto("/account")
    other.get_by_role("textbox", name="Your name").fill("Grace, half written")
    viewer.goto("/account?tab=sessions")
    viewer.get_by_role("button", name="Sign every other browser out").click()
    expect(viewer.get_by_role("button", name="Sign every other browser out")).to_have_count(0)
    other.get_by_role("button", name="Save name").click()
    again = other.get_by_role("dialog", name="Your session is over")
    expect(again).to_be_visible()
    fine(other)
    again.get_by_role("textbox", name="Password").fill(VIEWERS_PASSWORD)
    again.get_by_role("button", name="Sign in").click()
    again.get_by_role("textbox", name="Code").fill(recovery[1])
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_have_count(0)
    expect(other.get_by_role("textbox", name="Your name")).to_have_value("Grace, half written")

    # The invitation is used up; and whoever is disabled is out at once.
    used = visit(link)
    expect(used.get_by_role("heading", name="This link is not good any more")).to_be_visible()
    fine(used)
    owner.goto("/settings")
    owner.get_by_role("button", name="What to do with Grace").click()
    fine(owner)
    owner.get_by_role("menuitem", name="Disable").click()
    owner.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(owner.get_by_text("disabled", exact=True)).to_be_visible()
    viewer.goto("/journeys")
    expect(viewer.get_by_role("heading", name=re.compile("Sign in to"))).to_be_visible()


def _code(secret: str) -> str:
    return code_at(secret, int(datetime.now(UTC).timestamp()) // STEP_SECONDS)

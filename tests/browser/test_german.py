"""The console in German: what the server declares reads so as well, and is fetched by who needs it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import Open

DECLARED = "de.declared"
"""What the file is called in which the words of declarations are."""


@pytest.fixture
def german(open_page: Open) -> Page:
    """The first page, read in German."""
    page = open_page("/")
    page.evaluate("localStorage.setItem('holdfast:language', 'de')")
    return page


def test_the_first_page_does_not_wait_for_what_forms_say(german: Page) -> None:
    asked: list[str] = []
    german.on("request", lambda request: asked.append(request.url))
    german.goto("/")
    expect(german.get_by_role("heading", name="Überblick")).to_be_visible()
    assert [url for url in asked if "/de-" in url]
    assert [url for url in asked if DECLARED in url] == []


def test_a_connection_is_set_up_in_german(german: Page) -> None:
    german.goto("/channels")
    german.get_by_role("button", name="Verbindung hinzufügen").click()
    dialog = german.get_by_role("dialog", name="Eine Verbindung hinzufügen")
    dialog.get_by_role("combobox", name="Anbieter").click()
    german.get_by_role("option", name="E-Mail über SMTP").click()
    expect(dialog.get_by_role("textbox", name="Absender", exact=True)).to_be_visible()
    expect(dialog.get_by_text("Von wem Mail kommt, etwa Shop")).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Benutzer")).to_be_visible()


def test_a_rule_and_a_setting_are_told_in_german(german: Page) -> None:
    german.goto("/segments/new")
    german.get_by_role("button", name="Regel hinzufügen").first.click()
    german.get_by_role("menuitem", name="Zuletzt getan").click()
    expect(german.get_by_text("Sieht auf das letzte Mal, dass ein Ereignis geschah")).to_be_visible()
    german.goto("/settings?tab=contact")
    expect(german.get_by_text("Wann die Ruhezeit endet, etwa 08:00")).to_be_visible()


def test_a_step_is_told_in_german(german: Page) -> None:
    german.goto("/journeys/cart-rescue?step=cart")
    german.get_by_role("tab", name="Einstellungen").click()
    expect(german.get_by_text("Alle einlassen, die das Ereignis tun")).to_be_visible()
    expect(german.get_by_role("combobox", name="Noch einmal")).to_have_value("Nach dem Verlassen")


def test_a_message_of_the_mailbox_says_to_whom_in_german(german: Page) -> None:
    german.goto("/mailbox?medium=email")
    expect(german.get_by_text("An ", exact=False).filter(has_text=", von hello@")).to_be_visible()

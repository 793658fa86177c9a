"""Templates are written, looked at as somebody, checked and saved in versions; channels are set up by a form."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched
from tests.browser.test_stories import until


def test_a_text_message_is_written_looked_at_and_saved(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("400")  # What cannot be rendered is refused while it is half-written.
    server.api.post(
        "/v1/identify", json={"userId": "reader-1", "traits": {"first_name": "Wren"}}, auth=("wk", "")
    ).raise_for_status()
    until(server, "/api/people/reader-1", lambda person: bool(person["traits"]))
    name = f"Tide note {uuid4().hex[:6]}"
    page = open_page("/content")
    page.get_by_label("Name of a new template").fill(name)
    page.get_by_role("combobox", name="Channel").click()
    page.get_by_role("option", name="SMS").click()
    page.get_by_role("button", name="Write template").click()
    page.get_by_role("textbox", name="Text", exact=True).fill(
        "Ahoy {{ person.first_name }} <script>1</script>, " + "x" * 150
    )
    page.get_by_label("As this person reads it").fill("reader-1")
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview.get_by_text("Ahoy Wren <script>1</script>")).to_be_visible()
    expect(preview.get_by_text("It takes 2 segments")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Save v1").click()
    expect(page.get_by_role("button", name="Save v2")).to_be_disabled()
    page.get_by_label("Another language").fill("de")
    page.get_by_role("button", name="Add language").click()
    page.get_by_role("textbox", name="Text", exact=True).fill("Moin {{ person.first_name }}")
    expect(preview.get_by_text("Moin Wren")).to_be_visible()
    page.get_by_role("button", name="Save v2").click()
    expect(page.get_by_role("tab", name="Versions 2")).to_be_visible()
    page.get_by_role("tab", name="Versions 2").click()
    page.get_by_role("button", name="Save again version 1").click()
    expect(page.get_by_role("tab", name="Versions 3")).to_be_visible()
    saved = server.get(f"/api/templates/{name.lower().replace(' ', '-')}")
    assert "languages" not in saved["definition"]


def test_a_mail_is_shown_in_a_frame_that_runs_nothing(open_page: Open) -> None:
    page = open_page("/content/letter-from-the-harbour")
    frame = page.get_by_title("The mail as it would be read")
    expect(frame).to_be_visible()
    assert frame.get_attribute("sandbox") == ""
    expect(frame.content_frame.get_by_text("SAMPLE-CODE")).to_be_visible()


def test_a_provider_is_set_up_tested_and_forgotten(open_page: Open, server: Server) -> None:
    page = open_page("/channels")
    page.get_by_role("button", name="Add connection").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Provider").click()
    page.get_by_role("option", name="Twilio").click()
    dialog.get_by_label("Account SID").fill("AC0123456789")
    dialog.get_by_label("Auth token").first.fill("very-secret-token")
    dialog.get_by_label("Senders").fill("+447700900001")
    dialog.get_by_role("switch", name="Carries SMS").locator("xpath=..").click()
    assert violations(page) == ""
    dialog.get_by_role("button", name="Save connection").click()
    table = page.get_by_role("region", name="Connections")
    expect(table.get_by_role("cell", name="twilio", exact=True)).to_be_visible()
    expect(table.get_by_text("stands by")).to_be_visible()
    assert "very-secret-token" not in page.content()
    page.get_by_role("button", name="Change twilio").click()
    secret = dialog.get_by_label("Auth token").first
    assert secret.input_value() == ""
    assert secret.get_attribute("placeholder") == "Set; write here to replace it"
    dialog.get_by_label("Senders").fill("+447700900002")
    dialog.get_by_role("button", name="Save connection").click()
    expect(dialog).to_have_count(0)
    connection = server.get("/api/connections/twilio")
    assert connection["settings"]["senders"] == "+447700900002"
    assert connection["secrets"]["auth_token"] is True
    page.get_by_role("button", name="Forget twilio").click()
    dialog.get_by_label("Type twilio to forget it").fill("twilio")
    dialog.get_by_role("button", name="Forget connection").click()
    expect(page.get_by_text("No provider is set up yet")).to_be_visible()
    assert server.get("/api/connections")["connections"] == []


def test_an_address_is_suppressed_and_let_go(open_page: Open, server: Server) -> None:
    page = open_page("/channels?tab=suppressions")
    page.get_by_label("Address never to write to").fill("never@post.example")
    page.get_by_role("button", name="Suppress", exact=True).click()
    expect(page.get_by_role("cell", name="never@post.example", exact=True)).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Lift never@post.example").click()
    expect(page.get_by_role("cell", name="never@post.example", exact=True)).to_have_count(0)
    assert server.get("/api/suppressions")["suppressions"] == []


def test_a_send_step_is_given_another_message(open_page: Open, server: Server) -> None:
    before = server.get("/api/journeys/order-news")["version"]
    page = open_page("/journeys/order-news")
    page.get_by_text("Outline", exact=True).click()
    page.get_by_role("list", name="Steps").get_by_role("button", name="Sms · “Order-received”").click()
    page.get_by_role("tab", name="Message").click()
    says = page.get_by_role("combobox", name="What the SMS message says")
    expect(says).to_have_value("Template: Order received")
    says.click()
    page.get_by_role("option", name="Parts of its own").click()
    page.get_by_role("textbox", name="Text", exact=True).fill("Order {{ event.properties.order_id }} is with us.")
    expect(page.get_by_text("It takes 1 segment")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name=f"Publish v{before + 1}").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Publish v{before + 1}").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name=f"Publish v{before + 2}")).to_be_disabled()
    journey = server.get("/api/journeys/order-news")
    assert journey["version"] == before + 1
    assert (
        journey["definition"]["steps"]["text"]["template"]["text"]
        == "Order {{ event.properties.order_id }} is with us."
    )

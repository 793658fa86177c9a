"""Templates are written, looked at as somebody, checked and saved in versions; channels are set up by a form."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import FilePayload, Route, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched
from tests.browser.test_stories import until


def test_who_reads_it_first_is_there_before_anybody_else_can_be_put_there(open_page: Open) -> None:
    page = open_page("/content")
    held: list[Route] = []
    page.route("**/api/people?**", lambda each: held.append(each))  # noqa: PLW0108 - It has to be a function.
    page.goto("/content/letter-from-the-harbour")
    reader = page.get_by_label("As this person reads it")
    expect(reader).to_be_disabled()
    while not held:
        page.wait_for_timeout(10)
    for each in held:
        each.continue_()
    expect(reader).to_be_enabled()
    expect(reader).not_to_have_value("")
    reader.fill("somebody")
    expect(reader).to_have_value("somebody")


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
    given = server.get("/api/journeys/order-news")["definition"]
    # Where this ran before on the same server, the step says something else.
    given["steps"]["text"]["template"] = {"saved": "order-received"}
    server.api.put("/api/journeys/order-news", json=given).raise_for_status()
    before = server.get("/api/journeys/order-news")["version"]
    page = open_page("/journeys/order-news")
    page.get_by_text("Outline", exact=True).click()
    page.get_by_role("list", name="Steps").get_by_role("button", name=re.compile("^SMS: Order received")).click()
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


def test_a_block_is_written_and_what_it_would_break_is_said(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.extend(["400", "409"])  # What breaks others is refused first, and what is half-written cannot show.
    name = f"Sign off {uuid4().hex[:6]}"
    block = name.lower().replace(" ", "-")
    page = open_page("/content")
    page.get_by_label("Name of a new block").fill(name)
    page.get_by_role("button", name="Write block").click()
    page.get_by_role("textbox", name="Text", exact=True).fill("Yours, <img src=x onerror='document.title=1'>")
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview.get_by_title("The mail as it would be read")).to_be_visible()
    page.get_by_role("button", name="Save v1").click()
    expect(page.get_by_role("button", name="Save v2")).to_be_disabled()
    content = {"subject": "Hello", "text": f'News. {{% block "{block}" %}}'}
    template = {"name": f"With {name}", "medium": "email", "language": "en", "content": content}
    server.api.put(f"/api/templates/with-{block}", json={"definition": template}).raise_for_status()
    page.reload()
    expect(page.get_by_role("tab", name="Used by 1")).to_be_visible()
    page.get_by_role("textbox", name="Text", exact=True).fill("Yours, {{ nobody_says_who }}")
    page.get_by_role("button", name="Save v2").click()
    refusal = page.get_by_role("alert").filter(has_text="Not saved.")
    expect(refusal).to_contain_text("would not hold up")
    assert violations(page) == ""
    refusal.get_by_role("button", name="Save all the same").click()
    expect(page.get_by_text("1 other does not hold up with it now")).to_be_visible()
    assert server.get(f"/api/blocks/{block}")["heading"]["version"] == 2
    assert page.title() != "1"


def test_a_template_is_divided_into_variants_and_asks_for_what_is_still_to_come(
    open_page: Open, server: Server, watched: Watched
) -> None:
    watched.allowed.append("400")  # What nobody was seen to have is refused first.
    name = f"Divided {uuid4().hex[:6]}"
    template = name.lower().replace(" ", "-")
    definition = {"name": name, "medium": "sms", "language": "en", "content": {"text": "First"}}
    server.api.put(f"/api/templates/{template}", json={"definition": definition}).raise_for_status()
    page = open_page(f"/content/{template}")
    page.get_by_role("button", name="Add variant").click()
    page.get_by_role("textbox", name="Text", exact=True).fill("Second {{ person.nobody_has_it_yet }}")
    page.get_by_label("Share of variant b").fill("20")
    expect(page.get_by_text("a, 80%", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save v2").click()
    refusal = page.get_by_role("alert").filter(has_text="Not saved.")
    expect(refusal).to_contain_text("nobody_has_it_yet")
    assert violations(page) == ""
    refusal.get_by_role("button", name="Save all the same").click()
    expect(page.get_by_role("button", name="Save v3")).to_be_disabled()
    variants = server.get(f"/api/templates/{template}")["definition"]["variants"]
    assert {each: found["share"] for each, found in variants.items()} == {"a": 0.8, "b": 0.2}
    assert variants["a"]["content"]["text"] == "First"
    page.get_by_text("b, 20%", exact=True).click()
    page.get_by_role("button", name="Remove variant b").click()
    page.get_by_role("button", name="Save v3").click()
    expect(page.get_by_role("button", name="Save v4")).to_be_disabled()
    assert "variants" not in server.get(f"/api/templates/{template}")["definition"]


def test_items_and_codes_are_brought_in_and_bad_rows_are_named(open_page: Open, server: Server) -> None:
    name = f"shops-{uuid4().hex[:6]}"
    page = open_page("/content?tab=catalogues")
    page.get_by_role("combobox", name="Into the catalogue").fill(name)
    page.keyboard.press("Escape")
    page.get_by_role("switch", name="Leave out rows that can be no item").press(" ")
    rows = b"id,name\none,<img src=x onerror='document.title=1'>\n,Nameless\ntwo,Second\n"
    page.locator("input[type=file]").set_input_files({"name": "shops.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Bring in").click()
    expect(page.get_by_text("2 items were brought in, 1 row was left out.")).to_be_visible()
    expect(page.get_by_role("list", name="Rows that were left out").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("region", name=f"Items of {name}").get_by_role("cell", name="two")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Delete catalogue").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete catalogue")).to_be_disabled()
    dialog.get_by_label(f"Type {name} to delete it").fill(name)
    dialog.get_by_role("button", name="Delete catalogue").click()
    expect(dialog).to_have_count(0)
    assert name not in [each["name"] for each in server.get("/api/catalogues")["catalogues"]]
    page.goto("/content?tab=coupons")
    page.get_by_role("combobox", name="Into the pool").fill(name.upper())
    page.keyboard.press("Escape")
    codes = "".join(f"{name}-{each}\n" for each in range(3)).encode()
    page.locator("input[type=file]").set_input_files({"name": "codes.txt", "mimeType": "text/plain", "buffer": codes})
    page.get_by_role("button", name="Bring in").click()
    expect(page.get_by_text("3 codes were added.")).to_be_visible()
    assert violations(page) == ""
    pools = {each["name"]: each["left"] for each in server.get("/api/coupons")["pools"]}
    assert pools[name.upper()] == 3


def test_a_long_catalogue_is_turned_over_and_sought_through(open_page: Open, server: Server) -> None:
    name = f"long-{uuid4().hex[:6]}"
    shelf = f"/api/catalogues/{name}"
    rows = "".join(f"i{number:03},{'Teapot' if number % 40 == 0 else 'Cup'} {number}\n" for number in range(120))
    assert server.api.post(f"{shelf}/import?name=x.csv", content=f"id,name\n{rows}").status_code == 200
    page = open_page(f"/content?tab=catalogues&of={name}")
    items = page.get_by_role("region", name=f"Items of {name}")
    turning = page.get_by_role("navigation", name="Pages of items")
    expect(turning).to_contain_text("1 to 50 of 120")
    expect(items.get_by_role("row")).to_have_count(51)
    expect(turning.get_by_role("button", name="Previous")).to_be_disabled()
    turning.get_by_role("button", name="Next").click()
    expect(items.get_by_role("cell", name="i050", exact=True)).to_be_visible()
    turning.get_by_role("button", name="Next").click()
    expect(turning).to_contain_text("101 to 120 of 120")
    expect(turning.get_by_role("button", name="Next")).to_be_disabled()
    turning.get_by_role("button", name="Previous").click()
    expect(turning).to_contain_text("51 to 100 of 120")
    assert violations(page) == ""
    page.get_by_role("searchbox", name="Find items").fill("teapot")
    expect(items.get_by_role("row")).to_have_count(4)
    expect(turning).to_contain_text("1 to 3 of those that say it")
    expect(page).to_have_url(re.compile("find=teapot"))
    page.reload()
    expect(items.get_by_role("cell", name="i080", exact=True)).to_be_visible()
    page.get_by_role("searchbox", name="Find items").fill("<img src=x>")
    expect(page.get_by_text("No item says “<img src=x>”.")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Show all items").click()
    expect(turning).to_contain_text("1 to 50 of 120")
    server.api.delete(shelf)


def test_what_a_template_asks_for_is_taken_away_only_by_who_says_so(
    open_page: Open, server: Server, watched: Watched
) -> None:
    watched.allowed.append("409")  # It is refused first.
    name = f"asked-{uuid4().hex[:6]}"
    shelf = f"/api/catalogues/{name}"
    assert server.api.post(f"{shelf}/import?name=x.csv", content="id,price\none,5\n").status_code == 200
    text = f'{{% catalogue "{name}" id: event.properties.sku as p %}}{{{{ p.price }}}}'
    definition = {"name": name, "medium": "email", "content": {"subject": "Hi", "html": text}}
    assert server.api.put(f"/api/templates/{name}", json={"definition": definition}).status_code == 200
    page = open_page(f"/content?tab=catalogues&of={name}")
    page.get_by_role("combobox", name="Into the catalogue").fill(name)
    page.keyboard.press("Escape")
    file = FilePayload(name="fewer.csv", mimeType="text/csv", buffer=b"id,name\none,First\n")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Bring in").click()
    refusal = page.get_by_role("alert").filter(has_text="Nothing was brought in.")
    expect(refusal).to_contain_text(f"The template '{name}' would not hold up")
    expect(refusal).to_contain_text("there is no field 'price' any more.")
    assert violations(page) == ""
    assert server.get(shelf)["catalogue"]["fields"] == {"price": "number"}
    refusal.get_by_role("button", name="Bring it in all the same").click()
    expect(page.get_by_text("1 item was brought in.")).to_be_visible()
    assert server.get(shelf)["catalogue"]["fields"] == {"name": "text"}
    page.get_by_role("button", name="Delete catalogue").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(f"Type {name} to delete it").fill(name)
    dialog.get_by_role("button", name="Delete catalogue").click()
    expect(dialog.get_by_role("alert")).to_contain_text(f"The template '{name}' takes something of the catalogue")
    dialog.get_by_role("switch", name="Delete it all the same").press(" ")
    assert violations(page) == ""
    dialog.get_by_role("button", name="Delete catalogue").click()
    expect(dialog).to_have_count(0)
    assert name not in [each["name"] for each in server.get("/api/catalogues")["catalogues"]]
    server.api.delete(f"/api/templates/{name}")


def test_codes_are_made_and_handed_over_as_a_file(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("400")  # What is soon guessed is refused first.
    pool = f"MADE-{uuid4().hex[:6]}"
    page = open_page("/content?tab=coupons")
    page.get_by_role("combobox", name="Make codes for the pool").fill(pool)
    page.keyboard.press("Escape")
    page.get_by_label("How many").fill("12")
    page.get_by_label("Pattern").fill("T-##")
    page.get_by_role("button", name="Make codes").click()
    expect(page.get_by_role("alert")).to_contain_text("would soon be guessed")
    assert violations(page) == ""
    page.get_by_label("Pattern").fill("T-####-####")
    page.get_by_role("button", name="Make codes").click()
    expect(page.get_by_text("12 codes were made, such as T-")).to_be_visible()
    with page.expect_download() as kept:
        page.get_by_role("button", name="Save the codes as a file").click()
    codes = Path(kept.value.path()).read_text(encoding="utf-8").split()
    assert len(set(codes)) == 12
    assert all(re.fullmatch("T-[CDFGHJKMNPQRTVWXY34679]{4}-[CDFGHJKMNPQRTVWXY34679]{4}", each) for each in codes)
    assert violations(page) == ""
    pools = {each["name"]: each["left"] for each in server.get("/api/coupons")["pools"]}
    assert pools[pool] == 12
    again = server.api.post(f"/api/coupons/{pool}-2/import", content="\n".join(codes))
    assert again.json()["known"] == 12, "no other pool takes them"
    for each in (pool, f"{pool}-2"):
        server.api.delete(f"/api/coupons/{each}")

"""What is taken away, looked up, revealed and proven: pools, templates, addresses, secrets, certificates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.accessibility import violations_in_both
from tests.browser.console import Open, Server, Watched
from tests.browser.furniture import a_campaign
from tests.browser.test_audiences import dialog, named
from tests.browser.test_experiments import an_experiment
from tests.browser.test_insights_sql import LONG
from tests.browser.test_stories import someone

NEXT_YEAR = datetime.now(UTC).year + 1


def test_the_codes_of_a_pool_are_withdrawn_once_its_name_is_typed(
    open_page: Open, server: Server, watched: Watched
) -> None:
    watched.allowed.append("409")  # Withdrawing what a template hands out is refused first.
    pool = named("pool")
    codes = f"{pool}-1\n{pool}-2\n".encode()
    server.api.post(f"/api/coupons/{pool}/import?name=codes.txt", content=codes).raise_for_status()
    template = named("hands-out")
    content = {"text": f'{{% coupon "{pool}" as code %}} {{{{ code }}}}'}
    definition = {"name": template, "medium": "sms", "language": "en", "content": content}
    server.api.put(f"/api/templates/{template}", json={"definition": definition}).raise_for_status()
    page = open_page("/content?tab=coupons")
    page.get_by_role("button", name=f"Withdraw {pool}").click()
    withdraw = dialog(page).get_by_role("button", name="Withdraw codes")
    expect(withdraw).to_be_disabled()
    expect(dialog(page).get_by_text("2 codes that nobody has are deleted for good.")).to_be_visible()
    dialog(page).get_by_label(f"Type {pool} to withdraw it").fill(pool)
    withdraw.click()
    expect(dialog(page).get_by_role("alert")).to_contain_text(template)
    assert violations_in_both(page) == ""
    dialog(page).get_by_role("switch", name="Withdraw them all the same").locator("xpath=..").click()
    withdraw.click()
    expect(dialog(page).get_by_text("2 codes were withdrawn.")).to_be_visible()
    assert pool not in [each["name"] for each in server.get("/api/coupons")["pools"] if each["left"]]


def test_a_template_is_deleted_and_brought_back(open_page: Open, server: Server) -> None:
    template = named("letter")
    definition = {"name": template, "medium": "sms", "language": "en", "content": {"text": "Ahoy."}}
    server.api.put(f"/api/templates/{template}", json={"definition": definition}).raise_for_status()
    page = open_page(f"/content/{template}")
    page.get_by_role("button", name="Delete this template").click()
    assert violations_in_both(page) == ""
    dialog(page).get_by_role("button", name="Delete template").click()
    expect(dialog(page).get_by_text(f"“{template}” is deleted.")).to_be_visible()
    assert server.api.get(f"/api/templates/{template}").status_code == 404
    dialog(page).get_by_role("button", name="Undo").click()
    expect(dialog(page)).to_have_count(0)
    assert server.get(f"/api/templates/{template}")["definition"] == definition
    page.get_by_role("button", name="Delete this template").click()
    dialog(page).get_by_role("button", name="Delete template").click()
    dialog(page).get_by_role("button", name="Done").click()
    expect(page).to_have_url(f"{server.url}/content")
    expect(page.get_by_role("heading", name="Content")).to_be_visible()
    assert server.api.get(f"/api/templates/{template}").status_code == 404


def test_a_block_that_is_put_in_somewhere_is_not_deleted(open_page: Open, server: Server) -> None:
    block = named("sign-off")
    said = {"definition": {"name": block, "text": "Yours."}}
    server.api.put(f"/api/blocks/{block}", json=said).raise_for_status()
    content = {"text": f'News. {{% block "{block}" %}}'}
    definition = {"name": f"With {block}", "medium": "sms", "language": "en", "content": content}
    server.api.put(f"/api/templates/with-{block}", json={"definition": definition}).raise_for_status()
    page = open_page(f"/content/blocks/{block}")
    expect(page.get_by_role("tab", name="Used by 1")).to_be_visible()
    page.get_by_role("button", name="Delete this block").click()
    expect(dialog(page).get_by_text("It cannot be deleted while it is used in 1 place.")).to_be_visible()
    expect(dialog(page).get_by_role("button", name="Delete block")).to_be_disabled()
    assert violations_in_both(page) == ""


def test_an_address_is_looked_up(open_page: Open, server: Server) -> None:
    address = f"{named('gone')}@shore.example"
    page = open_page("/channels?tab=suppressions")
    field = page.get_by_label("Address to look up")
    field.fill(address)
    field.press("Enter")
    expect(page.get_by_role("status").filter(has_text=f"{address} is not suppressed on Email.")).to_be_visible()
    assert violations_in_both(page) == ""
    number = f"+49151{secrets.randbelow(10**8):08}"
    wish = {"channel": "sms", "address": number}
    server.api.post("/api/suppressions", json=wish).raise_for_status()
    try:
        field.fill(number)
        page.get_by_role("combobox", name="Channel to look on").click()
        page.get_by_role("option", name="SMS").click()
        page.get_by_role("button", name="Look up").click()
        told = f"Nothing goes to {number} on SMS: put here by hand."
        expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()
    finally:
        server.api.post("/api/suppressions/lift", json=wish).raise_for_status()


def test_the_signing_secret_is_revealed_and_the_code_beside_it_signs(open_page: Open, server: Server) -> None:
    key = named("app")
    server.api.post("/api/keys", json={"name": key, "kind": "write"}).raise_for_status()
    page = open_page("/settings?tab=keys")
    page.get_by_role("button", name=f"Signing secret {key}").click()
    secret = server.get(f"/api/keys/{key}/token-secret")["secret"]
    expect(dialog(page).get_by_text(secret)).to_have_count(0)
    dialog(page).get_by_role("button", name="Show the secret").click()
    expect(dialog(page).get_by_text(secret)).to_be_visible()
    assert violations_in_both(page) == ""
    code = dialog(page).get_by_role("region", name="Python code").text_content() or ""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOLDFAST_SIGNING_SECRET": secret},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said, _, signature = done.stdout.strip().rpartition(".")
    digest = hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest()
    assert signature == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    claims = said.partition(".")[2]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"] == "customer-42"


def test_that_somebody_is_forgotten_is_proven_and_their_certificate_is_kept(
    open_page: Open, server: Server, watched: Watched
) -> None:
    watched.allowed.append("404")  # Of somebody else there is no certificate.
    user = someone(server, email="forgotten@shore.example")
    erased = server.api.post("/api/erasures", json={"person": user}, timeout=120).raise_for_status().json()
    page = open_page("/settings?tab=privacy")
    page.get_by_label("An id they went by").fill(named("nobody"))
    page.get_by_role("button", name="Search every store").click()
    expect(page.get_by_role("alert")).to_contain_text("Not proven.")
    page.get_by_label("An id they went by").fill(user)
    page.get_by_role("button", name="Search every store").click()
    expect(page.get_by_text("It holds: the certificate is genuine")).to_be_visible()
    assert violations_in_both(page) == ""
    page.get_by_role("button", name="See the certificate").click()
    expect(page).to_have_url(f"{server.url}/settings?tab=privacy&erasure={erased['id']}")
    expect(dialog(page).get_by_text(erased["seal"])).to_be_visible()
    assert violations_in_both(page) == ""
    assert user not in (dialog(page).text_content() or "")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{server.url}/settings?tab=privacy")
    expect(page.get_by_role("button", name=erased["id"])).to_be_visible()


def test_what_somebody_gets_of_an_experiment_is_looked_at_and_nobody_takes_part_by_it(
    open_page: Open, server: Server
) -> None:
    user = someone(server, first_name="Tove")
    experiment = an_experiment(server, state="running", values={"bold": {"colour": "<b>red</b>"}})
    wish = {"user_id": user, "experiments": [experiment], "only_look": True}
    given = server.api.post("/api/experiments/decide", json=wish).raise_for_status().json()["experiments"]
    page = open_page(f"/experiments/{experiment}")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="What does somebody get").click()
    field = dialog(page).get_by_role("combobox", name="Person")
    field.fill(user)
    expect(page.get_by_role("option")).to_have_count(1)
    field.press("Enter")
    gets = f"Tove gets {given[experiment]['variant']}."
    expect(dialog(page).get_by_role("status").filter(has_text=gets)).to_be_visible()
    assert violations_in_both(page) == ""
    taken_part = [each["experiment"] for each in server.get(f"/api/people/{user}")["variants"]]
    assert experiment not in taken_part  # Journeys of other tests may have given them another one.


def test_the_calendar_of_a_schedule_marks_days_off(open_page: Open, server: Server) -> None:
    campaign = named("yule")
    trigger = {"type": "dates", "at": [f"{NEXT_YEAR}-12-21T09:00"], "country": "DE"}
    server.api.put(f"/api/campaigns/{campaign}", json=a_campaign(campaign, trigger)).raise_for_status()
    page = open_page(f"/campaigns/{campaign}?view=compose")
    days = page.get_by_role("list", name="Days off in these months").get_by_role("listitem")
    expect(days).to_have_text(["25 Dec Christmas Day (DE)", "26 Dec Second Day of Christmas (DE)"])
    assert violations_in_both(page) == ""


def test_secrets_are_sealed_anew(open_page: Open, server: Server) -> None:
    name = named("relay")
    settings = {"account_sid": "AC0123456789", "auth_token": "very-secret", "senders": "+447700900001"}
    wish = {"provider": "twilio", "settings": settings, "default": False}
    server.api.put(f"/api/connections/{name}", json=wish).raise_for_status()
    try:
        page = open_page("/channels")
        page.get_by_role("button", name="Seal secrets anew").click()
        assert violations_in_both(page) == ""
        dialog(page).get_by_role("button", name="Seal anew").click()
        expect(
            dialog(page).get_by_text("Every secret was sealed with the key that is set now already.")
        ).to_be_visible()
    finally:
        server.api.delete(f"/api/connections/{name}").raise_for_status()


def test_a_board_is_made_with_what_it_is_for(open_page: Open, server: Server) -> None:
    name = named("Morning")
    page = open_page("/boards")
    page.get_by_role("button", name="New board").first.click()
    dialog(page).get_by_label("Name").fill(name)
    dialog(page).get_by_label("Description").fill("For whoever comes first.")
    assert violations_in_both(page) == ""
    dialog(page).get_by_role("button", name="Create").click()
    expect(dialog(page)).to_have_count(0)  # Its field says the same words.
    expect(page.get_by_text("For whoever comes first.")).to_be_visible()
    (made,) = [each for each in server.get("/api/boards")["boards"] if each["name"] == name]
    assert server.get(f"/api/boards/{made['id']}")["description"] == "For whoever comes first."
    server.api.delete(f"/api/boards/{made['id']}").raise_for_status()


def test_a_question_that_takes_too_much_is_called_off_by_somebody_else(open_page: Open, watched: Watched) -> None:
    watched.allowed.append("409")  # Whoever asked is told that it was called off.
    asking = open_page(f"/insights/sql?q={quote(json.dumps({'query': LONG}))}")
    asking.get_by_role("button", name="Run").click()
    expect(asking.get_by_role("button", name="Cancel")).to_be_visible()
    page = open_page("/settings?tab=health")
    questions = page.get_by_role("region", name="Questions under way")
    expect(questions.get_by_role("row", name="POST /api/sql")).to_be_visible()
    assert violations_in_both(page) == ""
    questions.get_by_role("button", name="Call off POST /api/sql").click()
    expect(asking.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("Nothing is being asked of the history.")).to_be_visible()

"""KPIs in a browser: made of a saved insight by a form, changed, removed."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.console import Open, Server
from tests.browser.test_pages import fine_in_both_schemes

QUESTION = {"event": {"events": ["Order Completed"]}, "period": "week", "when": {"last_days": 90}, "chart": "bars"}


def _figures(server: Server) -> list[dict[str, Any]]:
    return [each for each in server.get("/api/kpis")["nodes"] if each["kind"] == "kpi"]


def test_a_kpi_is_made_of_a_saved_insight_changed_and_removed(open_page: Open, server: Server) -> None:
    insight = {"name": "Orders for KPIs", "kind": "trend", "question": QUESTION}
    server.api.put("/api/saved-insights/orders-for-kpis", json=insight).raise_for_status()
    server.api.put("/api/kpis", json={"nodes": []}).raise_for_status()
    page = open_page("/insights/kpis")
    expect(page.get_by_role("heading", name="No KPIs yet")).to_be_visible()
    page.get_by_role("button", name="Add a KPI").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("Orders in a month")
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    dialog.get_by_role("combobox", name="A number of which insight").click()
    page.get_by_role("option", name="Orders for KPIs").click()
    dialog.get_by_role("combobox", name="Which number").click()
    page.get_by_role("option", name="Result").click()
    dialog.get_by_role("combobox", name="Of its table").click()
    page.get_by_role("option", name="all rows added up").click()
    dialog.get_by_role("textbox", name="Target").fill("7")
    fine_in_both_schemes(page)
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="Orders in a month")
    expect(row).to_contain_text("at least 7")
    (made,) = _figures(server)
    assert (made["parent"], made["days"], made["target"], made["direction"]) == ("company", 30, 7, "up")
    assert made["value"] > 7
    assert server.get("/api/kpis")["definition"]["nodes"][1]["question"] == {
        "event": {"events": ["Order Completed"]},
        "period": "week",
    }
    row.get_by_role("button", name="Change").click()
    expect(dialog.get_by_role("textbox", name="Target")).to_have_value("7")
    dialog.get_by_role("textbox", name="Target").fill("9")
    dialog.get_by_text("Less is better").click()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(row).to_contain_text("at most 9")
    (changed,) = _figures(server)
    assert (changed["id"], changed["target"], changed["direction"]) == (made["id"], 9, "down")
    row.get_by_role("button", name="Change").click()
    dialog.get_by_role("button", name="Remove this KPI").click()
    expect(row).to_have_count(0)
    assert _figures(server) == []
    server.api.put("/api/kpis", json={"nodes": []}).raise_for_status()

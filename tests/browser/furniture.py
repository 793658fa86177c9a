"""Campaigns of every kind, a journey of every step and a board, for the pages that show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.browser.console import Server

NEXT_YEAR = datetime.now(UTC).year + 1
GOAL = {"event": "Order Completed", "within_seconds": 259_200}
SEND = {"channel": "email", "template": {"subject": "For you", "html": "<p>Hello.</p>"}}
GERMANS = {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"}
BUYERS = {"type": "did", "event": "Order Completed", "at_least": 1}
ORDERED = {"event": "Order Completed", "seconds": 3_600}


def a_campaign(name: str, trigger: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A campaign of one mail, named by its id."""
    return {
        "id": name,
        "name": name.replace("-", " ").capitalize(),
        "goal": GOAL,
        "trigger": trigger,
        "send": SEND,
    } | more


def some_seconds_ago() -> str:
    """What the clock in London said half a minute ago: not too late for a campaign that begins by it."""
    return (datetime.now(UTC) - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%S")


def held_campaign(name: str) -> dict[str, Any]:
    """A campaign that begins at once, whose audience is larger than it may be unless somebody looks at it."""
    trigger = {"type": "dates", "at": [some_seconds_ago()], "if_past": "next_day", "audience": GERMANS, "hold_above": 1}
    return a_campaign(name, trigger, holdout=0.1)


CAMPAIGNS: dict[str, dict[str, Any]] = {
    each["id"]: each
    for each in (
        a_campaign("cart-nudge", {"type": "trigger", "event": "Product Added", "again": "once"}, unless=ORDERED),
        a_campaign(
            "spring-news",
            {"type": "dates", "at": [f"{NEXT_YEAR}-03-20T09:00", f"{NEXT_YEAR}-03-27T09:00"]},
        ),
        a_campaign(
            "monday-picks",
            {
                "type": "recurring",
                "at": ["09:00", "18:30"],
                "days": ["monday", "thursday"],
                "every_weeks": 2,
                "starts_on": "2026-01-05",
                "on_day_off": "shift",
                "throttle": {"people": 500, "per": "minute"},
            },
            holdout=0.1,
        ),
        a_campaign("birthday", {"type": "date_trait", "date_trait": "birthday", "yearly": True, "at": "09:00"}),
        a_campaign("welcome-gold", {"type": "segment_change", "segment": "german-buyers", "change": "entered"}),
        a_campaign(
            "price-drop",
            {
                "type": "business_event",
                "event": "Price Dropped",
                "event_property": "product_id",
                "their_event": "Product Viewed",
                "their_property": "product_id",
                "within_days": 30,
            },
        ),
        a_campaign("receipts", {"type": "api", "whole_audience": True}),
    )
}

EVERY_STEP: dict[str, Any] = {
    "id": "every-step",
    "name": "Every step",
    "holdout": 0.1,
    "goal": GOAL,
    "start": "in",
    "steps": {
        "in": {"type": "trigger", "event": "Product Viewed", "again": "after_exit", "exits": {"entered": "ways"}},
        "ways": {
            "type": "split",
            "shares": {"calm": 0.5, "eager": 0.3, "none": 0.2},
            "exits": {"calm": "nine", "eager": "asked", "none": "done"},
        },
        "nine": {
            "type": "wait_until",
            "at": "09:00",
            "days": ["monday", "tuesday"],
            "if_past": "skip",
            "exits": {"waited": "renewal", "past": "pause"},
        },
        "renewal": {
            "type": "wait_until_date",
            "date_trait": "renews_on",
            "offset_days": -7,
            "at": "09:00",
            "exits": {"waited": "mail", "past": "mail", "missing": "pause"},
        },
        "pause": {"type": "wait", "seconds": 30, "exits": {"waited": "mark"}},
        "mark": {
            "type": "update_trait",
            "trait": "reminders",
            "change": "increment",
            "value": 1,
            "exits": {"updated": "mail", "unchanged": "mail"},
        },
        "asked": {"type": "branch", "condition": BUYERS, "exits": {"yes": "bought", "no": "hook", "unknown": "hook"}},
        "hook": {
            "type": "webhook",
            "url": "https://crm.example/hooks/carts",
            "exits": {"sent": "other", "withheld": "other"},
        },
        "other": {"type": "enter_journey", "journey": "cart-rescue", "exits": {"next": "until"}},
        "until": {
            "type": "until",
            "event": "Order Completed",
            "seconds": 60,
            "exits": {"happened": "bought", "expired": "mail"},
        },
        "mail": {"type": "send", **SEND, "exits": {"sent": "done", "withheld": "done"}},
        "bought": {"type": "goal"},
        "done": {"type": "exit"},
    },
}


LIVE_SEGMENT: dict[str, Any] = {
    "name": "German buyers",
    "live": True,
    "definition": {"type": "all", "of": [GERMANS, {**BUYERS, "within_days": 90}]},
}


ORDERS_BY_WEEK: dict[str, Any] = {
    "name": "Orders by week",
    "kind": "trend",
    "question": {"event": {"events": ["Order Completed"]}, "period": "week", "when": {"last_days": 90}},
}
BY_COUNTRY: dict[str, Any] = {
    "name": "People by country",
    "kind": "sql",
    "question": {"query": "SELECT text['country'] AS country, count() AS people FROM people GROUP BY country"},
}
BOARD: dict[str, Any] = {
    "name": "Every morning",
    "description": "Looked at before the day begins.",
    "cards": [
        {"type": "insight", "id": "week", "width": 2, "insight": "furnished-week"},
        {"type": "text", "id": "words", "text": "Call the warehouse when orders fall."},
        {"type": "insight", "id": "rows", "insight": "furnished-rows"},
        {"type": "insight", "id": "gone", "insight": "furnished-never"},
    ],
}
"""A chart, words, rows of SQL and an insight that is gone."""


def furnish(server: Server) -> None:
    """Publish all of them; the same again changes nothing."""
    server.api.put("/api/saved-insights/furnished-week", json=ORDERS_BY_WEEK).raise_for_status()
    server.api.put("/api/saved-insights/furnished-rows", json=BY_COUNTRY).raise_for_status()
    server.api.put("/api/boards/furnished", json=BOARD).raise_for_status()
    server.api.put("/api/segments/german-buyers", json=LIVE_SEGMENT).raise_for_status()
    for each in CAMPAIGNS.values():
        server.api.put(f"/api/campaigns/{each['id']}", json=each).raise_for_status()
    server.api.put("/api/journeys/every-step", json=EVERY_STEP).raise_for_status()

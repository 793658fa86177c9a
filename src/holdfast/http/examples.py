"""An example of what each call takes: told in the OpenAPI description, and what the tests begin from.

A call that takes a body and stands not here fails a test: say what it takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

DID: dict[str, Any] = {"type": "did", "event": "Seen", "at_least": 1, "at_most": 9, "within_days": 30}
WHERE = {"property": "plan", "operator": "equals", "value": "gold"}
SEGMENT = {"type": "all", "of": [{**DID, "where": [WHERE]}, {"type": "trait", "trait": "a", "operator": "is_set"}]}
GOAL = {"event": "Order Completed", "within_seconds": 3600}
TRIGGER = {"event": "Never Happens", "again": "after_exit", "cool_down_seconds": 60}
TEMPLATE = {"subject": "Hello {{ person.name | default: 1 }}", "html": "<p>Hello</p>", "text": "Hello"}
SEND = {"channel": "email", "topic": "news", "template": TEMPLATE}
JOURNEY = {
    "id": "spring-sale",
    "name": "Spring sale",
    "holdout": 0.1,
    "goal": GOAL,
    "start": "start",
    "steps": {
        "start": {"type": "trigger", **TRIGGER, "where": [WHERE], "only_if": DID, "exits": {"entered": "wait"}},
        "wait": {"type": "wait", "seconds": 5, "exits": {"waited": "until"}},
        "until": {"type": "until", "event": "B", "seconds": 5, "exits": {"happened": "fork", "expired": "fork"}},
        "fork": {
            "type": "branch",
            "condition": DID,
            "exits": {"yes": "send", "no": "end", "unknown": "end"},
        },
        "send": {"type": "send", **SEND, "exits": {"sent": "end", "withheld": "end"}},
        "end": {"type": "exit"},
    },
}
CAMPAIGN = {"id": "win-back", "name": "Spring sale", "holdout": 0.1, "goal": GOAL, "trigger": TRIGGER, "send": SEND}

TREND = {"event": "Bought", "measure": "count", "period": "day", "since": "2026-01-01", "until": "2026-01-03"}
CALL: dict[str, object] = {
    "people": [{"user_id": "ana", "properties": {"order": 7}}],
    "properties": {"title": "Yours"},
    "idempotency_key": "order-7",
}
BODIES: Mapping[tuple[str, str], object] = MappingProxyType(
    {
        ("POST", "/api/dead-letters/replay"): {"keys": ["nobody"], "all": False},
        ("POST", "/api/dead-letters/drop"): {"all": True, "origin": "nothing", "channel": "email"},
        ("POST", "/session"): {"key": "ak_…"},
        ("PUT", "/api/adaptive/{experiment}"): {"mode": "manual", "winner": None, "shares": {"a": 0.5, "b": 0.5}},
        ("PUT", "/api/settings"): {"values": {"quiet_from": "21:00", "quiet_until": "08:00"}, "based_on": 0},
        ("POST", "/api/suppressions"): {"channel": "email", "address": "ana@there.example"},
        ("POST", "/api/suppressions/lift"): {"channel": "email", "address": "ana@there.example"},
        ("POST", "/api/people/merge"): {"first": "ana", "second": "ben"},
        ("POST", "/api/people/unmerge"): {"link_id": 1, "first": "ana", "second": "ben"},
        ("POST", "/api/erasures"): {"person": "carla", "wait": True},
        ("POST", "/api/erasures/prove"): {"person": "carla"},
        ("PUT", "/api/people/{user_id}/consent"): {"channel": "email", "topic": "news", "granted": True},
        ("PUT", "/api/people/{user_id}/traits"): {"set": {"plan": "gold", "nickname": None}},
        ("POST", "/api/people/find"): {
            "text": "ana",
            "known": True,
            "definition": SEGMENT,
            "order": "last_seen",
            "ascending": False,
            "traits": ["email"],
            "limit": 10,
            "offset": 0,
        },
        ("POST", "/api/segments/count"): {"definition": SEGMENT},
        ("POST", "/api/segments/people"): {"definition": SEGMENT, "limit": 10, "offset": 0},
        ("POST", "/api/segments/explain"): {"definition": SEGMENT, "person": "ana"},
        ("POST", "/api/segments/audience"): {"segment": SEGMENT, "at": "2026-01-01", "limit": 10, "offset": 0},
        ("POST", "/api/segments/changes"): {
            "segment": SEGMENT,
            "since": "2026-01-01",
            "until": "2026-02-01",
            "side": "left",
            "limit": 10,
            "offset": 0,
        },
        ("POST", "/api/segments/history"): {"segment": DID, "period": "month", "last": 2, "time_zone": "Europe/Berlin"},
        ("POST", "/api/segments/overlap"): {"segments": [DID, {"type": "trait", "trait": "a", "operator": "is_set"}]},
        ("POST", "/api/segments/reach"): {"segment": DID, "topic": "news", "transactional": False},
        ("POST", "/api/insights/{kind}"): TREND,
        ("POST", "/api/insights/{kind}/people"): {"question": TREND, "cell": {}, "limit": 10, "offset": 0},
        ("POST", "/api/insights/{kind}/save"): {"question": TREND, "cell": {}, "id": "kept", "name": "Kept"},
        ("POST", "/api/trials/plan"): {"base": 0.05, "lift": 0.1, "variants": 3, "power": 0.8, "people_a_day": 100},
        ("POST", "/api/trials/check"): {"goal": "Bought", "within_seconds": 3600, "splits": 10, "people": 300},
        ("POST", "/api/simulate"): {"definition": JOURNEY, "over": "30d", "people": 10, "costs": {"email": 0.1}},
        ("POST", "/api/journeys/{decision_id}/trigger"): CALL,
        ("POST", "/api/campaigns/{decision_id}/trigger"): CALL,
        ("PUT", "/api/experiments/{experiment_id}"): {
            "definition": {
                "name": "Spring sale",
                "variants": {"a": 0.5, "b": 0.5},
                "layer": {"id": "l", "from": 0.25, "to": 0.5},
                "audience": SEGMENT,
                "values": {"a": {"x": [1, None]}},
                "goals": [{"event": "A", "within_seconds": 60, "value": "total", "worth_minor": 5}],
                "guardrails": ["B"],
                "planned_people": 100,
                "state": "running",
            }
        },
        ("POST", "/api/experiments/{experiment_id}/winner"): {"variant": "a"},
        ("POST", "/api/experiments/decide"): {"user_id": "ana", "anonymous_id": "ben", "experiments": []},
        ("PUT", "/api/templates/{saved_id}"): {
            "definition": {
                "name": "T",
                "medium": "sms",
                "content": {"text": "Hi {{ person.a | default: 1 }}"},
                "languages": {"de": {}},
            }
        },
        ("POST", "/api/templates/{saved_id}/restore"): {"version": 1},
        ("POST", "/api/templates/preview"): {
            "medium": "sms",
            "content": {"text": "Hi {{ person.a | default: 1 }}"},
            "person": "ana",
            "event": {"name": "A", "properties": {"b": 1}},
            "language": "de",
            "variant": "a",
            "transactional": False,
        },
        ("POST", "/api/templates/test"): {
            "medium": "sms",
            "content": {"text": "Hi"},
            "to": "+4915112345678",
            "event": {},
        },
        ("PUT", "/api/blocks/{saved_id}"): {"definition": {"name": "B", "html": "<p>x</p>", "text": "x"}},
        ("POST", "/api/blocks/{saved_id}/restore"): {"version": 1},
        ("PUT", "/api/saved-insights/{insight_id}"): {
            "name": "Orders by week",
            "description": "How many, and of how many people.",
            "kind": "trend",
            "question": {"event": {"events": ["Order Placed"]}, "period": "week", "when": {"last_days": 90}},
        },
        ("PUT", "/api/boards/{board_id}"): {
            "name": "Spring",
            "description": "",
            "period": {"last_days": 30},
            "segment": None,
            "cards": [
                {"type": "insight", "id": "orders", "width": 2, "insight": "spring-sale"},
                {"type": "kpi", "id": "kpi", "width": 1, "kpi": "revenue"},
                {"type": "text", "id": "words", "width": 3, "text": "The sale begins on Monday."},
            ],
        },
        ("POST", "/api/shared-links"): {"kind": "board", "about": "spring", "days": 30},
        ("PUT", "/api/schema/meanings"): {
            "event": "Order Completed",
            "name": "revenue",
            "text": "What was paid, without taxes.",
        },
        ("PUT", "/api/kpis"): {
            "nodes": [
                {"id": "shop", "name": "The shop", "kind": "company"},
                {
                    "id": "orders",
                    "name": "Orders",
                    "kind": "kpi",
                    "parent": "shop",
                    "horizon": "long",
                    "insight": "trend",
                    "question": {"event": "Bought", "period": "day"},
                    "days": 7,
                    "column": "value",
                    "rows": {},
                    "of": "sum",
                    "cell": {},
                    "target": 10,
                    "direction": "up",
                },
            ],
        },
        ("POST", "/api/sql"): {"query": "SELECT event, {n:UInt8} FROM events", "params": {"n": 1}, "limit": 10},
        ("PUT", "/api/segments/{segment_id}"): {
            "name": "Spring sale",
            "definition": SEGMENT,
            "description": "For trying.",
        },
        ("POST", "/api/segments/apply"): {
            "segments": [
                {"id": "spring-sale", "name": "Spring sale", "definition": SEGMENT, "description": "For trying."},
                {
                    "id": "gold-buyers",
                    "name": "Spring sale",
                    "definition": {"type": "in_segment", "segment": "spring-sale"},
                },
            ],
            "dry_run": True,
            "prune": False,
        },
        ("POST", "/api/segments/{segment_id}/restore"): {"version": 1},
        ("PUT", "/api/lists/{list_id}"): {
            "name": "Spring sale",
            "people": ["ana", {"kind": "anonymous", "value": "x"}, 1],
        },
        ("POST", "/api/lists/{list_id}/people"): {"add": ["ana"], "remove": ["ben", 7]},
        ("POST", "/api/journeys/apply"): {
            "journeys": [{"kind": "journey", **JOURNEY}, {"kind": "campaign", **CAMPAIGN}],
            "move": {"spring-sale": {}},
            "dry_run": True,
            "content": [{"kind": "block", "id": "footer", "name": "Footer", "text": "Bye."}],
        },
        ("POST", "/api/journeys/{decision_id}/preview"): {**JOURNEY, "move": {}},
        ("POST", "/api/campaigns/{decision_id}/preview"): {**CAMPAIGN, "move": {}},
        ("POST", "/api/journeys/{decision_id}/check"): {**JOURNEY, "move": {}},
        ("POST", "/api/campaigns/{decision_id}/check"): {**CAMPAIGN, "move": {}},
        ("POST", "/api/journeys/{decision_id}/outlook"): JOURNEY,
        ("POST", "/api/campaigns/{decision_id}/outlook"): CAMPAIGN,
        ("PUT", "/api/journeys/{decision_id}"): JOURNEY,
        ("PUT", "/api/campaigns/{decision_id}"): CAMPAIGN,
        ("POST", "/api/errors/replay"): {"ids": [1], "all": False, "bodies": {"1": "{}"}},
        ("POST", "/api/email-domains"): {"domain": "shop.example", "connection": "relay", "ed25519": True},
        ("POST", "/api/keys"): {"name": "spring-sale", "kind": "api", "scopes": ["read"]},
        ("PUT", "/api/connections/{name}"): {
            "provider": "email_smtp",
            "settings": {"sender": "ana@there.example", "host": "relay.there.example", "password": "spring-sale"},
            "default": False,
        },
        ("POST", "/api/connections/{name}/test"): {"to": "ana@there.example", "content": None},
        ("POST", "/api/connections/reseal"): {"old_key": None},
        ("POST", "/api/coupons/{pool}/codes"): {"count": 500, "pattern": "SPRING-####-####"},
        ("POST", "/api/comments"): {"about": "segment:spring-sale", "text": "Is this right, @ben@shop.example?"},
        ("PUT", "/api/comments/{comment_id}"): {"text": "It is.", "resolved": True},
        ("PUT", "/api/drafts/{thing_kind}/{about}"): {"definition": {"name": "Spring"}, "based_on": 1, "revision": 0},
        ("POST", "/api/presence"): {"about": "segment:spring-sale"},
        ("PUT", "/api/approvals/rule"): {"rule": "none"},
        ("POST", "/api/approvals/{approval_id}"): {"say": "approve", "words": "Good to go."},
        ("POST", "/session/link"): {"token": "W3M…"},
        ("POST", "/session/first"): {
            "token": "W3M…",
            "email": "ada@shop.example",
            "name": "Ada",
            "password": "correct horse battery",
        },
        ("POST", "/session/invitation"): {"token": "W3M…", "name": "Ada", "password": "correct horse battery"},
        ("POST", "/session/reset"): {"token": "W3M…", "password": "correct horse battery"},
        ("POST", "/api/accounts/invitations"): {"email": "ada@shop.example", "role": "marketer"},
        ("PUT", "/api/accounts/{account_id}"): {"role": "analyst", "state": "active", "name": "Ada"},
        ("PUT", "/api/me"): {
            "name": "Ada",
            "language": "de",
            "password": {"current": "correct horse battery", "new": "staple of another kind"},
        },
        ("PUT", "/api/me/two-factor"): {"code": "123456"},
        ("POST", "/api/me/two-factor/removal"): {"password": "correct horse battery"},
    }
)
"""By method and path."""
PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "account_id": "ada@shop.example",
        "session_id": "0123456789abcdef",
        "user_id": "ana",
        "segment_id": "spring-sale",
        "list_id": "spring-sale",
        "catalogue": "spring-sale",
        "item_id": "spring-sale",
        "pool": "spring-sale",
        "saved_id": "spring-sale",
        "insight_id": "spring-sale",
        "board_id": "spring-sale",
        "experiment_id": "spring-sale",
        "mail_id": "1",
        "comment_id": "1",
        "approval_id": "1",
        "thing_kind": "segment",
        "about": "segment:spring-sale",
        "name": "spring-sale",
        "query_id": "spring-sale",
        "verb": "pause",
        "kind": "trend",
        "person": "ana",
        "origin": "spring-sale",
        "format": "jsonl",
        "mapping": json.dumps({"person": "who", "time": "at", "event_name": "Bought"}),
    }
)
"""What each parameter of a path or query usually is."""

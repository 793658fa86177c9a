"""What OpenAPI says of the calls that are no routes of FastAPI's: the hot path, and what apps and sites call.

They read their input themselves, so nothing can be derived from them; what is said here is held to what they answer by
the tests that ask every call by its description.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Described = Mapping[str, object]

_TEXT: Described = {"type": "string"}
_MOMENT: Described = {"type": "string", "format": "date-time"}
_MOMENT_OR_NONE: Described = {"anyOf": [_MOMENT, {"type": "null"}]}
_OBJECT: Described = {"type": "object"}
_WRITE_KEY: tuple[Described, ...] = ({"writeKey": []}, {"writeKeyInBody": []})
_PERSON: Described = {
    "name": "X-Holdfast-Person",
    "in": "header",
    "required": False,
    "description": "A token that your server signed for a user id.",
    "schema": _TEXT,
}
_ANONYMOUS: Described = {
    "name": "anonymous_id",
    "in": "query",
    "required": False,
    "description": "A visitor nobody has signed in under.",
    "schema": _TEXT,
}
_EVENT: Described = {
    "type": "object",
    "properties": {
        "type": {"enum": ["track", "identify", "page", "screen", "group", "alias"]},
        "event": _TEXT,
        "userId": _TEXT,
        "anonymousId": _TEXT,
        "messageId": _TEXT,
        "timestamp": _TEXT,
        "properties": _OBJECT,
        "traits": _OBJECT,
        "context": _OBJECT,
    },
    "additionalProperties": True,
}
_TAKEN: Described = {"type": "object", "properties": {"success": {"const": True}}, "required": ["success"]}
_TRACKED: Described = {
    "userId": "ana",
    "event": "Order Completed",
    "messageId": "order-4711",
    "properties": {"revenue": 42.5, "currency": "EUR"},
}
_KINDS: Mapping[str, tuple[str, Described]] = MappingProxyType(
    {
        "track": ("Somebody did something.", _TRACKED),
        "identify": ("Who somebody is, and what is known of them.", {"userId": "ana", "traits": {"plan": "gold"}}),
        "page": ("Somebody looked at a page.", {"anonymousId": "visitor-1", "name": "Pricing"}),
        "screen": ("Somebody looked at a screen of an app.", {"userId": "ana", "name": "Basket"}),
        "group": ("Which group somebody belongs to.", {"userId": "ana", "groupId": "acme"}),
        "alias": ("Two names are one person.", {"userId": "ana", "previousId": "visitor-1"}),
    }
)
_WAITING: Described = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "channel": {"enum": ["in_app", "inbox"]},
        "content": {"type": "object", "description": "The parts of its channel."},
        "received_at": _MOMENT,
        "expires_at": _MOMENT_OR_NONE,
        "opened_at": _MOMENT_OR_NONE,
        "clicked_at": _MOMENT_OR_NONE,
        "dismissed_at": _MOMENT_OR_NONE,
    },
    "required": ["id", "received_at", "expires_at", "opened_at", "clicked_at", "dismissed_at"],
}


def _json(schema: Described, **more: object) -> Described:
    return {"application/json": {"schema": schema, **more}}


def _answer(says: str, schema: Described | None = None) -> Described:
    return {"description": says, **({"content": _json(schema)} if schema else {})}


def _takes(schema: Described, example: object, *, required: bool = True) -> Described:
    return {"required": required, "content": _json(schema, example=example)}


def _path(name: str, says: str) -> Described:
    return {"name": name, "in": "path", "required": True, "description": says, "schema": _TEXT}


def _query(name: str, says: str, schema: Described = _TEXT) -> Described:
    return {"name": name, "in": "query", "required": False, "description": says, "schema": schema}


def _collecting() -> dict[str, Described]:
    batch = {"type": "object", "properties": {"batch": {"type": "array", "items": _EVENT}}, "required": ["batch"]}
    bodies: dict[str, tuple[str, Described, object]] = {
        kind: (says, _EVENT, example) for kind, (says, example) in _KINDS.items()
    }
    whole = {"batch": [{"type": "track", **_TRACKED}]}
    bodies["batch"] = ("Many things at once; what is wrong with one does not keep the others out.", batch, whole)
    bodies["import"] = ("A batch of what happened before.", batch, whole)
    return {
        f"/v1/{kind}": {
            "post": {
                "tags": ["Collecting"],
                "summary": kind.capitalize(),
                "operationId": f"collect_{kind}",
                "description": f"{says} Answered when it is on disk. By the Segment HTTP specification, gzip too.",
                "security": list(_WRITE_KEY),
                "requestBody": _takes(schema, example),
                "responses": {"200": _answer("It is on disk.", _TAKEN)},
            }
        }
        for kind, (says, schema, example) in bodies.items()
    }


def _apps() -> dict[str, Described]:
    wish: Described = {
        "type": "object",
        "properties": {
            "user_id": _TEXT,
            "anonymous_id": _TEXT,
            "experiments": {"anyOf": [{"type": "array", "items": _TEXT, "maxItems": 200}, {"type": "null"}]},
        },
        "additionalProperties": False,
    }
    got: Described = {
        "type": "object",
        "properties": {"variant": {"anyOf": [_TEXT, {"type": "null"}]}, "value": {}},
        "required": ["variant", "value"],
    }
    gives: Described = {
        "type": "object",
        "properties": {"experiments": {"type": "object", "additionalProperties": got}},
        "required": ["experiments"],
    }
    inbox: Described = {
        "type": "object",
        "properties": {"messages": {"type": "array", "items": _WAITING}, "unread": {"type": "integer"}},
        "required": ["messages", "unread"],
    }
    of_channel = {"enum": ["in_app", "inbox"], "type": "string"}
    at_most = {"type": "integer", "minimum": 1, "maximum": 200}
    asked: Described = {"tags": ["Apps and sites"], "security": list(_WRITE_KEY)}
    return {
        "/v1/decide": {
            "post": {
                **asked,
                "summary": "Decide",
                "operationId": "decide",
                "description": "What somebody gets of the experiments that run.",
                "parameters": [_PERSON],
                "requestBody": _takes(wish, {"anonymous_id": "visitor-1", "experiments": ["checkout-colour"]}),
                "responses": {"200": _answer("The variant of each.", gives)},
            }
        },
        "/v1/inbox": {
            "get": {
                **asked,
                "summary": "Inbox",
                "operationId": "inbox",
                "description": "What waits for somebody in your app or site, newest first.",
                "parameters": [
                    _PERSON,
                    _ANONYMOUS,
                    _query("channel", "Only of this channel.", of_channel),
                    _query("since", "Only what came after this moment.", _MOMENT),
                    _query("limit", "How many at most.", at_most),
                ],
                "responses": {
                    "200": _answer("The messages, and how many nobody has opened.", inbox),
                    "304": _answer("Nothing changed since the tag of `If-None-Match`."),
                },
            }
        },
        "/v1/inbox/{id}/{what}": {
            "post": {
                **asked,
                "summary": "Inbox happened",
                "operationId": "inbox_happened",
                "description": "Say that somebody read, clicked or dismissed a message.",
                "parameters": [
                    _path("id", "The message."),
                    {**_path("what", "What they did."), "schema": {"enum": ["read", "clicked", "dismissed"]}},
                    _PERSON,
                    _ANONYMOUS,
                ],
                "requestBody": _takes(
                    {"type": "object", "properties": {"url": {"type": "string", "maxLength": 2_000}}},
                    {"url": "https://shop.example/sale"},
                    required=False,
                ),
                "responses": {"200": _answer("The message's times.", _WAITING)},
            }
        },
    }


def _health() -> dict[str, Described]:
    shape: Described = {"type": "object", "properties": {"status": _TEXT}, "required": ["status"]}
    return {
        "/healthz": {
            "get": {
                "tags": ["Health"],
                "summary": "Health",
                "operationId": "health",
                "description": "Whether the server is ready. Until then it says what it is doing.",
                "security": [],
                "responses": {"200": _answer("It is ready.", shape), "503": _answer("It starts.", shape)},
            }
        }
    }


PLAIN_CALLS: Mapping[str, Described] = MappingProxyType({**_collecting(), **_apps(), **_health()})
"""By path. What mails link to (`/m/…`) and providers call (`/in/…`) is addressed by us and nobody else, so not told."""

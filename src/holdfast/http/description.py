"""What /openapi.json says beyond what FastAPI finds out by itself: errors, ways in, examples, the plain calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from holdfast.http.examples import BODIES
from holdfast.http.plain_calls import PLAIN_CALLS

_ERROR = {
    "type": "object",
    "description": "What went wrong, where, and what to do about it. The codes are in the reference of errors.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "path": {"type": "string", "description": "Where: `$.of[0]` in a body, a parameter by its name."},
                "hint": {"type": "string"},
            },
            "required": ["code", "message", "path", "hint"],
        }
    },
    "required": ["error"],
    "example": {
        "error": {
            "code": "invalid",
            "message": "Field required.",
            "path": "$.name",
            "hint": "See /docs for what it takes.",
        }
    },
}
_REFUSED = {
    "description": "The caller can mend it.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_WAYS_IN = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "`holdfast keys add` makes an api key."},
    "session": {"type": "apiKey", "in": "cookie", "name": "holdfast_session", "description": "A browser signed in."},
    "writeKey": {"type": "http", "scheme": "basic", "description": "The write key as the user, no password."},
    "writeKeyInBody": {"type": "apiKey", "in": "query", "name": "writeKey", "description": "For browsers."},
}
_FOREIGN = ("HTTPValidationError", "ValidationError")


def complete_description(api: FastAPI) -> None:
    """Have the application describe itself whole."""
    found_out = api.openapi

    def described() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = completed(found_out())
        return api.openapi_schema

    api.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend what it says.


def completed(found: Mapping[str, Any]) -> dict[str, Any]:
    """What FastAPI found out, with what it cannot know."""
    whole = deepcopy(dict(found))
    whole["components"] = {**whole.get("components", {}), "securitySchemes": _WAYS_IN}
    schemas = whole["components"].setdefault("schemas", {})
    for foreign in _FOREIGN:
        schemas.pop(foreign, None)
    schemas["Problem"] = _ERROR
    whole["paths"] = {**whole["paths"], **deepcopy(dict(PLAIN_CALLS))}
    whole["security"] = [{"apiKey": []}, {"session": []}]
    for path, method, call in _calls(whole):
        # A refused input is 400 here, and no shape of FastAPI's own.
        call["responses"].pop("422", None)
        call["responses"]["4XX"] = _REFUSED
        if path.startswith("/session"):
            call["security"] = []
        body = call.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None and (method, path) in BODIES:
            body["example"] = BODIES[method, path]
    return whole


def _calls(described: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            yield path, method.upper(), call

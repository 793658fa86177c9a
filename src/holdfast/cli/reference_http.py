"""The page of the HTTP API, from the OpenAPI description the server itself gives at /openapi.json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.cli.markdown import table
from holdfast.cli.openapi import Json, openapi

INTRODUCTION = """# HTTP API

Everything is JSON. Times are ISO 8601 in UTC with milliseconds. A parameter in the address that
a call under `/api` does not take is refused. Errors have the status of their
[class](errors.md) and the body `{"error": {"code", "message", "path", "hint"}}`. A running server shows the same at
`/docs`, and gives it as OpenAPI at `/openapi.json`.

## Getting in

- Everything under `/api` needs `Authorization: Bearer <api key>`, or the cookie that `POST /session` gives for a key.
- `GET /healthz` is 200 when the server is ready, and 503 with what it is doing until then.
- A question to the history that takes long can be followed: send the header `Holdfast-Query: <an id of your own>` with
  it, find it among `GET /api/queries`, and call it off by `DELETE /api/queries/<id>`. Whoever asked it gets 409 and the
  code `cancelled`. Closing the connection calls it off, too.

## Collecting

To the Segment HTTP specification: `POST /v1/batch`, `/v1/track`, `/v1/identify`, `/v1/page`, `/v1/screen`,
`/v1/group`, `/v1/alias` and `/v1/import`, with the write key as the user of Basic authentication or as `writeKey` in
the body; gzip is understood. `{"success": true}` means that it is on disk. The browser SDK's short paths and
`GET /v1/projects/<write key>/settings` are answered, too.

## Decisions for apps and sites

- `POST /v1/decide`, with a write key as above and a body such as
  `{"anonymous_id": "…", "experiments": ["checkout-colour"]}`, gives
  `{"experiments": {"checkout-colour": {"variant": "red", "value": …}}}`: what somebody gets of the experiments that
  run. It takes `anonymous_id` or `user_id`, or a token in the header `X-Holdfast-Person`; with a user id alone
  experiments with an audience are left out. [Run experiments](../how-to/run-experiments.md) tells the whole of it.

## Inboxes

What waits for somebody in your app or site, for apps and sites to ask: with a write key as above, and for a person by a
token in the header `X-Holdfast-Person`, or for a visitor by `anonymous_id` in the address.
[Show messages in your app](../how-to/show-messages-in-your-app.md) tells the whole of it.

- `GET /v1/inbox`, with `channel` (`in_app` or `inbox`), `since` (a moment) and `limit` (1 to 200), each as you like,
  gives `{"messages": […], "unread": …}`. Each message has `id`, `channel`, `content` (the parts of its channel),
  `received_at`, `expires_at`, and `opened_at`, `clicked_at` and `dismissed_at`, which are null until then.
  `If-None-Match` is understood.
- `POST /v1/inbox/<id>/read`, `/clicked` (its body may be `{"url": "…"}`) and `/dismissed` say what somebody did, and
  give the message's id and times.
"""


def http_page() -> str:
    """Every call of the API, with what it takes and gives, and the shapes it speaks in."""
    api = openapi()
    calls = "\n".join(_tag(tag, list(lines)) for tag, lines in _by_tag(api).items())
    schemas = api["components"]["schemas"]
    shapes = "\n".join(_shape(name, each) for name, each in sorted(schemas.items()) if not _is_foreign(name))
    return f"{INTRODUCTION}\n{calls}\n## Shapes\n\n{shapes}"


def _by_tag(api: Json) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, verbs in api["paths"].items():
        for verb, each in verbs.items():
            found.setdefault((each.get("tags") or ["Other"])[0], []).append(_call(verb, path, each))
    return found


def _tag(tag: str, calls: Sequence[str]) -> str:
    return f"## {tag}\n\n" + "\n".join(calls)


def _call(verb: str, path: str, each: Json) -> str:
    says = str(each.get("description") or each.get("summary", ""))
    taken = [f"`{name}` ({kind})" for name, kind in _taken(each)]
    takes = f"\nTakes {', '.join(taken)}.\n" if taken else ""
    gives = _given(each)
    return f"### `{verb.upper()} {path}`\n\n{says}\n{takes}" + (f"\nGives {gives}.\n" if gives else "")


def _taken(each: Json) -> Iterator[tuple[str, str]]:
    for parameter in each.get("parameters", []):
        if parameter["in"] == "query":
            kind = _kind(parameter["schema"])
            default = parameter["schema"].get("default")
            yield parameter["name"], kind if default in (None, "") else f"{kind}, {default} by default"
    body = each.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        yield "body", "object" if body["schema"].get("anyOf") else _kind(body["schema"])


def _given(each: Json) -> str:
    for status, reply in each.get("responses", {}).items():
        if status.startswith("2"):
            schema = reply.get("content", {}).get("application/json", {}).get("schema")
            return _kind(schema) if schema else ""
    return ""


def _shape(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    rows = [
        (f"`{field}`", _kind(each), "" if field in required else "optional")
        for field, each in schema.get("properties", {}).items()
    ]
    says = str(schema.get("description", "")).strip()
    return f"### {name}\n\n{says}\n\n{table(('Field', 'Holds', ''), rows)}"


def _kind(schema: Json) -> str:
    match schema:
        case {"$ref": reference}:
            name = str(reference).rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": [*options]}:
            return " or ".join(_kind(each) for each in options)
        case {"enum": options}:
            return " or ".join(f"`{each}`" for each in options)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"type": "object", "additionalProperties": dict(values)} if values:
            return f"object of {_kind(values)}"
        case {"type": kind}:
            return {"null": "null", "boolean": "true or false", "integer": "whole number"}.get(kind, str(kind))
        case _:
            return "anything"


def _is_foreign(name: str) -> bool:
    """FastAPI's own shapes of complaints, in the place of which we send ours."""
    return name in {"HTTPValidationError", "ValidationError"}

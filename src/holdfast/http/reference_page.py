"""/docs: every call, on one page made here. It asks nobody else for scripts: they would run beside the session."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;
background:#f7f7f4;color:#1b1b19}summary{cursor:pointer;padding:.35rem 0}details{border-bottom:1px solid #8884}
code,pre{font:14px/1.5 ui-monospace,monospace}pre{overflow-x:auto;padding:.75rem;background:#8881;border-radius:8px}
summary p{display:inline;color:#5b5a54}h2{margin-top:2rem}a{color:inherit}
@media (prefers-color-scheme:dark){body{background:#111110;color:#f0efeb}summary p{color:#aeada5}}
"""
DEPTH_MOST = 6
"""How deep shapes within shapes are written out; conditions lie in one another without end."""


def reference_route(api: FastAPI) -> Route:
    """The route of the page."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(reference_html(api.openapi()), headers=_HEADERS)

    return Route("/docs", page, methods=["GET", "HEAD"])


def reference_html(described: Mapping[str, Any]) -> str:
    """The page that an OpenAPI description makes."""
    title = escape(described["info"]["title"])
    sections = "".join(_section(described, tag) for tag in _tags(described))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: HTTP API</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}: HTTP API</h1><p>{escape(described['info']['description'])} "
        "Send <code>Authorization: Bearer &lt;api key&gt;</code>. Bodies and answers are JSON; what went wrong is "
        'answered as <code>{"error": {"code", "message", "path", "hint"}}</code>. '
        'The same for machines: <a href="/openapi.json">openapi.json</a>.</p>'
        f"{sections}</main></body></html>"
    )


def _calls(described: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            yield method.upper(), path, about


def _tags(described: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(tag for _, _, about in _calls(described) for tag in about.get("tags", ())))


def _section(described: Mapping[str, Any], tag: str) -> str:
    calls = (_call(described, *call) for call in _calls(described) if tag in call[2].get("tags", ()))
    return f"<h2>{escape(tag)}</h2>{''.join(calls)}"


def _call(described: Mapping[str, Any], method: str, path: str, about: Mapping[str, Any]) -> str:
    parts = [_shown("Takes", described, about.get("requestBody", {}).get("content", {}))]
    parts += [_shown("Answers", described, about["responses"][code].get("content", {})) for code in ("200", "201")
              if code in about["responses"]]  # fmt: skip
    return (
        f"<details><summary><code><strong>{method}</strong> {escape(path)}</code> "
        f"<p>{escape(about.get('description', ''))}</p></summary>{_parameters(about)}{''.join(parts)}</details>"
    )


def _parameters(about: Mapping[str, Any]) -> str:
    rows = [
        f"<li><code>{escape(each['name'])}</code>{'' if each.get('required') else ' (optional)'}: "
        f"{escape(each.get('description', ''))} <code>{escape(str(_shape({}, each['schema'], 0)))}</code></li>"
        for each in about.get("parameters", ())
    ]
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _shown(title: str, described: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    schema = content.get("application/json", {}).get("schema")
    if not schema:
        return ""
    text = json.dumps(_shape(described, schema, 0), indent=2, ensure_ascii=False)
    return f"<p>{title}</p><pre>{escape(text)}</pre>"


def _shape(described: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> object:
    """What a schema means, as an example of it in which types stand for values."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _shape(described, described["components"]["schemas"][name], depth + 1) if depth < DEPTH_MOST else "…"
    if "anyOf" in schema:
        shapes = [_shape(described, each, depth) for each in schema["anyOf"]]
        named = [each for each in shapes if not isinstance(each, str)]
        return named[0] if named else " or ".join(map(str, shapes))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {name: _shape(described, each, depth) for name, each in schema["properties"].items()}
        case "object":
            inner = schema.get("additionalProperties")
            return {"…": _shape(described, inner, depth)} if isinstance(inner, dict) and inner else {}
        case "array":
            return [_shape(described, schema.get("items", {}), depth)]
        case kind:
            return kind or schema.get("const", "anything")

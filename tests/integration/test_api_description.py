"""The server against its own OpenAPI description, asked by schemathesis: never a fault of ours, never an answer it does
not describe.

FUZZ_EVERYTHING=1 asks a hundred times as much.
"""

from __future__ import annotations

import base64
import os
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from holdfast.cli.openapi import openapi
from tests.integration.api_server import API_KEY, WRITE_KEY, Server, complaint

EXAMPLES = 300 if os.environ.get("FUZZ_EVERYTHING") else 3
SECONDS = 60
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
WRITE = base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
DESCRIBED = dict(openapi())
CALLS = schemathesis.openapi.from_dict(DESCRIBED).exclude(path_regex="/live$")  # Those streams never end.


@CALLS.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case: schemathesis.Case[Any], server: Server) -> None:
    way_in = f"Basic {WRITE}" if case.path.startswith("/v1/") else f"Bearer {API_KEY}"
    case.call_and_validate(
        base_url=f"http://127.0.0.1:{server.port}",
        headers={"Authorization": way_in},
        checks=CHECKS,
        timeout=SECONDS,
        allow_redirects=False,
    )


def calls() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{verb.upper()} {path}", call) for path, verbs in DESCRIBED["paths"].items() for verb, call in verbs.items()
    ]


@pytest.mark.parametrize(("name", "call"), [pytest.param(name, call, id=name) for name, call in calls()])
def test_a_call_is_described_whole(name: str, call: dict[str, Any]) -> None:
    assert call.get("description"), "say what it does in the docstring of its route"
    assert call.get("tags"), "say where it belongs"
    body = call.get("requestBody", {}).get("content", {}).get("application/json")
    assert body is None or "example" in body, "give an example of its body in http/examples.py"
    answers = {status for status in call["responses"] if status.startswith(("2", "3"))}
    assert answers, "say what it answers"
    assert "4XX" in call["responses"] or not name.startswith(("GET /api", "POST /api", "PUT /api", "DELETE /api"))


def test_operations_are_named_once() -> None:
    names = [call["operationId"] for _, call in calls()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("name", "call"), [pytest.param(name, call, id=name) for name, call in calls() if " /api/" in name]
)
def test_a_parameter_that_is_not_described_is_refused(name: str, call: dict[str, Any], server: Server) -> None:
    method, path = name.split(" ")
    answer = server.ask(method, re.sub(r"{\w+}", "1", path) + "?surprise=1", {})
    if answer.status == 403:  # Whoever may not call it is told nothing of what it takes.
        return
    refusal = complaint(answer)
    assert (refusal["code"], refusal["path"]) == ("unknown_parameter", "surprise")
    taken = [each["name"] for each in call.get("parameters", []) if each["in"] == "query"]
    assert all(each in refusal["hint"] for each in taken)

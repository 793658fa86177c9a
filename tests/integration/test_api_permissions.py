"""Every call says what it needs, and that is what was meant: a list written by hand, beside the declarations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from holdfast.flows.accounts.permissions import OF_A_KEY, PERMISSIONS, ROLES, permissions_of
from holdfast.http import app as http
from holdfast.http.needs import permission_of
from holdfast.settings import Settings
from holdfast.wiring import Application

MEANT = """
read              GET    /api/boards
analyses:write    DELETE /api/boards/{board_id}
read              GET    /api/boards/{board_id}
analyses:write    PUT    /api/boards/{board_id}
analyses:write    POST   /api/boards/{board_id}/restore
read              POST   /api/campaigns/{decision_id}/check
read              POST   /api/campaigns/{decision_id}/outlook
read              GET    /api/campaigns/{decision_id}/versions
read              GET    /api/campaigns/{decision_id}/versions/{version}
read              GET    /api/holdout
read              POST   /api/journeys/{decision_id}/check
read              POST   /api/journeys/{decision_id}/outlook
read              GET    /api/journeys/{decision_id}/versions
read              GET    /api/journeys/{decision_id}/versions/{version}
read              GET    /api/saved-insights
analyses:write    DELETE /api/saved-insights/{insight_id}
read              GET    /api/saved-insights/{insight_id}
analyses:write    PUT    /api/saved-insights/{insight_id}
analyses:write    POST   /api/saved-insights/{insight_id}/restore
read              GET    /api/segments/kinds
sql               GET    /api/sql/views
read              GET    /api/steps
read              GET    /api/accounts
accounts:write    POST   /api/accounts/invitations
accounts:write    PUT    /api/accounts/{account_id}
accounts:write    DELETE /api/accounts/{account_id}
accounts:write    POST   /api/accounts/{account_id}/reset
accounts:write    DELETE /api/accounts/{account_id}/two-factor
accounts:write    GET    /api/accounts/{account_id}/sessions
accounts:write    DELETE /api/accounts/{account_id}/sessions
accounts:write    DELETE /api/accounts/{account_id}/sessions/{session_id}
read              GET    /api/me
read              PUT    /api/me
read              GET    /api/me/sessions
read              DELETE /api/me/sessions
read              DELETE /api/me/sessions/{session_id}
read              POST   /api/me/two-factor
read              PUT    /api/me/two-factor
read              POST   /api/me/two-factor/removal
read              GET    /api/adaptive
read              GET    /api/adaptive/{experiment}
decisions:publish PUT    /api/adaptive/{experiment}
read              GET    /api/health
read              GET    /api/settings
settings:write    PUT    /api/settings
read              GET    /api/approvals
read              GET    /api/approvals/rule
accounts:write    PUT    /api/approvals/rule
read              GET    /api/approvals/{approval_id}
read              POST   /api/approvals/{approval_id}
audit:read        GET    /api/audit
audit:read        GET    /api/audit/export
read              GET    /api/blocks
content:write     DELETE /api/blocks/{saved_id}
read              GET    /api/blocks/{saved_id}
content:write     PUT    /api/blocks/{saved_id}
content:write     POST   /api/blocks/{saved_id}/restore
read              GET    /api/blocks/{saved_id}/versions
read              GET    /api/campaigns
read              GET    /api/campaigns/{decision_id}
decisions:publish PUT    /api/campaigns/{decision_id}
read              GET    /api/campaigns/{decision_id}/next
decisions:write   POST   /api/campaigns/{decision_id}/preview
read              GET    /api/campaigns/{decision_id}/results
read              GET    /api/campaigns/{decision_id}/runs
decisions:publish POST   /api/campaigns/{decision_id}/runs/{run_id}/{verb}
decisions:publish POST   /api/campaigns/{decision_id}/trigger
decisions:publish POST   /api/campaigns/{decision_id}/{verb}
read              GET    /api/catalogues
content:write     DELETE /api/catalogues/{catalogue}
read              GET    /api/catalogues/{catalogue}
content:write     POST   /api/catalogues/{catalogue}/import
read              GET    /api/catalogues/{catalogue}/items/{item_id:name}
read              GET    /api/mentions
read              DELETE /api/mentions/{comment_id}
read              GET    /api/comments
read              POST   /api/comments
read              DELETE /api/comments/{comment_id}
read              PUT    /api/comments/{comment_id}
read              GET    /api/connections
read              GET    /api/connections/providers
settings:write    POST   /api/connections/reseal
settings:write    DELETE /api/connections/{name}
read              GET    /api/connections/{name}
settings:write    PUT    /api/connections/{name}
settings:write    POST   /api/connections/{name}/test
read              GET    /api/coupons
content:write     DELETE /api/coupons/{pool}
content:write     POST   /api/coupons/{pool}/codes
content:write     POST   /api/coupons/{pool}/import
people:read       GET    /api/dead-letters
decisions:publish POST   /api/dead-letters/drop
decisions:publish POST   /api/dead-letters/replay
people:read       GET    /api/dead-letters/{key}
read              GET    /api/drafts
read              DELETE /api/drafts/{thing_kind}/{about}
read              GET    /api/drafts/{thing_kind}/{about}
read              PUT    /api/drafts/{thing_kind}/{about}
read              GET    /api/email-domains
settings:write    POST   /api/email-domains
people:erase      GET    /api/erasures
people:erase      POST   /api/erasures
people:erase      POST   /api/erasures/prove
people:erase      GET    /api/erasures/{erasure_id}
people:read       GET    /api/errors
data:write        POST   /api/errors/replay
people:read       GET    /api/events/live
read              GET    /api/experiments
people:read       POST   /api/experiments/decide
read              GET    /api/experiments/{experiment_id}
decisions:write   PUT    /api/experiments/{experiment_id}
decisions:publish POST   /api/experiments/{experiment_id}/stop
read              GET    /api/experiments/{experiment_id}/versions
decisions:publish POST   /api/experiments/{experiment_id}/winner
sql               GET    /api/export
sql               GET    /api/export/people
data:write        POST   /api/import
read              POST   /api/insights/{kind}
people:read       POST   /api/insights/{kind}/people
analyses:write    POST   /api/insights/{kind}/save
read              GET    /api/journeys
decisions:publish POST   /api/journeys/apply
read              GET    /api/journeys/{decision_id}
decisions:publish PUT    /api/journeys/{decision_id}
read              GET    /api/journeys/{decision_id}/next
decisions:write   POST   /api/journeys/{decision_id}/preview
read              GET    /api/journeys/{decision_id}/results
read              GET    /api/journeys/{decision_id}/runs
decisions:publish POST   /api/journeys/{decision_id}/runs/{run_id}/{verb}
decisions:publish POST   /api/journeys/{decision_id}/trigger
decisions:publish POST   /api/journeys/{decision_id}/{verb}
read              GET    /api/keys
data:write        POST   /api/keys
data:write        DELETE /api/keys/{name}
settings:write    GET    /api/keys/{name}/token-secret
read              GET    /api/kpis
analyses:write    GET    /api/shared-links
analyses:write    POST   /api/shared-links
analyses:write    DELETE /api/shared-links/{link_id}
read              GET    /api/schema/meanings
data:write        PUT    /api/schema/meanings
read              GET    /api/schema/volumes
data:write        GET    /api/import
data:write        DELETE /api/import
analyses:write    PUT    /api/kpis
read              GET    /api/lanes
read              GET    /api/lists
analyses:write    DELETE /api/lists/{list_id}
read              GET    /api/lists/{list_id}
analyses:write    PUT    /api/lists/{list_id}
people:read       GET    /api/lists/{list_id}/people
analyses:write    POST   /api/lists/{list_id}/people
read              GET    /api/lists/{list_id}/used-by
read              GET    /api/live
people:read       GET    /api/mailbox
people:read       GET    /api/mailbox/{mail_id}
read              GET    /api/media
people:read       GET    /api/messages/{send}
read              GET    /api/overview
people:read       GET    /api/people
people:read       POST   /api/people/find
people:write      POST   /api/people/merge
people:write      POST   /api/people/unmerge
people:read       GET    /api/people/{user_id:name}
people:write      PUT    /api/people/{user_id:name}/consent
people:read       GET    /api/people/{user_id:name}/events
people:erase      GET    /api/people/{user_id:name}/export
people:read       GET    /api/people/{user_id:name}/live
people:read       GET    /api/people/{user_id:name}/segments
people:write      PUT    /api/people/{user_id:name}/traits
read              DELETE /api/presence
read              POST   /api/presence
read              GET    /api/queries
read              DELETE /api/queries/{query_id}
read              GET    /api/schema/events
read              GET    /api/schema/events/{name:name}/properties
people:read       GET    /api/schema/events/{name:name}/values
read              GET    /api/schema/traits
people:read       GET    /api/schema/traits/values
read              GET    /api/segments
analyses:write    POST   /api/segments/apply
people:read       POST   /api/segments/audience
people:read       POST   /api/segments/changes
read              POST   /api/segments/count
people:read       POST   /api/segments/explain
read              POST   /api/segments/history
read              POST   /api/segments/overlap
people:read       POST   /api/segments/people
read              POST   /api/segments/reach
analyses:write    DELETE /api/segments/{segment_id}
read              GET    /api/segments/{segment_id}
analyses:write    PUT    /api/segments/{segment_id}
read              GET    /api/segments/{segment_id}/diff
people:read       GET    /api/segments/{segment_id}/explain
people:read       GET    /api/segments/{segment_id}/members
people:read       GET    /api/segments/{segment_id}/people
analyses:write    POST   /api/segments/{segment_id}/restore
read              GET    /api/segments/{segment_id}/used-by
read              GET    /api/segments/{segment_id}/versions
read              GET    /api/segments/{segment_id}/versions/{version}
decisions:write   POST   /api/simulate
sql               POST   /api/sql
people:read       GET    /api/suppressions
people:write      POST   /api/suppressions
people:read       GET    /api/suppressions/check
people:write      POST   /api/suppressions/lift
read              GET    /api/templates
people:read       POST   /api/templates/preview
decisions:publish POST   /api/templates/test
content:write     DELETE /api/templates/{saved_id}
read              GET    /api/templates/{saved_id}
content:write     PUT    /api/templates/{saved_id}
content:write     POST   /api/templates/{saved_id}/restore
read              GET    /api/templates/{saved_id}/versions
people:read       GET    /api/trace
read              GET    /api/trials
read              POST   /api/trials/check
read              POST   /api/trials/plan
read              GET    /api/trials/{experiment}
read              GET    /api/trials/{experiment}/course
"""
"""What each call is meant to need. Whoever adds a call says it here a second time, without looking at the first."""

TABLE = """
                  owner admin marketer analyst agent viewer
read              x     x     x        x       x     x
people:read       x     x     x        x       x     .
people:write      x     x     x        .       x     .
people:erase      x     x     .        .       .     .
sql               x     x     x        x       .     .
analyses:write    x     x     x        x       .     .
content:write     x     x     x        .       .     .
decisions:write   x     x     x        .       .     .
decisions:publish x     x     x        .       .     .
approve           x     x     .        .       .     .
data:write        x     x     .        x       .     .
settings:write    x     x     .        .       .     .
accounts:write    x     x     .        .       .     .
audit:read        x     x     .        .       .     .
"""
"""Which role is meant to have which permission."""


def declared(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str | None]:
    """What each call under /api declares, by its method and path."""
    made: list[FastAPI] = []

    class Noted(FastAPI):
        def setup(self) -> None:
            made.append(self)
            super().setup()

    monkeypatch.setattr(http, "FastAPI", Noted)
    parts = SimpleNamespace(
        **dict.fromkeys(("collector", "receiver", "preferences", "arrivals", "clock", "state")),
        settings=Settings(),
        access=SimpleNamespace(source_of=None),
        mailbox=object(),
    )
    http.make_http(cast("Application", parts))
    found: dict[tuple[str, str], str | None] = {}
    for each in iter_route_contexts(made[0].routes):
        path = each.path or ""
        if path.startswith("/api/"):
            for method in each.methods or ():
                found[method, path] = permission_of(each.original_route)
    return found


def meant() -> dict[tuple[str, str], str]:
    rows = [line.split() for line in MEANT.strip().splitlines()]
    assert len({(method, path) for _, method, path in rows}) == len(rows)
    return {(method, path): permission for permission, method, path in rows}


def test_every_call_needs_what_it_is_meant_to_need(monkeypatch: pytest.MonkeyPatch) -> None:
    found = declared(monkeypatch)
    assert [call for call, permission in found.items() if permission is None] == [], "these do not say what they need"
    assert found == meant()


def test_every_role_may_do_what_it_is_meant_to() -> None:
    head, *rows = TABLE.strip("\n").splitlines()
    assert tuple(head.split()) == ROLES
    for permission, *marks in (row.split() for row in rows):
        for role, mark in zip(ROLES, marks, strict=True):
            assert (permission in permissions_of(role)) is (mark == "x"), (role, permission)
    assert tuple(row.split()[0] for row in rows) == PERMISSIONS


def test_a_key_of_which_nothing_was_said_answers_for_no_person() -> None:
    assert set(PERMISSIONS) - OF_A_KEY == {"accounts:write", "approve"}

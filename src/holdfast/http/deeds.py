"""What each call that is not a mere question does, as the audit log says it: one table.

A call that stands in neither table is noted all the same, by a name made of its path; a test asks that it be declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a call does."""

    action: str
    """`{verb}` in it is what the path says, in the past."""
    about: str = ""
    """Which parameter of the path holds the id; `$.name` for a field of the body, `$.of[].id` for one of each."""
    says: bool = False
    """Whether what the body says may be kept, where the thing itself is not described."""
    contacts: Literal["", "always", "running", "everybody"] = ""
    """When it contacts people, so that a second person may have to agree: always, where the body says that it runs, or
    where it names nobody and so means the whole audience."""
    outside: bool = False
    """Whether its transactions are not the change itself: then its entry is kept once it has succeeded."""
    verbs: tuple[str, ...] = ()
    """The verbs of the path by which it contacts people; all, where none are named."""

    @property
    def kind(self) -> str:
        """What it is about."""
        return self.action.partition(".")[0]


PAST: Mapping[str, str] = MappingProxyType(
    {
        "pause": "paused",
        "resume": "resumed",
        "stop": "stopped",
        "archive": "archived",
        "restore": "restored",
        "confirm": "confirmed",
    }
)


def _decisions(kind: str) -> dict[str, Act]:
    path = f"/api/{kind}s/{{decision_id}}"
    return {
        f"PUT {path}": Act(action=f"{kind}.published", about="decision_id", contacts="always"),
        f"POST {path}/{{verb}}": Act(
            action=f"{kind}.{{verb}}", about="decision_id", contacts="always", verbs=("resume",)
        ),
        f"POST {path}/runs/{{run_id}}/{{verb}}": Act(
            action=f"{kind}.run_{{verb}}", about="decision_id", contacts="always", verbs=("confirm", "resume")
        ),
        f"POST {path}/trigger": Act(action=f"{kind}.triggered", about="decision_id", contacts="everybody"),
    }


def _saved(kind: str) -> dict[str, Act]:
    path = f"/api/{kind}s/{{saved_id}}"
    return {
        f"PUT {path}": Act(action=f"{kind}.saved", about="saved_id"),
        f"DELETE {path}": Act(action=f"{kind}.deleted", about="saved_id"),
        f"POST {path}/restore": Act(action=f"{kind}.restored", about="saved_id"),
    }


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        **_decisions("journey"),
        **_decisions("campaign"),
        "POST /api/journeys/apply": Act(action="journey.published", about="$.journeys[].id", contacts="always"),
        "PUT /api/segments/{segment_id}": Act(action="segment.saved", about="segment_id"),
        "DELETE /api/segments/{segment_id}": Act(action="segment.deleted", about="segment_id"),
        "POST /api/segments/{segment_id}/restore": Act(action="segment.restored", about="segment_id"),
        "POST /api/segments/apply": Act(action="segment.saved", about="$.segments[].id"),
        "POST /api/insights/{kind}/save": Act(action="segment.saved", about="$.id"),
        "PUT /api/lists/{list_id}": Act(action="list.saved", about="list_id"),
        "POST /api/lists/{list_id}/people": Act(action="list.people_changed", about="list_id"),
        "DELETE /api/lists/{list_id}": Act(action="list.deleted", about="list_id"),
        **_saved("template"),
        **_saved("block"),
        "POST /api/templates/test": Act(action="template.test_sent"),
        "POST /api/catalogues/{catalogue}/import": Act(action="catalogue.imported", about="catalogue"),
        "DELETE /api/catalogues/{catalogue}": Act(action="catalogue.deleted", about="catalogue"),
        "POST /api/coupons/{pool}/import": Act(action="coupons.imported", about="pool"),
        "POST /api/coupons/{pool}/codes": Act(action="coupons.made", about="pool"),
        "DELETE /api/coupons/{pool}": Act(action="coupons.deleted", about="pool"),
        "PUT /api/experiments/{experiment_id}": Act(
            action="experiment.saved", about="experiment_id", contacts="running"
        ),
        "POST /api/experiments/{experiment_id}/stop": Act(action="experiment.stopped", about="experiment_id"),
        "POST /api/experiments/{experiment_id}/winner": Act(
            action="experiment.winner_declared", about="experiment_id", contacts="always"
        ),
        "PUT /api/adaptive/{experiment}": Act(action="adaptive.weighed", about="experiment", says=True),
        "PUT /api/kpis": Act(action="kpis.saved"),
        "PUT /api/schema/meanings": Act(action="meaning.written", about="$.event", says=True),
        "PUT /api/saved-insights/{insight_id}": Act(action="insight.saved", about="insight_id"),
        "DELETE /api/saved-insights/{insight_id}": Act(action="insight.deleted", about="insight_id"),
        "POST /api/saved-insights/{insight_id}/restore": Act(action="insight.restored", about="insight_id"),
        "PUT /api/boards/{board_id}": Act(action="board.saved", about="board_id"),
        "DELETE /api/boards/{board_id}": Act(action="board.deleted", about="board_id"),
        "POST /api/boards/{board_id}/restore": Act(action="board.restored", about="board_id"),
        "POST /api/shared-links": Act(action="shared_link.made", about="$.about", says=True),
        "DELETE /api/shared-links/{link_id}": Act(action="shared_link.ended", about="link_id"),
        "POST /api/people/merge": Act(action="person.merged", about="$.first"),
        "POST /api/people/unmerge": Act(action="person.unmerged", about="$.first"),
        "PUT /api/people/{user_id:name}/consent": Act(action="person.consent_changed", about="user_id", says=True),
        "PUT /api/people/{user_id:name}/traits": Act(action="person.traits_changed", about="user_id"),
        "POST /api/erasures": Act(action="erasure.requested"),
        "POST /api/suppressions": Act(action="suppression.added", about="$.address", says=True),
        "POST /api/suppressions/lift": Act(action="suppression.lifted", about="$.address", says=True),
        "POST /api/import": Act(action="events.imported"),
        "DELETE /api/import": Act(action="events.import_stopped", outside=True),
        "POST /api/errors/replay": Act(action="bad_record.replayed"),
        "POST /api/dead-letters/replay": Act(action="dead_letter.replayed", says=True),
        "POST /api/dead-letters/drop": Act(action="dead_letter.dropped", says=True),
        "PUT /api/connections/{name}": Act(action="connection.saved", about="name"),
        "DELETE /api/connections/{name}": Act(action="connection.deleted", about="name"),
        "POST /api/connections/{name}/test": Act(action="connection.tested", about="name"),
        "POST /api/connections/reseal": Act(action="connection.resealed"),
        "POST /api/email-domains": Act(action="email_domain.added", about="$.domain", says=True),
        "POST /api/keys": Act(action="key.added", about="$.name"),
        "DELETE /api/keys/{name}": Act(action="key.revoked", about="name"),
        "POST /session": Act(action="session.begun", outside=True),
        "DELETE /session": Act(action="session.ended", outside=True),
        "POST /session/first": Act(action="account.made", outside=True),
        "POST /session/invitation": Act(action="account.joined", outside=True),
        "POST /session/reset": Act(action="account.password_reset", outside=True),
        "POST /api/accounts/invitations": Act(action="account.invited", about="$.email", says=True),
        "PUT /api/accounts/{account_id}": Act(action="account.changed", about="account_id"),
        "DELETE /api/accounts/{account_id}": Act(action="account.removed", about="account_id"),
        "POST /api/accounts/{account_id}/reset": Act(action="account.reset_asked", about="account_id"),
        "DELETE /api/accounts/{account_id}/two-factor": Act(action="account.second_factor_removed", about="account_id"),
        "DELETE /api/accounts/{account_id}/sessions": Act(action="account.signed_out", about="account_id"),
        "DELETE /api/accounts/{account_id}/sessions/{session_id}": Act(action="account.signed_out", about="account_id"),
        "PUT /api/me": Act(action="account.own_changed", outside=True),
        "POST /api/me/two-factor": Act(action="account.second_factor_begun", outside=True),
        "PUT /api/me/two-factor": Act(action="account.second_factor_set", outside=True),
        "POST /api/me/two-factor/removal": Act(action="account.second_factor_removed", outside=True),
        "DELETE /api/me/sessions": Act(action="account.signed_out", outside=True),
        "DELETE /api/me/sessions/{session_id}": Act(action="account.signed_out", outside=True),
        "POST /api/comments": Act(action="comment.said", about="$.about", says=True),
        "PUT /api/comments/{comment_id}": Act(action="comment.changed", about="comment_id"),
        "DELETE /api/comments/{comment_id}": Act(action="comment.deleted", about="comment_id"),
        "PUT /api/settings": Act(action="settings.changed"),
        "PUT /api/approvals/rule": Act(action="approval.rule_changed", says=True),
        "POST /api/approvals/{approval_id}": Act(action="approval.decided", about="approval_id", says=True),
    }
)
"""What changes something, by method and path."""

_PEEKS = "it only asks"
ASKS: Mapping[str, str] = MappingProxyType(
    {
        "POST /session/link": _PEEKS,
        "POST /api/people/find": _PEEKS,
        "POST /api/segments/count": _PEEKS,
        "POST /api/segments/people": _PEEKS,
        "POST /api/segments/explain": _PEEKS,
        "POST /api/segments/audience": _PEEKS,
        "POST /api/segments/changes": _PEEKS,
        "POST /api/segments/history": _PEEKS,
        "POST /api/segments/overlap": _PEEKS,
        "POST /api/segments/reach": _PEEKS,
        "POST /api/insights/{kind}": _PEEKS,
        "POST /api/insights/{kind}/people": _PEEKS,
        "POST /api/trials/plan": _PEEKS,
        "POST /api/trials/check": _PEEKS,
        "POST /api/simulate": _PEEKS,
        "POST /api/sql": _PEEKS,
        "POST /api/templates/preview": _PEEKS,
        "POST /api/journeys/{decision_id}/preview": _PEEKS,
        "POST /api/campaigns/{decision_id}/preview": _PEEKS,
        "POST /api/journeys/{decision_id}/check": _PEEKS,
        "POST /api/campaigns/{decision_id}/check": _PEEKS,
        "POST /api/journeys/{decision_id}/outlook": _PEEKS,
        "POST /api/campaigns/{decision_id}/outlook": _PEEKS,
        "POST /api/erasures/prove": _PEEKS,
        "POST /api/experiments/decide": "programs ask it for everybody who comes; the history is told",
        "DELETE /api/queries/{query_id}": "it calls off a question",
        "PUT /api/drafts/{thing_kind}/{about}": "a draft is nothing yet: what is saved of it is told",
        "DELETE /api/drafts/{thing_kind}/{about}": "a draft is nothing yet",
        "DELETE /api/mentions/{comment_id}": "somebody has read what turns to them",
        "POST /api/presence": "it says who looks",
        "DELETE /api/presence": "it says who looks no more",
    }
)
"""What changes nothing of the workspace, or nothing that somebody is to answer for; and why."""

QUIET = frozenset({"POST /api/campaigns/{decision_id}/trigger", "POST /api/journeys/{decision_id}/trigger"})
"""Calls that programs make for people by name, as things happen to these: then their runs tell of it."""


def act_of(method: str, path: str) -> Act | None:
    """What a call does; None for one that changes nothing."""
    call = f"{method} {path}"
    if call in ASKS:
        return None
    return ACTS.get(call) or _by_path(method, path)


def _by_path(method: str, path: str) -> Act:
    parts = [each for each in path.split("/") if each and each != "api"]
    kind = parts[0].removesuffix("s").replace("-", "_") if parts else "workspace"
    named = next((each.strip("{}").partition(":")[0] for each in parts if each.startswith("{")), "")
    words = [each.replace("-", "_") for each in parts[1:] if not each.startswith("{")]
    done = {"POST": "asked", "PUT": "saved", "PATCH": "changed", "DELETE": "deleted"}.get(method, "changed")
    return Act(action=f"{kind}.{'_'.join(words) or done}", about=named)

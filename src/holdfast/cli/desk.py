"""The desk: where a command asks its questions, whoever answers.

If a server runs on the data directory it is asked over HTTP, for only one process can have the history open. Otherwise
the command opens the data directory itself, and asks the same API with no network between.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias
from urllib.parse import quote, urlencode

from holdfast.flows.accounts.local import local_token
from holdfast.kernel.errors import (
    Busy,
    Conflict,
    Exposed,
    Forbidden,
    Internal,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
)
from holdfast.settings import FILE_NAME, Settings

SERVER_FILE = "server.json"
"""A running server says in it where it is: `url` and `pid`."""
SIGNING_FILE = "secret.key"
"""The secret of the data directory, where the state is in it."""
KEYS_FILE = "keys.json"
"""What `up` and `demo` leave for whoever may read the data directory: `api_key` and `write_key`; mode 0600."""

WORKSPACE_FILE = "state.sqlite"
"""Where it is, there is a workspace."""

PAGE_MOST = 1_000
"""Rows asked for at a time."""

_ACCOUNTS = "`holdfast accounts list` shows them."
AUDIT_PAGE_MOST = 500

_ADAPTIVE = "`holdfast adaptive list` shows them."
_LISTS = "`holdfast list list` shows them."
_LETTERS = "`holdfast dead-letters list` lists them."
_JOURNEYS = "`holdfast journey list` shows them."
_EXPERIMENTS = "`holdfast experiment list` shows them."
_FIND = "`holdfast people find TEXT` looks for people."
_LIST = "`holdfast segment list` lists them."
_ERASED = "Names are compared exactly; `holdfast people erased` lists every erasure."
_VERSIONS = "`holdfast segment versions ID` lists the versions; `holdfast segment list --deleted`, what was deleted."
_SHOW = "`holdfast people show PERSON` lists somebody's joins."
_WHICH_KEY = f"Give another by --api-key or HOLDFAST_API_KEY; the first one is in {KEYS_FILE} in the data directory."

Answer: TypeAlias = dict[str, object]

_ERRORS: Mapping[int, type[Exposed]] = MappingProxyType(
    {each.status: each for each in (Invalid, Unauthorized, Forbidden, NotFound, Conflict, TooLarge, TooMany, Busy)}
)


ACCEPTED = 202
"""The status of what is not done yet."""


class AwaitsApproval(Conflict):
    """It would contact people, and waits for a second person to agree."""

    default_code = "awaits_approval"

    def __init__(self, approval: Mapping[str, object]) -> None:
        number = approval["id"]
        super().__init__(
            f"nothing was done yet: approval {number} waits for a second person.",
            hint="Somebody with the permission `approve` agrees in the console, under Act → Approvals.",
        )


class Transport(Protocol):
    """Takes one request to the API and brings back the reply."""

    def ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """The status and body of the reply."""
        ...

    def close(self) -> None: ...


class Desk:
    """Asks the HTTP API, over whichever transport, in the API's own shapes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def count(self, definition: Answer) -> Answer:
        return self._ask("POST", "/api/segments/count", {"definition": definition})

    def people(self, definition: Answer, *, limit: int, traits: list[str] | None = None) -> Answer:
        found: list[Answer] = []
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            question: Answer = {"definition": definition, "limit": wanted, "offset": len(found)}
            if traits is not None:
                question["traits"] = traits
            page = self._ask("POST", "/api/segments/people", question)
            rows = rows_of(page, "people")
            found += rows
            if len(rows) < wanted or len(found) >= limit:
                return {**page, "people": found}

    def explain(self, definition: Answer, person: str) -> list[Answer]:
        said = self._ask("POST", "/api/segments/explain", {"definition": definition, "person": person}, missing=_FIND)
        return rows_of(said, "conditions")

    def segments(self, *, deleted: bool = False) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/segments" + ("?deleted=true" if deleted else "")), "segments")

    def segment(self, segment_id: str) -> Answer:
        return self._ask("GET", _segment(segment_id), missing=_LIST)

    def save_segment(self, segment_id: str, wish: Answer, *, dry_run: bool = False) -> Answer:
        return self._ask("PUT", _segment(segment_id) + ("?dry_run=true" if dry_run else ""), wish)

    def delete_segment(self, segment_id: str) -> None:
        self._ask("DELETE", _segment(segment_id), missing=_LIST)

    def segment_members(self, segment_id: str, *, limit: int) -> Answer:
        path = _segment(segment_id, "members?" + urlencode({"limit": min(limit, PAGE_MOST)}))
        return self._ask("GET", path, missing=_LIST)

    def segment_versions(self, segment_id: str, *, limit: int) -> list[Answer]:
        path = _segment(segment_id, "versions?" + urlencode({"limit": min(limit, PAGE_MOST)}))
        return rows_of(self._ask("GET", path, missing=_LIST), "versions")

    def segment_version(self, segment_id: str, version: int) -> Answer:
        return self._ask("GET", _segment(segment_id, f"versions/{version}"), missing=_VERSIONS)

    def segment_diff(self, segment_id: str, before: int | None, after: int | None) -> Answer:
        given = {name: each for name, each in (("before", before), ("after", after)) if each is not None}
        return self._ask("GET", _segment(segment_id, "diff?" + urlencode(given)), missing=_VERSIONS)

    def restore_segment(self, segment_id: str, version: int | None) -> Answer:
        wish: Answer = {} if version is None else {"version": version}
        return self._ask("POST", _segment(segment_id, "restore"), wish, missing=_VERSIONS)

    def segment_used_by(self, segment_id: str) -> list[Answer]:
        return rows_of(self._ask("GET", _segment(segment_id, "used-by"), missing=_LIST), "used_by")

    def apply_segments(self, segments: list[Answer], *, dry_run: bool, prune: bool) -> list[Answer]:
        wish: Answer = {"segments": segments, "dry_run": dry_run, "prune": prune}
        return rows_of(self._ask("POST", "/api/segments/apply", wish), "changes")

    def journeys(self, kind: Literal["journey", "campaign"], *, archived: bool = False) -> list[Answer]:
        return rows_of(self._ask("GET", f"/api/{kind}s{'?archived=true' if archived else ''}"), f"{kind}s")

    def change_journey(self, kind: str, journey_id: str, verb: str) -> Answer:
        return self._ask("POST", f"/api/{kind}s/{_part(journey_id)}/{verb}", missing=_JOURNEYS)

    def journey(self, kind: Literal["journey", "campaign"], journey_id: str) -> Answer:
        return self._ask("GET", f"/api/{kind}s/{_part(journey_id)}", missing=_JOURNEYS)

    def apply_journeys(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/journeys/apply", wish)

    def coming(self, kind: str, journey_id: str, *, count: int) -> Answer:
        return self._ask("GET", f"/api/{kind}s/{_part(journey_id)}/next?count={count}", missing=_JOURNEYS)

    def runs(self, kind: str, journey_id: str, *, limit: int) -> Answer:
        return self._ask("GET", f"/api/{kind}s/{_part(journey_id)}/runs?limit={limit}", missing=_JOURNEYS)

    def change_run(self, kind: str, journey_id: str, run: int, verb: str) -> Answer:
        path = f"/api/{kind}s/{_part(journey_id)}/runs/{run}/{verb}"
        return self._ask("POST", path, missing=f"`holdfast campaign runs {journey_id}` shows them.")

    def trigger(self, kind: str, journey_id: str, wish: Answer) -> Answer:
        return self._ask("POST", f"/api/{kind}s/{_part(journey_id)}/trigger", wish, missing=_JOURNEYS)

    def simulate(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/simulate", wish, missing=_JOURNEYS)

    def audit(self, query: Mapping[str, str], *, limit: int) -> list[Answer]:
        found: list[Answer] = []
        before: dict[str, object] = {}
        while True:
            wanted = min(limit - len(found), AUDIT_PAGE_MOST)
            page = self._ask("GET", "/api/audit?" + urlencode({**query, **before, "limit": wanted}))
            found += rows_of(page, "entries")
            if page["next"] is None or len(found) >= limit:
                return found
            before = {"before": page["next"]}

    def approvals(self, *, state: str | None, limit: int) -> list[Answer]:
        said = {"limit": str(limit)} | ({} if state is None else {"state": state})
        return rows_of(self._ask("GET", "/api/approvals?" + urlencode(said)), "approvals")

    def dead_letters(self, *, origin: str | None, channel: str | None, limit: int) -> list[Answer]:
        found: list[Answer] = []
        said = {name: each for name, each in (("origin", origin), ("channel", channel)) if each is not None}
        before: dict[str, str] = {}
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            page = self._ask("GET", "/api/dead-letters?" + urlencode({**said, **before, "limit": wanted}))
            found += rows_of(page, "dead_letters")
            if page["next_before"] is None or len(found) >= limit:
                return found
            before = {"before": str(page["next_before"])}

    def dead_letter(self, key: str) -> Answer:
        return self._ask("GET", f"/api/dead-letters/{_part(key)}", missing=_LETTERS)

    def decide_letters(self, act: Literal["replay", "drop"], wish: Answer) -> Answer:
        return self._ask("POST", f"/api/dead-letters/{act}", wish)

    def suppressions(self, *, channel: str | None, limit: int) -> list[Answer]:
        found: list[Answer] = []
        said = {} if channel is None else {"channel": channel}
        before: dict[str, str] = {}
        while True:
            wanted = min(limit - len(found), PAGE_MOST)
            page = self._ask("GET", "/api/suppressions?" + urlencode({**said, **before, "limit": wanted}))
            found += rows_of(page, "suppressions")
            if page["next_before"] is None or len(found) >= limit:
                return found
            before = {"before": str(page["next_before"])}

    def suppression(self, channel: str, address: str) -> Answer:
        return self._ask("GET", "/api/suppressions/check?" + urlencode({"channel": channel, "address": address}))

    def change_suppression(self, act: Literal["", "/lift"], channel: str, address: str) -> Answer:
        return self._ask("POST", f"/api/suppressions{act}", {"channel": channel, "address": address})

    def trace(self, person: str, origin: str) -> Answer:
        return self._ask("GET", "/api/trace?" + urlencode({"person": person, "origin": origin}))

    def audience(self, what: Literal["audience", "changes", "history", "overlap", "reach"], question: Answer) -> Answer:
        return self._ask("POST", f"/api/segments/{what}", question)

    def find(self, text: str, *, limit: int) -> Answer:
        return self._ask("GET", "/api/people?" + urlencode({"text": text, "limit": min(limit, PAGE_MOST)}))

    def show(self, user_id: str) -> Answer:
        return self._ask("GET", f"/api/people/{_part(user_id)}", missing=_FIND)

    def timeline(self, user_id: str, *, limit: int, event: str | None) -> list[Answer]:
        query = {"limit": str(min(limit, PAGE_MOST))} | ({"event": event} if event else {})
        path = f"/api/people/{_part(user_id)}/events?" + urlencode(query)
        return rows_of(self._ask("GET", path, missing=_FIND), "events")

    def merge(self, first: str, second: str) -> Answer:
        return self._ask("POST", "/api/people/merge", {"first": first, "second": second}, missing=_FIND)

    def unmerge(self, link_id: int) -> Answer:
        return self._ask("POST", "/api/people/unmerge", {"link_id": link_id}, missing=_SHOW)

    def erase(self, person: str) -> Answer:
        return self._ask("POST", "/api/erasures", {"person": person}, missing=_FIND)

    def erasures(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/erasures"), "erasures")

    def prove_erased(self, person: str) -> Answer:
        return self._ask("POST", "/api/erasures/prove", {"person": person}, missing=_ERASED)

    def insight(self, kind: str, question: Answer) -> Answer:
        return self._ask("POST", f"/api/insights/{_part(kind)}", question)

    def insight_people(self, kind: str, question: Answer, cell: Answer, *, limit: int) -> Answer:
        wish: Answer = {"question": question, "cell": cell, "limit": min(limit, PAGE_MOST)}
        return self._ask("POST", f"/api/insights/{_part(kind)}/people", wish)

    def trial(self, trial: str, question: Mapping[str, object]) -> Answer:
        asked = urlencode(question, doseq=True)
        return self._ask("GET", f"/api/trials/{_part(trial)}{'?' if asked else ''}{asked}")

    def trials(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/trials"), "trials")

    def trial_course(self, trial: str, question: Mapping[str, object]) -> Answer:
        asked = urlencode(question, doseq=True)
        return self._ask("GET", f"/api/trials/{_part(trial)}/course{'?' if asked else ''}{asked}")

    def holdout(self, question: Mapping[str, object]) -> Answer:
        asked = urlencode(question, doseq=True)
        return self._ask("GET", f"/api/holdout{'?' if asked else ''}{asked}")

    def check_trials(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/trials/check", wish)

    def sql(self, query: str, params: Mapping[str, str], *, limit: int) -> Answer:
        return self._ask("POST", "/api/sql", {"query": query, "params": dict(params), "limit": limit})

    def lists(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/lists"), "lists")

    def save_list(self, list_id: str, name: str | None, people: list[str] | None) -> Answer:
        wish = {"name": name, "people": people}
        return self._ask("PUT", _list(list_id), {field: said for field, said in wish.items() if said is not None})

    def change_list(self, list_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Answer:
        wish: Answer = {"add": list(add), "remove": list(remove)}
        return self._ask("POST", f"{_list(list_id)}/people", wish, missing=_LISTS)

    def delete_list(self, list_id: str) -> None:
        self._ask("DELETE", _list(list_id), missing=_LISTS)

    def list_used_by(self, list_id: str) -> list[Answer]:
        return rows_of(self._ask("GET", f"{_list(list_id)}/used-by", missing=_LISTS), "used_by")

    def save_people(self, kind: str, question: Answer, cell: Answer, segment_id: str) -> Answer:
        wish: Answer = {"question": question, "cell": cell, "id": segment_id}
        return self._ask("POST", f"/api/insights/{_part(kind)}/save", wish)

    def kpis(self) -> Answer:
        return self._ask("GET", "/api/kpis")

    def keep_kpis(self, definition: Answer) -> Answer:
        return self._ask("PUT", "/api/kpis", definition)

    def catalogues(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/catalogues"), "catalogues")

    def catalogue(self, name: str, *, after: str, limit: int, search: str = "") -> Answer:
        wish = urlencode({"after": after, "limit": limit, "search": search})
        return self._ask("GET", f"/api/catalogues/{_part(name)}?{wish}")

    def catalogue_item(self, name: str, item: str) -> Answer:
        return self._ask("GET", f"/api/catalogues/{_part(name)}/items/{_part(item)}")

    def remove_catalogue(self, name: str, *, allow_unknown: bool) -> None:
        self._ask("DELETE", f"/api/catalogues/{_part(name)}{_allowing(allow_unknown)}")

    def adaptive_steps(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/adaptive"), "steps")

    def adaptive(self, experiment: str, *, log: int) -> Answer:
        return self._ask("GET", f"/api/adaptive/{_part(experiment)}?log={log}", missing=_ADAPTIVE)

    def say_adaptive(self, experiment: str, wish: Answer) -> Answer:
        return self._ask("PUT", f"/api/adaptive/{_part(experiment)}", wish, missing=_ADAPTIVE)

    def coupon_pools(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/coupons"), "pools")

    def make_coupons(self, pool: str, *, count: int, pattern: str) -> Answer:
        return self._ask("POST", f"/api/coupons/{_part(pool)}/codes", {"count": count, "pattern": pattern})

    def withdraw_coupons(self, pool: str, *, allow_unknown: bool) -> Answer:
        return self._ask("DELETE", f"/api/coupons/{_part(pool)}{_allowing(allow_unknown)}")

    def providers(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/connections/providers"), "providers")

    def connections(self) -> Answer:
        return self._ask("GET", "/api/connections")

    def put_connection(self, name: str, wish: Answer) -> Answer:
        return self._ask("PUT", f"/api/connections/{_part(name)}", wish)

    def drop_connection(self, name: str) -> None:
        self._ask("DELETE", f"/api/connections/{_part(name)}")

    def try_connection(self, name: str, to: str) -> Answer:
        return self._ask("POST", f"/api/connections/{_part(name)}/test", {"to": to})

    def reseal_connections(self, old_key: str | None) -> int:
        return int(str(self._ask("POST", "/api/connections/reseal", {"old_key": old_key})["connections"]))

    def keys(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/keys"), "keys")

    def token_secret(self, name: str) -> str:
        return str(self._ask("GET", f"/api/keys/{_part(name)}/token-secret")["secret"])

    def add_key(self, name: str, kind: Literal["write", "api"], scopes: list[str] | None = None) -> Answer:
        wish: Answer = {"name": name, "kind": kind} | ({} if scopes is None else {"scopes": scopes})
        return self._ask("POST", "/api/keys", wish)

    def revoke_key(self, name: str) -> None:
        self._ask("DELETE", f"/api/keys/{_part(name)}")

    def accounts(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/accounts"), "accounts")

    def invite(self, email: str, role: str) -> Answer:
        return self._ask("POST", "/api/accounts/invitations", {"email": email, "role": role})

    def reset_account(self, email: str) -> Answer:
        return self._ask("POST", f"/api/accounts/{_part(email)}/reset", missing=_ACCOUNTS)

    def change_account(self, email: str, wish: Answer) -> Answer:
        return self._ask("PUT", f"/api/accounts/{_part(email)}", wish, missing=_ACCOUNTS)

    def end_second_factor(self, email: str) -> Answer:
        return self._ask("DELETE", f"/api/accounts/{_part(email)}/two-factor", missing=_ACCOUNTS)

    def remove_account(self, email: str) -> None:
        self._ask("DELETE", f"/api/accounts/{_part(email)}", missing=_ACCOUNTS)

    def email_domains(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/email-domains"), "domains")

    def add_email_domain(self, domain: str, *, connection: str, bounce_host: str, ed25519: bool) -> Answer:
        wish: Answer = {"domain": domain, "connection": connection, "bounce_host": bounce_host, "ed25519": ed25519}
        return self._ask("POST", "/api/email-domains", wish)

    def close(self) -> None:
        """Let go of what the transport holds."""
        self._transport.close()

    def saved(self, kind: str) -> list[Answer]:
        return rows_of(self._ask("GET", f"/api/{kind}s"), "saved")

    def saved_one(self, kind: str, saved_id: str, version: int | None) -> Answer:
        which = "" if version is None else f"?version={version}"
        return self._ask("GET", f"/api/{kind}s/{_part(saved_id)}{which}", missing=_saved(kind))

    def save_saved(self, kind: str, saved_id: str, definition: Answer, *, allow_unknown: bool) -> Answer:
        wish: Answer = {"definition": definition, "allow_unknown": allow_unknown}
        return self._ask("PUT", f"/api/{kind}s/{_part(saved_id)}", wish)

    def saved_versions(self, kind: str, saved_id: str, *, limit: int) -> list[Answer]:
        path = f"/api/{kind}s/{_part(saved_id)}/versions?limit={min(limit, PAGE_MOST)}"
        return rows_of(self._ask("GET", path, missing=_saved(kind)), "versions")

    def restore_saved(self, kind: str, saved_id: str, version: int) -> Answer:
        missing = f"`holdfast {kind} versions ID` lists the versions."
        return self._ask("POST", f"/api/{kind}s/{_part(saved_id)}/restore", {"version": version}, missing=missing)

    def delete_saved(self, kind: str, saved_id: str) -> None:
        self._ask("DELETE", f"/api/{kind}s/{_part(saved_id)}", missing=_saved(kind))

    def experiments(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/experiments"), "experiments")

    def experiment(self, experiment_id: str, version: int | None) -> Answer:
        which = "" if version is None else f"?version={version}"
        return self._ask("GET", f"/api/experiments/{_part(experiment_id)}{which}", missing=_EXPERIMENTS)

    def save_experiment(self, experiment_id: str, definition: Answer) -> Answer:
        return self._ask("PUT", f"/api/experiments/{_part(experiment_id)}", {"definition": definition})

    def experiment_versions(self, experiment_id: str, *, limit: int) -> list[Answer]:
        path = f"/api/experiments/{_part(experiment_id)}/versions?limit={min(limit, PAGE_MOST)}"
        return rows_of(self._ask("GET", path, missing=_EXPERIMENTS), "versions")

    def stop_experiment(self, experiment_id: str) -> Answer:
        return self._ask("POST", f"/api/experiments/{_part(experiment_id)}/stop", missing=_EXPERIMENTS)

    def decide(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/experiments/decide", wish)

    def preview_template(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/templates/preview", wish)

    def test_template(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/templates/test", wish)

    def _ask(self, method: str, path: str, body: Answer | None = None, *, missing: str = "") -> Answer:
        """The answer. The remedies for a 404 (`missing`) and a 401 are said as commands, not as calls of the API."""
        status, text = self._transport.ask(method, path, None if body is None else json.dumps(body).encode())
        if not 200 <= status < 300:
            said = complaint_of(status, text)
            if isinstance(said, Unauthorized):
                raise Unauthorized("the server does not take this api key.", code=said.code, hint=_WHICH_KEY)
            if isinstance(said, NotFound) and missing and said.code != "deleted":
                raise NotFound(said.message, code=said.code, path=said.path, hint=missing)
            raise said
        if not text:
            return {}
        said = json.loads(text)
        if status == ACCEPTED and "approval" in said:
            raise AwaitsApproval(said["approval"])
        if not isinstance(said, dict):
            raise Internal(f"the answer to {method} {path} is no JSON object")
        return said


def _list(list_id: str) -> str:
    return f"/api/lists/{_part(list_id)}"


def complaint_of(status: int, body: bytes) -> Exception:
    """The API's complaint, as the error it was there."""
    try:
        said = json.loads(body)["error"]
        kind = _ERRORS[status]
        return kind(said["message"], code=said.get("code", ""), path=said.get("path", ""), hint=said.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return Internal(f"the answer has status {status}: {body[:200].decode(errors='replace')}")


def _segment(segment_id: str, rest: str = "") -> str:
    return f"/api/segments/{_part(segment_id)}" + (f"/{rest}" if rest else "")


def _saved(kind: str) -> str:
    return f"`holdfast {kind} list` shows what is saved."


def _allowing(allow_unknown: bool) -> str:
    return "?allow_unknown=true" if allow_unknown else ""


def _part(text: str) -> str:
    """One part of a path; a slash in somebody's id must not start another."""
    return quote(text, safe="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that runs on a data directory."""

    url: str
    pid: int


@contextlib.contextmanager
def owner_desk(data: Path | None, api_key: str | None) -> Iterator[Desk]:
    """The desk for what no api key may do by itself: whoever can read the secret of the data directory may.

    Where it cannot be read, or a key is given by the flag, the key must be one with that scope.
    """
    settings = Settings.load(data, os.environ)
    given = api_key
    with contextlib.suppress(OSError):
        given = given or local_token((settings.data_dir / SIGNING_FILE).read_bytes(), time.time_ns() // 1_000_000)
    with desk(data, given) as opened:
        yield opened


@contextlib.contextmanager
def desk(data: Path | None, api_key: str | None) -> Iterator[Desk]:
    """The desk of the data directory, closed again when the block ends.

    Raises Unauthorized when a server runs there and no key is to be found, Invalid when there is no such directory.
    """
    settings = Settings.load(data, os.environ)
    found = running_server(settings.data_dir)
    transport: Transport
    if found is None:
        if not settings.data_dir.is_dir():
            raise no_directory(settings.data_dir)
        others = {each.name for each in settings.data_dir.iterdir()} - {FILE_NAME}
        if others and WORKSPACE_FILE not in others:
            # A name mistyped must not leave a workspace of its own among somebody's files.
            raise no_workspace(settings.data_dir)
        from holdfast.cli.in_process import InProcess

        transport = InProcess(settings)
    else:
        from holdfast.cli.over_http import OverHttp

        transport = OverHttp(found.url, key_for(settings.data_dir, api_key, os.environ))
    with contextlib.closing(Desk(transport)) as opened:
        yield opened


def running_server(data_dir: Path) -> Running | None:
    """The server that runs on the data directory; None when none does."""
    try:
        said = json.loads((data_dir / SERVER_FILE).read_bytes())
        found = Running(url=str(said["url"]).rstrip("/"), pid=int(said["pid"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(
            "it does not say where the server is.",
            path=str(data_dir / SERVER_FILE),
            hint="If no server runs on this data directory, delete the file.",
        ) from error
    return found if is_alive(found.pid) else None


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # It runs, as somebody else.
    return True


def key_for(data_dir: Path, given: str | None, environ: Mapping[str, str]) -> str:
    """The api key to talk to the server with: the flag's, else the variable's, else the file's."""
    if said := given or environ.get("HOLDFAST_API_KEY") or first_keys(data_dir).get("api_key"):
        return said
    raise Unauthorized(
        "a server runs on this data directory, and it asks for an api key.",
        path=str(data_dir),
        hint="Give one by --api-key KEY or HOLDFAST_API_KEY.",
    )


def first_keys(data_dir: Path) -> dict[str, str]:
    """The keys the workspace began with, by name, as far as its file is there and says them."""
    try:
        said = json.loads((data_dir / KEYS_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: key for name, key in said.items() if isinstance(key, str)} if isinstance(said, dict) else {}


def rows_of(answer: Answer, name: str) -> list[Answer]:
    """The list of that name in an answer."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise Internal(f"the answer has no list {name!r}")
    return rows


def no_directory(data_dir: Path) -> Invalid:
    """What to say when the data directory is not there."""
    return Invalid(
        "there is no data directory there.",
        path=str(data_dir),
        hint="Name it by --data DIR, or make one: holdfast up --data DIR.",
    )


def no_workspace(data_dir: Path) -> Invalid:
    """What to say when the data directory holds other things."""
    inside = sorted(each.parent.name for each in data_dir.glob(f"*/{WORKSPACE_FILE}"))
    near = f"There is one in {data_dir / inside[0]}: name it by --data." if inside else ""
    return Invalid(
        "there is no workspace in this directory.",
        path=str(data_dir),
        hint=near or "Name another by --data DIR, or make one: holdfast up --data DIR.",
    )


def not_answering(url: str) -> Busy:
    """What to say when the server cannot be reached."""
    return Busy(
        f"the server at {url} does not answer.",
        hint=f"If it is still starting, wait a moment; if it was killed, delete {SERVER_FILE} in its data directory.",
    )

"""/session/oidc: to the identity provider, and back from it."""

from __future__ import annotations

import base64
import binascii
import logging
import secrets
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse

from holdfast.flows.accounts.oidc import BEGUN_SECONDS, Begun, IdentityProvider
from holdfast.flows.accounts.vouching import Welcome, let_in_vouched
from holdfast.http.auth import COOKIE, visitor_of
from holdfast.http.session import Sessions
from holdfast.kernel.errors import Exposed, NotFound, Unauthorized
from holdfast.kernel.sealing import NONCE_BYTES, CannotUnseal
from holdfast.settings import decode_names
from holdfast.wiring import Application

BEGUN_COOKIE = "holdfast_oidc"
_PATH = "/session/oidc"
_log = logging.getLogger(__name__)


def oidc_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix=_PATH, tags=["Session"])
    sessions = Sessions(app)

    @routes.get("", response_class=RedirectResponse, status_code=303)
    async def leave(request: Request, next: str = "/") -> RedirectResponse:  # noqa: A002 - As it is called everywhere.
        """Send the browser to the identity provider. `next` is where in the console it goes afterwards."""
        try:
            address, begun = await _provider(app).begin(next, now=app.clock.now())
        except Exposed as refusal:
            return _sent_away(refusal)
        answer = RedirectResponse(address, 303)
        # Lax, for the provider sends the browser back: a strict cookie would stay at home.
        answer.set_cookie(
            BEGUN_COOKIE,
            _sealed(app, begun),
            max_age=BEGUN_SECONDS,
            path=_PATH,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https" or app.settings.url.startswith("https://"),
        )
        return answer

    @routes.get("/back", response_class=RedirectResponse, status_code=303)
    async def come_back(request: Request) -> RedirectResponse:
        """Where the identity provider sends the browser back to. Whoever is not let in is told why at the sign-in."""
        try:
            begun = _unsealed(app, request.cookies.get(BEGUN_COOKIE, ""))
            vouched = await _provider(app).finish(begun, dict(request.query_params), now=app.clock.now())
            welcome = Welcome(domains=decode_names(app.settings.oidc_domains), role=app.settings.oidc_default_role)
            token = await let_in_vouched(
                app.state,
                vouched,
                welcome,
                visitor_of(request),
                now=app.clock.now(),
                before=request.cookies.get(COOKIE, ""),
            )
        except Exposed as refusal:
            _log.warning("Nobody was let in by the identity provider: %s", refusal)
            return _forgetting(_sent_away(refusal))
        answer = RedirectResponse(begun.next, 303)
        sessions.remember(answer, request, token)
        return _forgetting(answer)

    return routes


def _provider(app: Application) -> IdentityProvider:
    if app.provider is None:
        raise NotFound("there is no identity provider.", code="no_provider", hint="Set oidc_issuer.")
    return app.provider


def _sent_away(refusal: Exposed) -> RedirectResponse:
    """Back to the sign-in, which says what is wrong."""
    return RedirectResponse(f"/?problem={quote(refusal.code, safe='')}", 303)


def _forgetting(answer: RedirectResponse) -> RedirectResponse:
    # Whatever came of it: the same answer a second time is no answer.
    answer.delete_cookie(BEGUN_COOKIE, path=_PATH, httponly=True, samesite="lax")
    return answer


def _sealed(app: Application, begun: Begun) -> str:
    plain = msgspec.json.encode(begun).decode()
    return base64.urlsafe_b64encode(app.sealer.seal(plain, "oidc", nonce=secrets.token_bytes(NONCE_BYTES))).decode()


def _unsealed(app: Application, cookie: str) -> Begun:
    try:
        return msgspec.json.decode(app.sealer.unseal(base64.urlsafe_b64decode(cookie), "oidc"), type=Begun)
    except (CannotUnseal, binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise Unauthorized(
            "this browser was not on its way to the identity provider, or for too long.",
            code="oidc_not_begun",
            hint="Begin again at the sign-in.",
        ) from error

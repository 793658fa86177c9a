"""The application over HTTP: collecting, tracking, the API behind its guard, the console."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from holdfast.http.api.accounts import account_routes
from holdfast.http.api.adaptive import adaptive_routes
from holdfast.http.api.approvals import approval_routes
from holdfast.http.api.audiences import audience_routes
from holdfast.http.api.audit import audit_routes
from holdfast.http.api.boards import board_routes
from holdfast.http.api.catalogues import catalogue_routes
from holdfast.http.api.comments import comment_routes, mention_routes
from holdfast.http.api.connections import connection_routes
from holdfast.http.api.coupons import coupon_routes
from holdfast.http.api.decision_files import decision_file_routes, preview_routes
from holdfast.http.api.decisions import decision_routes
from holdfast.http.api.delivery import delivery_routes
from holdfast.http.api.drafting import drafting_routes, step_kind_routes
from holdfast.http.api.drafts import draft_routes
from holdfast.http.api.email_domains import email_domain_routes
from holdfast.http.api.erasures import erasure_routes
from holdfast.http.api.errors import error_routes
from holdfast.http.api.experiments import experiment_routes
from holdfast.http.api.files import file_routes
from holdfast.http.api.holdout import holdout_routes
from holdfast.http.api.insights import insight_routes
from holdfast.http.api.keys import key_routes
from holdfast.http.api.kpis import kpi_routes
from holdfast.http.api.lists import list_routes
from holdfast.http.api.me import me_routes
from holdfast.http.api.media import media_routes
from holdfast.http.api.messages import message_routes
from holdfast.http.api.overview import overview_routes
from holdfast.http.api.people import people_routes
from holdfast.http.api.people_sought import sought_routes
from holdfast.http.api.presence import presence_routes
from holdfast.http.api.queries import asking_of, query_routes
from holdfast.http.api.runs import run_routes
from holdfast.http.api.saved_insights import saved_insight_routes
from holdfast.http.api.schema import schema_routes
from holdfast.http.api.segment_registry import registry_routes
from holdfast.http.api.segments import segment_routes
from holdfast.http.api.settings import settings_routes
from holdfast.http.api.shared_links import shared_link_routes
from holdfast.http.api.simulate import simulate_routes
from holdfast.http.api.sql import sql_routes
from holdfast.http.api.suppressions import suppression_routes
from holdfast.http.api.templates import preview_template_routes, saved_routes
from holdfast.http.api.trace import trace_routes
from holdfast.http.api.trials import trial_routes
from holdfast.http.attending import Attending, attend, install_rehearsal
from holdfast.http.auth import Guard
from holdfast.http.collect import collect_first, collect_routes
from holdfast.http.decide import decide_routes
from holdfast.http.description import complete_description
from holdfast.http.inbound import inbound_routes
from holdfast.http.inbox import inbox_routes
from holdfast.http.intake import Intake
from holdfast.http.mailbox import mailbox_routes
from holdfast.http.needs import permit
from holdfast.http.oidc import oidc_routes
from holdfast.http.pages import console_routes
from holdfast.http.preferences import preference_routes
from holdfast.http.problems import install_problems
from holdfast.http.reference_page import reference_route
from holdfast.http.session import link_routes, session_routes
from holdfast.http.shared import shared_routes
from holdfast.http.tracking import tracking_routes
from holdfast.http.understood import understood
from holdfast.settings import decode_machine_networks
from holdfast.version import __version__
from holdfast.wiring import Application


def make_http(app: Application) -> ASGIApp:
    """Everything a server serves. Collecting comes first and passes through nothing else: it is the hot path."""
    api = FastAPI(
        title="Holdfast",
        version=__version__,
        description="Events in, people understood, messages out, and proof of what they caused.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # A path that is nearly right is wrong: to be sent on would lose the body.
        redirect_slashes=False,
        # First of all dependencies: nothing is done for who may not ask for it.
        dependencies=[Depends(permit), Depends(understood), Depends(attend)],
    )
    install_problems(api)
    install_rehearsal(api, app)
    complete_description(api)
    collecting = collect_routes(app.collector, source_of=app.access.source_of, public_url=app.settings.url)
    api.router.routes.extend(collecting)
    api.router.routes.append(Route("/healthz", _health(app), methods=["GET", "HEAD"]))
    api.router.routes.extend(tracking_routes(app.receiver, decode_machine_networks(app.settings.machine_networks)))
    api.router.routes.extend(preference_routes(app.preferences))
    api.router.routes.extend(inbound_routes(app.arrivals, public_url=app.settings.url, clock=app.clock))
    api.router.routes.extend(inbox_routes(app))
    api.router.routes.extend(decide_routes(app))
    api.router.routes.extend(shared_routes(app))
    api.include_router(session_routes(app))
    api.include_router(link_routes(app))
    api.include_router(oidc_routes(app))
    api.include_router(account_routes(app))
    api.include_router(me_routes(app))
    asking = [Depends(asking_of(app))]
    # A person's live stream lies under /api/people too, and must be asked for before any user id is.
    api.include_router(overview_routes(app))
    api.include_router(erasure_routes(app))
    for routes in (
        sought_routes,
        people_routes,
        segment_routes,
        audience_routes,
        registry_routes,
        schema_routes,
        insight_routes,
        kpi_routes,
        trial_routes,
        holdout_routes,
        settings_routes,
        simulate_routes,
        sql_routes,
        adaptive_routes,
    ):
        api.include_router(routes(app), dependencies=asking)
    for routes in (
        error_routes,
        delivery_routes,
        connection_routes,
        key_routes,
        file_routes,
        list_routes,
        query_routes,
        audit_routes,
        approval_routes,
        comment_routes,
        mention_routes,
        saved_insight_routes,
        board_routes,
        shared_link_routes,
        draft_routes,
        presence_routes,
    ):
        api.include_router(routes(app))
    api.include_router(preview_template_routes(app))
    api.include_router(saved_routes(app, "template"))
    api.include_router(saved_routes(app, "block"))
    api.include_router(media_routes())
    api.include_router(catalogue_routes(app))
    api.include_router(coupon_routes(app))
    api.include_router(experiment_routes(app))
    api.include_router(email_domain_routes(app))
    api.include_router(trace_routes(app))
    api.include_router(message_routes(app))
    api.include_router(suppression_routes(app))
    api.include_router(decision_file_routes(app))
    api.include_router(preview_routes(app, "journey"))
    api.include_router(preview_routes(app, "campaign"))
    api.include_router(drafting_routes(app, "journey"))
    api.include_router(drafting_routes(app, "campaign"))
    api.include_router(step_kind_routes())
    api.include_router(run_routes(app, "journey"))
    api.include_router(run_routes(app, "campaign"))
    api.include_router(decision_routes(app, "journey"))
    api.include_router(decision_routes(app, "campaign"))
    if app.mailbox is not None:
        api.include_router(mailbox_routes(app.mailbox, app.state))
    api.router.routes.append(reference_route(api))
    api.router.routes.extend(console_routes())
    return collect_first(collecting, Guard(Intake(Attending(api, app)), app))


def _health(app: Application) -> ASGIApp:
    async def health(_request: Request) -> Response:
        if app.doing:
            return JSONResponse({"status": "starting", "doing": app.doing}, 503, {"Retry-After": "1"})
        return JSONResponse({"status": "ok", "version": __version__})

    return health  # type: ignore[return-value]  # Route takes the function and makes the application of it.

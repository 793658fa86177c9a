"""What a call's address may say: a parameter that nobody reads is refused, as a field that nobody reads is in a body.

`?dryrun=true` for `dry_run` would otherwise do what was only to be tried, and a filter that is misspelt would give
everything.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from holdfast.kernel.errors import Invalid


async def understood(request: Request) -> None:
    """Refuse a call under /api whose address has a parameter it does not take. A dependency of the application."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute) or not route.path.startswith("/api/"):
        return
    known = frozenset(_aliases(route.dependant)) if request.query_params else frozenset()
    for name in request.query_params:
        if name not in known:
            raise Invalid(
                f"there is no parameter {name!r:.100} here.",
                code="unknown_parameter",
                path=f"{name:.100}",
                hint=f"Leave it out, or say one of: {', '.join(sorted(known))}." if known else "Leave it out.",
            )


def _aliases(dependant: Dependant) -> Iterator[str]:
    yield from (each.alias for each in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _aliases(inner)

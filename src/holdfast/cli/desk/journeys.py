"""Journeys and campaigns: publishing, running, simulating them, and why somebody got what they got."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from holdfast.cli.desk.asking import Answer, Asker, part_of, rows_of

_JOURNEYS = "`holdfast journey list` shows them."


class JourneyDesk(Asker):
    """Journeys and campaigns: publishing, running, simulating them, and why somebody got what they got."""

    def journeys(self, kind: Literal["journey", "campaign"], *, archived: bool = False) -> list[Answer]:
        return rows_of(self._ask("GET", f"/api/{kind}s{'?archived=true' if archived else ''}"), f"{kind}s")

    def change_journey(self, kind: str, journey_id: str, verb: str) -> Answer:
        return self._ask("POST", f"/api/{kind}s/{part_of(journey_id)}/{verb}", missing=_JOURNEYS)

    def journey(self, kind: Literal["journey", "campaign"], journey_id: str) -> Answer:
        return self._ask("GET", f"/api/{kind}s/{part_of(journey_id)}", missing=_JOURNEYS)

    def apply_journeys(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/journeys/apply", wish)

    def coming(self, kind: str, journey_id: str, *, count: int) -> Answer:
        return self._ask("GET", f"/api/{kind}s/{part_of(journey_id)}/next?count={count}", missing=_JOURNEYS)

    def runs(self, kind: str, journey_id: str, *, limit: int) -> Answer:
        return self._ask("GET", f"/api/{kind}s/{part_of(journey_id)}/runs?limit={limit}", missing=_JOURNEYS)

    def change_run(self, kind: str, journey_id: str, run: int, verb: str) -> Answer:
        path = f"/api/{kind}s/{part_of(journey_id)}/runs/{run}/{verb}"
        return self._ask("POST", path, missing=f"`holdfast campaign runs {journey_id}` shows them.")

    def trigger(self, kind: str, journey_id: str, wish: Answer) -> Answer:
        return self._ask("POST", f"/api/{kind}s/{part_of(journey_id)}/trigger", wish, missing=_JOURNEYS)

    def simulate(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/simulate", wish, missing=_JOURNEYS)

    def trace(self, person: str, origin: str) -> Answer:
        return self._ask("GET", "/api/trace?" + urlencode({"person": person, "origin": origin}))

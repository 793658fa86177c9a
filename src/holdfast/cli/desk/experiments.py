"""Experiments and adaptive steps, and whether what was done worked."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from holdfast.cli.desk.asking import PAGE_MOST, Answer, Asker, part_of, rows_of

_EXPERIMENTS = "`holdfast experiment list` shows them."
_ADAPTIVE = "`holdfast adaptive list` shows them."


class ExperimentDesk(Asker):
    """Experiments and adaptive steps, and whether what was done worked."""

    def experiments(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/experiments"), "experiments")

    def experiment(self, experiment_id: str, version: int | None) -> Answer:
        which = "" if version is None else f"?version={version}"
        return self._ask("GET", f"/api/experiments/{part_of(experiment_id)}{which}", missing=_EXPERIMENTS)

    def save_experiment(self, experiment_id: str, definition: Answer) -> Answer:
        return self._ask("PUT", f"/api/experiments/{part_of(experiment_id)}", {"definition": definition})

    def experiment_versions(self, experiment_id: str, *, limit: int) -> list[Answer]:
        path = f"/api/experiments/{part_of(experiment_id)}/versions?limit={min(limit, PAGE_MOST)}"
        return rows_of(self._ask("GET", path, missing=_EXPERIMENTS), "versions")

    def stop_experiment(self, experiment_id: str) -> Answer:
        return self._ask("POST", f"/api/experiments/{part_of(experiment_id)}/stop", missing=_EXPERIMENTS)

    def declare_winner(self, experiment_id: str, variant: str) -> Answer:
        path = f"/api/experiments/{part_of(experiment_id)}/winner"
        return self._ask("POST", path, {"variant": variant}, missing=_EXPERIMENTS)

    def decide(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/experiments/decide", wish)

    def adaptive_steps(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/adaptive"), "steps")

    def adaptive(self, experiment: str, *, log: int) -> Answer:
        return self._ask("GET", f"/api/adaptive/{part_of(experiment)}?log={log}", missing=_ADAPTIVE)

    def say_adaptive(self, experiment: str, wish: Answer) -> Answer:
        return self._ask("PUT", f"/api/adaptive/{part_of(experiment)}", wish, missing=_ADAPTIVE)

    def trial(self, trial: str, question: Mapping[str, object]) -> Answer:
        asked = urlencode(question, doseq=True)
        return self._ask("GET", f"/api/trials/{part_of(trial)}{'?' if asked else ''}{asked}")

    def trials(self) -> list[Answer]:
        return rows_of(self._ask("GET", "/api/trials"), "trials")

    def trial_course(self, trial: str, question: Mapping[str, object]) -> Answer:
        asked = urlencode(question, doseq=True)
        return self._ask("GET", f"/api/trials/{part_of(trial)}/course{'?' if asked else ''}{asked}")

    def holdout(self, question: Mapping[str, object]) -> Answer:
        asked = urlencode(question, doseq=True)
        return self._ask("GET", f"/api/holdout{'?' if asked else ''}{asked}")

    def check_trials(self, wish: Answer) -> Answer:
        return self._ask("POST", "/api/trials/check", wish)

"""Counting how often the same thing came before, for many millions of things in little memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Occurrences:
    """Numbers equal things 0, 1, 2, … in the order they come. Twelve bytes for each different thing."""

    def __init__(self) -> None:
        self._hashes: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._counts: npt.NDArray[np.uint32] = np.empty(0, dtype=np.uint32)

    def number(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """How many equal ones came before each, in this batch or an earlier one; shape as given."""
        order = np.argsort(hashes, kind="stable")
        met, starts, counts = np.unique(hashes[order], return_index=True, return_counts=True)
        within = np.arange(len(hashes)) - np.repeat(starts, counts)
        places = np.searchsorted(self._hashes, met)
        known = np.zeros(len(met), dtype=bool)
        inside = places < len(self._hashes)
        known[inside] = self._hashes[places[inside]] == met[inside]
        before = np.zeros(len(met), dtype=np.int64)
        before[known] = self._counts[places[known]]
        numbers = np.empty(len(hashes), dtype=np.int64)
        numbers[order] = within + np.repeat(before, counts)
        self._counts[places[known]] += counts[known].astype(np.uint32)
        self._hashes = np.insert(self._hashes, places[~known], met[~known])
        self._counts = np.insert(self._counts, places[~known], counts[~known].astype(np.uint32))
        return numbers

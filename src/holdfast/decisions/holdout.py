"""Holdouts: who is left alone on purpose, so that the effect on the others can be measured."""

from __future__ import annotations

from holdfast.decisions.visit import Arm
from holdfast.kernel.chance import share


def arm_of(origin: str, person_key: str, holdout: float) -> Arm:
    """The arm of a person in a journey or campaign: by hash, so it needs no memory and survives deletion and return.

    Two origins divide people independently of each other. Raising `holdout` moves people into the holdout and none out.

    Args:
        origin: the id of the journey or campaign.
        person_key: a name of the person that lasts: the oldest user id, else the oldest anonymous id.
        holdout: the share of people to leave alone; 0 <= holdout < 1.
    """
    return "holdout" if share(f"holdout:{origin}", person_key) < holdout else "treated"


def held_out(person_key: str, global_holdout: float) -> bool:
    """Whether a person is in the global holdout: those who get no marketing of any kind, by hash as above.

    It is drawn apart from every journey's arms. So whoever is in it is left out of both arms of every trial, and those
    who remain are divided as chance divides them.

    Args:
        person_key: as in `arm_of`; nobody's is empty.
        global_holdout: the share of people; 0 <= global_holdout < 1.
    """
    return bool(person_key) and share("global_holdout", person_key) < global_holdout

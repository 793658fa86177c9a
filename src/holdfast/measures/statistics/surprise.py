"""p-values of sequential readings: valid however often, and whenever, they are looked at.

Each is the smallest chance of error whose interval would leave out 0, so that intervals and p-values never disagree.

Sources:
    Jennison & Turnbull (2000), "Group Sequential Methods with Applications to Clinical Trials", section 9.4: repeated
    p-values.
    Waudby-Smith et al. (2024), as in `sequential`; Johari, Koomen, Pekelis & Walsh (2022), "Always valid inference",
    Operations Research 70, 1806-1821: p-values from intervals that hold at every moment.
"""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

_LIMITS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (
        0.8,
        (
            3.5869,
            2.4218,
            1.9207,
            1.6385,
            1.4527,
            1.3186,
            1.2158,
            1.1337,
            1.0658,
            1.0082,
            0.9579,
            0.9131,
            0.8724,
            0.8347,
            0.7991,
            0.765,
            0.7318,
            0.6991,
            0.6666,
            0.6338,
        ),
    ),
    (
        0.5,
        (
            5.0128,
            3.4552,
            2.7606,
            2.3588,
            2.0923,
            1.8996,
            1.7519,
            1.634,
            1.5372,
            1.4558,
            1.3861,
            1.3255,
            1.2722,
            1.2247,
            1.1821,
            1.1436,
            1.1083,
            1.0759,
            1.0459,
            1.0179,
        ),
    ),
    (
        0.3,
        (
            6.3317,
            4.4042,
            3.5403,
            3.0305,
            2.6896,
            2.4423,
            2.2526,
            2.1012,
            1.9767,
            1.8721,
            1.7825,
            1.7046,
            1.6362,
            1.5754,
            1.5209,
            1.4717,
            1.4269,
            1.386,
            1.3485,
            1.3138,
        ),
    ),
    (
        0.2,
        (
            7.2628,
            5.0712,
            4.0897,
            3.5057,
            3.1128,
            2.8271,
            2.6077,
            2.4325,
            2.2885,
            2.1673,
            2.0636,
            1.9735,
            1.8942,
            1.8238,
            1.7608,
            1.7038,
            1.652,
            1.6047,
            1.5612,
            1.5211,
        ),
    ),
    (
        0.1,
        (
            8,
            6.0879,
            4.9269,
            4.2321,
            3.7609,
            3.4168,
            3.1521,
            2.9406,
            2.7666,
            2.6202,
            2.4948,
            2.3859,
            2.2901,
            2.205,
            2.1287,
            2.0598,
            1.9972,
            1.94,
            1.8875,
            1.839,
        ),
    ),
    (
        0.05,
        (
            8,
            6.9913,
            5.6697,
            4.8779,
            4.3383,
            3.9428,
            3.6379,
            3.394,
            3.1933,
            3.0244,
            2.8797,
            2.754,
            2.6434,
            2.5452,
            2.4571,
            2.3777,
            2.3054,
            2.2394,
            2.1787,
            2.1228,
        ),
    ),
    (
        0.02,
        (
            8,
            8,
            6.548,
            5.6418,
            5.0224,
            4.5666,
            4.2145,
            3.9324,
            3.7001,
            3.5045,
            3.3369,
            3.1913,
            3.0632,
            2.9493,
            2.8473,
            2.7552,
            2.6715,
            2.595,
            2.5247,
            2.4599,
        ),
    ),
    (
        0.01,
        (
            8,
            8,
            7.1532,
            6.1681,
            5.4941,
            4.9972,
            4.6127,
            4.3044,
            4.0503,
            3.8363,
            3.6529,
            3.4935,
            3.3533,
            3.2287,
            3.117,
            3.0162,
            2.9246,
            2.8408,
            2.7639,
            2.6929,
        ),
    ),
    (
        0.003,
        (
            8,
            8,
            8,
            7.0024,
            6.2422,
            5.6807,
            5.2452,
            4.8954,
            4.6068,
            4.3637,
            4.1552,
            3.974,
            3.8145,
            3.6728,
            3.5458,
            3.4311,
            3.3269,
            3.2316,
            3.1441,
            3.0633,
        ),
    ),
    (
        0.001,
        (
            8,
            8,
            8,
            7.6933,
            6.8633,
            6.2485,
            5.7709,
            5.3869,
            5.0698,
            4.8025,
            4.5732,
            4.3739,
            4.1984,
            4.0425,
            3.9027,
            3.7765,
            3.6618,
            3.557,
            3.4606,
            3.3717,
        ),
    ),
    (
        0.0001,
        (
            8,
            8,
            8,
            8,
            8,
            7.3121,
            6.7565,
            6.3088,
            5.9386,
            5.6261,
            5.358,
            5.1246,
            4.9192,
            4.7366,
            4.5729,
            4.4251,
            4.2907,
            4.1679,
            4.055,
            3.9508,
        ),
    ),
    (
        1e-05,
        (
            8,
            8,
            8,
            8,
            8,
            8,
            7.6255,
            7.1238,
            6.707,
            6.3549,
            6.0525,
            5.7892,
            5.5574,
            5.3512,
            5.1664,
            4.9994,
            4.8476,
            4.7089,
            4.5814,
            4.4637,
        ),
    ),
    (
        1e-06,
        (
            8,
            8,
            8,
            8,
            8,
            8,
            8,
            7.8516,
            7.4023,
            7.0148,
            6.6815,
            6.3913,
            6.1356,
            5.9081,
            5.7042,
            5.5199,
            5.3524,
            5.1992,
            5.0584,
            4.9285,
        ),
    ),
)
"""For some chances of error, `sequential.boundaries` at each of its looks: they take half a second each to reckon. A
test reckons them anew. Between them the squares lie on a curve of the error's logarithm that is all but straight."""


def planned_limit(look: int, confidence: float = 0.95) -> float:
    """By how many standard errors the interval of a planned trial reaches either way at a look; infinite before any.

    As `sequential.planned_factor`, to a part in a thousand, and at once.
    """
    if look < 1:
        return float("inf")
    squares, errors = _curve(look)
    return sqrt(float(np.interp(-log(1 - confidence), [-each for each in errors], squares)))


def planned_p_value(z: float, look: int) -> float:
    """The p-value of a planned trial at a look; 1 before the first, and no smaller than one in a million."""
    squares, errors = _curve(max(look, 1))
    if look < 1 or np.isnan(z) or z**2 <= squares[0]:
        return 1.0
    return float(exp(np.interp(z**2, squares, errors)))


def unplanned_limit(people: float, tuned_people: float, confidence: float = 0.95) -> float:
    """By how many standard errors the interval that holds at every moment reaches either way; infinite for nobody.

    As `sequential.unplanned_factor` with 95 %. Of another confidence it is tuned the same, so that the p-value is the
    smallest chance of error that leaves out 0.
    """
    grown = people * _rho(tuned_people)
    if grown <= 0:
        return float("inf")
    return sqrt(2 * (grown + 1) / grown * log(sqrt(grown + 1) / (1 - confidence)))


def unplanned_p_value(z: float, people: float, tuned_people: float) -> float:
    """The p-value that holds at every moment.

    Args:
        people: how many there are by now, in both arms.
        tuned_people: at how many the interval of 95 % is narrowest: as for `unplanned_factor`.
    """
    grown = people * _rho(tuned_people)
    if grown <= 0 or np.isnan(z):
        return 1.0
    return min(1.0, sqrt(grown + 1) * exp(-min(z**2, 1_000.0) * grown / (2 * (grown + 1))))


def _rho(tuned_people: float) -> float:
    """Source: Waudby-Smith et al. (2024), appendix B.2, with a chance of error of 0.05."""
    error = 0.05
    return (-2 * log(error) + log(-2 * log(error) + 1)) / max(tuned_people, 1.0)


def _curve(look: int) -> tuple[list[float], list[float]]:
    """The squares of the limits at a look, rising, and the logarithm of the chance of error of each."""
    squares = np.maximum.accumulate([limits[look - 1] ** 2 for _, limits in _LIMITS])
    # Where the limit is beyond all that is followed, the smallest chance of error that it stands for counts.
    return [float(each) for each in squares], [log(error) for error, _ in _LIMITS]

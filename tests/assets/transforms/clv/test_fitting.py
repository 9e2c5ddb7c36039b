"""Search for a maximum: several starts, sharpening, and what counts as none."""

import math

import numpy as np
import pytest

from assets.transforms.clv.counts import Floats
from assets.transforms.clv.fitting import Fit, Maximum, fitted, maximise, unfitted

CENTRE = np.array([0.5, -1.0])


def bowl(point: Floats) -> tuple[float, Floats]:
    """Smooth, least at CENTRE, with curvatures of 2 and 6 there."""
    x, y = point - CENTRE
    return math.cosh(x) * 2 + 3 * y * y, np.array([2 * math.sinh(x), 6 * y])


def two_valleys(point: Floats) -> tuple[float, Floats]:
    """A shallow valley at -2 and a deep one at 2."""
    x = float(point[0])
    value = (x * x - 4) ** 2 / 16 - 0.3 * x
    return value, np.array([x * (x * x - 4) / 4 - 0.3])


def slope_down(point: Floats) -> tuple[float, Floats]:
    return -float(point[0]), np.array([-1.0])


def as_pair(values: object) -> tuple[float, ...]:
    return tuple(np.asarray(values, dtype=float).tolist())


def test_reaches_the_bottom_and_its_curvature() -> None:
    found = maximise(bowl, bowl, [(0.0, 0.0), (3.0, 3.0)])
    assert found.reason is None
    assert found.point == pytest.approx(CENTRE, abs=1e-9)
    assert found.covariance is not None
    assert np.diag(found.covariance) == pytest.approx([1 / 2, 1 / 6], rel=1e-4)


def test_the_best_of_several_valleys_wins() -> None:
    found = maximise(two_valleys, two_valleys, [(-2.0,), (1.0,)])
    assert found.point[0] > 2


def test_a_rough_objective_only_leads_the_way() -> None:
    def rough(point: Floats) -> tuple[float, Floats]:
        return bowl(point + 0.3)

    assert maximise(rough, bowl, [(0.0, 0.0)]).point == pytest.approx(CENTRE, abs=1e-9)


def test_a_misleading_rough_objective_does_no_harm() -> None:
    def rough(point: Floats) -> tuple[float, Floats]:
        return bowl(point - 9.0)

    assert maximise(rough, bowl, [(0.0, 0.0)]).point == pytest.approx(CENTRE, abs=1e-6)


def test_a_maximum_at_infinity_is_on_the_boundary() -> None:
    assert maximise(slope_down, slope_down, [(0.0,)]).reason == "parameter_on_boundary"


def test_errors_are_in_the_units_of_the_parameters() -> None:
    maximum = Maximum(np.array([0.0, math.log(2)]), 1.0, 0.0, np.diag([4.0, 1.0]), None)
    found: Fit[tuple[float, ...]] = fitted(
        maximum, as_pair, np.array([10.0, 1.0]), customers=100, log_likelihood=lambda _: -7.0,
        excluded={},
    )  # fmt: skip
    assert found.parameters == pytest.approx((10.0, 2.0))
    assert found.standard_errors == pytest.approx((2.0, 0.2))
    assert (found.log_likelihood, found.is_converged) == (-7.0, True)


def test_a_parameter_known_to_no_order_of_magnitude_is_not_identified() -> None:
    maximum = Maximum(np.zeros(2), 1.0, 0.0, np.diag([4000.0, 1.0]), None)
    found: Fit[tuple[float, ...]] = fitted(
        maximum, as_pair, np.ones(2), customers=100, log_likelihood=lambda _: -7.0, excluded={}
    )
    assert (found.parameters, found.standard_errors) == (None, None)
    assert (found.reason, found.reached) == ("not_identified", (1.0, 1.0))


def test_what_was_not_tried_has_a_reason() -> None:
    found: Fit[tuple[float, ...]] = unfitted("too_few_customers", 3, {"missing": 1})
    assert (found.parameters, found.reason, found.is_converged) == (
        None,
        "too_few_customers",
        False,
    )
    assert math.isnan(found.log_likelihood)

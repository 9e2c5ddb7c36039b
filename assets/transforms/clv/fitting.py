"""Maximum likelihood of positive parameters: starts, convergence, standard errors, refusals.

Belongs here: what every model of CLV needs to find its maximum and to tell whether it is one; no
likelihood does. A fit that fails is a result with a reason, never an exception.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from assets.transforms.clv.counts import Floats

TOO_FEW_CUSTOMERS, TOO_FEW_REPEATERS = "too_few_customers", "too_few_repeat_customers"
TOO_FEW_RENEWALS = "too_few_renewals_or_losses"
NO_MAXIMUM, ON_BOUNDARY, NOT_IDENTIFIED = "no_maximum", "parameter_on_boundary", "not_identified"
NO_FINITE_MEAN = "mean_value_not_finite"

LARGEST_LOG = 12.0
"""Parameters are looked for within e**±12 of their scale; beyond, data show no such parameter."""

GRADIENT_TOLERANCE = 1e-6
"""Largest slope of the mean log-likelihood in a log-parameter that counts as flat."""

LARGEST_LOG_ERROR = 3.0
"""A parameter known to no better than a factor of e**3 is not known."""

_STEP = 1e-3
_NEWTON_STEPS = 12
_FLAT = 1e-10

Objective = Callable[[Floats], tuple[float, Floats]]
"""Log-parameters → mean negative log-likelihood and its gradient in them."""

P = TypeVar("P", bound=tuple[float, ...])


class Grouped(Protocol):
    """Grouped sufficient statistics."""

    @property
    def total(self) -> int:
        """Customers in all groups."""

    @property
    def excluded(self) -> Mapping[str, int]:
        """Customers left out, by reason."""

    def sample(self) -> Self:
        """A part of the groups to try starts on; all of them where they are few."""


G = TypeVar("G", bound=Grouped)

LogLikelihood = Callable[[P], tuple[float, Floats]]


@dataclass(frozen=True, slots=True)
class Model(Generic[G, P]):
    """What a model is to a search for its maximum.

    Attributes:
        likelihood: From the data to their log-likelihood, which gives itself and its gradient.
        make: Names the parameters.
        starts: Log-parameters, in their scale, to start from.
    """

    likelihood: Callable[[G], LogLikelihood[P]]
    make: Callable[[Sequence[float]], P]
    starts: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Support:
    """Least data for which a model is fitted at all.

    Of 100 simulated customers, 47 of them repeat customers as with CDNOW's parameters, one in seven
    fits finds no maximum, and in the median of the others the worst standard error is as large as
    the parameter itself; with 400 customers it is half of it, with 3,000 a fifth.
    """

    customers: int = 100
    repeaters: int = 50


@dataclass(frozen=True, slots=True)
class Fit(Generic[P]):
    """A fitted model, or why there is none.

    Attributes:
        parameters: The maximum-likelihood estimate; None where `reason` says why not.
        standard_errors: Of each parameter, from the observed information (delta method).
        log_covariance: Of the logarithms of the parameters, from the observed information.
        log_likelihood: At the point reached; NaN if nothing was tried.
        reached: The point where the search ended, to diagnose a failure.
        slope: Largest slope of the mean log-likelihood in a log-parameter there.
        customers: Customers that the likelihood is of.
        reason: Why there are no parameters; None if there are.
        excluded: Customers left out, by reason.
    """

    parameters: P | None
    standard_errors: P | None
    log_likelihood: float
    reached: P | None
    slope: float
    customers: int
    reason: str | None
    excluded: Mapping[str, int] = field(default_factory=dict)
    log_covariance: Floats | None = field(default=None, compare=False)

    @property
    def is_converged(self) -> bool:
        """Whether there are parameters."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where a search ended: log-parameters, their covariance for one customer, and whether."""

    point: Floats
    mean_loss: float
    slope: float
    covariance: Floats | None
    reason: str | None


def fit(model: Model[G, P], counts: G, scale: Floats) -> Fit[P]:
    """Fit a model by maximum likelihood; the fit is in the units of the data.

    Args:
        model: What to fit.
        counts: Data that are enough to fit to.
        scale: Unit of each parameter; a parameter is scale * exp(log-parameter).
    """
    whole, part = model.likelihood(counts), counts.sample()
    full = _objective(whole, model.make, scale, customers=counts.total)
    rough = full
    if part.total < counts.total:
        rough = _objective(model.likelihood(part), model.make, scale, customers=part.total)
    return fitted(
        maximise(rough, full, model.starts), model.make, scale, customers=counts.total,
        log_likelihood=lambda parameters: whole(parameters)[0], excluded=counts.excluded,
    )  # fmt: skip


def _objective(
    log_likelihood: LogLikelihood[P],
    make: Callable[[Sequence[float]], P],
    scale: Floats,
    *,
    customers: int,
) -> Objective:
    """The objective of a log-likelihood that comes with its gradient in the parameters."""

    def objective(point: Floats) -> tuple[float, Floats]:
        values = scale * np.exp(point)
        value, slopes = log_likelihood(make(values.tolist()))
        return -value / customers, -slopes * values / customers

    return objective


def unfitted(reason: str, customers: int, excluded: Mapping[str, int]) -> Fit[P]:
    """A fit that was not tried."""
    return Fit(None, None, float("nan"), None, float("nan"), customers, reason, excluded)


def fitted(
    maximum: Maximum,
    make: Callable[[Sequence[float]], P],
    scale: Floats,
    *,
    customers: int,
    log_likelihood: Callable[[P], float],
    excluded: Mapping[str, int],
) -> Fit[P]:
    """The result of a search, in the units of the data.

    Args:
        maximum: From `maximise`.
        make: Names the parameters.
        scale: Unit of each parameter; a parameter is scale · exp(log-parameter).
        customers: Customers that the mean is over.
        log_likelihood: The whole log-likelihood.
        excluded: Customers left out, by reason.
    """
    values = scale * np.exp(maximum.point)
    reached = make(values.tolist())
    errors, covariance, reason = None, None, maximum.reason
    if maximum.covariance is not None:
        covariance = maximum.covariance / customers
        log_errors = np.sqrt(np.diag(covariance))
        errors = make((values * log_errors).tolist())
        if reason is None and float(log_errors.max()) > LARGEST_LOG_ERROR:
            reason = NOT_IDENTIFIED
    return Fit(
        parameters=None if reason else reached,
        standard_errors=None if reason else errors,
        log_likelihood=log_likelihood(reached),
        reached=reached,
        slope=maximum.slope,
        customers=customers,
        reason=reason,
        excluded=excluded,
        log_covariance=None if reason else covariance,
    )


def maximise(rough: Objective, full: Objective, starts: Sequence[Sequence[float]]) -> Maximum:
    """Best maximum of several starts.

    All starts are followed on a cheap objective (a sample of the data, or the data itself if they
    are few). Newton steps on the full one take the best of them to the bottom, so that printed
    digits do not depend on when a search happened to stop; where they do not get there a search
    on the full objective does.

    Args:
        rough: Objective on a sample.
        full: Objective on everything.
        starts: Log-parameters to start from.
    """
    ends = [_search(rough, np.asarray(start, dtype=float)) for start in starts]
    # ties go to the first start, so that the result does not depend on the last bit
    best = min(ends, key=lambda end: round(end[1], 10) if np.isfinite(end[1]) else np.inf)[0]
    found = _sharpened(full, best)
    if found.reason is None or rough is full:
        return found
    return _sharpened(full, _search(full, best)[0])


def _search(objective: Objective, start: Floats) -> tuple[Floats, float]:
    from scipy.optimize import minimize

    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LARGEST_LOG, LARGEST_LOG)] * len(start),
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    return np.asarray(found.x, dtype=float), float(found.fun)


def _sharpened(objective: Objective, point: Floats) -> Maximum:
    """Newton steps; the Hessian is made anew where a step shows that it no longer serves."""
    loss, gradient = objective(point)
    hessian, is_fresh = _hessian(objective, point), True
    for _ in range(_NEWTON_STEPS):
        slope = float(np.abs(gradient).max())
        if slope < _FLAT or not _is_positive(hessian):
            break
        step = np.clip(np.linalg.solve(hessian, gradient), -0.5, 0.5)
        nearer = np.clip(point - step, -LARGEST_LOG, LARGEST_LOG)
        new_loss, new_gradient = objective(nearer)
        # at the bottom the loss moves by less than its rounding; the slope then decides
        is_better = float(np.abs(new_gradient).max()) < slope and new_loss <= loss + 1e-9
        if is_better:
            point, loss, gradient = nearer, new_loss, new_gradient
        if float(np.abs(gradient).max()) > slope / 10:
            if is_fresh and not is_better:
                break
            hessian, is_fresh = _hessian(objective, point), True
        else:
            is_fresh = False
    hessian = hessian if is_fresh else _hessian(objective, point)
    slope = float(np.abs(gradient).max())
    covariance: Floats | None = None
    if _is_positive(hessian):
        covariance = np.linalg.inv(hessian).astype(np.float64)
    return Maximum(point, loss, slope, covariance, _failure(point, slope, hessian))


def _failure(point: Floats, slope: float, hessian: Floats) -> str | None:
    if bool((np.abs(point) > LARGEST_LOG - 0.1).any()):
        return ON_BOUNDARY
    if not slope < GRADIENT_TOLERANCE:
        return NO_MAXIMUM
    return None if _is_positive(hessian) else NOT_IDENTIFIED


def _hessian(objective: Objective, point: Floats) -> Floats:
    """Central differences of the gradient, made symmetric."""
    rows = []
    for number in range(len(point)):
        step = np.zeros(len(point))
        step[number] = _STEP
        rows.append((objective(point + step)[1] - objective(point - step)[1]) / (2 * _STEP))
    found: Floats = np.asarray(rows)
    return (found + found.T) / 2


def _is_positive(hessian: Floats) -> bool:
    return bool(np.isfinite(hessian).all()) and bool((np.linalg.eigvalsh(hessian) > 0).all())

"""The planted truths can be found again in the clean rows, within what chance allows."""

from collections import Counter
from dataclasses import replace
from math import sqrt

import numpy as np
import polars as pl
import pytest

from demo import plan as p
from demo.catalog import CATEGORIES, PRODUCTS_PER_CATEGORY, list_prices
from demo.company import Company
from demo.plan import csat_expected, nps_expected
from demo.questionnaire import BLANK, DELIVERY
from demo.settings import Rates, Settings
from demo.world import CHANNELS, World

WANTED = (
    "crm_leads", "crm_interactions", "erp_orders", "erp_order_lines", "survey_kano",
    "survey_relational", "survey_transactional",
)  # fmt: skip


Simulated = tuple[World, dict[str, pl.DataFrame]]


@pytest.fixture(scope="module")
def company() -> Simulated:
    """A company of keen respondents, so that chance matters less."""
    rates = Rates(
        relational_invitations=0.05, relational_response=0.7, transactional_response=0.9,
        transactional_invitation=0.9, leads=0.02, interactions=0.03,
    )  # fmt: skip
    simulated = Company(Settings(customers=5_000, days=50, seed=21, rates=rates))
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in WANTED}
    for day in range(50):
        streams = simulated.day(day)
        for name in WANTED:
            if name in streams:
                parts[name].append(streams[name].with_columns(pl.lit(day).alias("_day")))
    return simulated.world, {name: pl.concat(frames) for name, frames in parts.items()}


def _customers(rows: pl.DataFrame) -> np.ndarray:
    return rows["account_id"].cast(pl.Int64).to_numpy() - 1


def _nps(scores: pl.Series) -> tuple[float, float]:
    """NPS and its standard error."""
    promoters, detractors = (scores >= 9).mean(), (scores <= 6).mean()
    variance = promoters + detractors - (promoters - detractors) ** 2
    return 100 * (promoters - detractors), 100 * sqrt(variance / len(scores))


def test_nps_falls_in_one_region_from_the_planted_day(company: Simulated) -> None:
    world, streams = company
    rows = streams["survey_relational"].filter(pl.col("q.nps") != BLANK)
    who, day = _customers(rows), rows["_day"].to_numpy()
    region = np.where(world.moves[who] <= day, world.region_after[who], world.region[who])
    rows = rows.with_columns(
        pl.Series("is_falling", region == p.REGIONS.index(p.FALLING_REGION)),
        (pl.col("_day") >= world.plan.fall).alias("is_after"),
    )
    for (is_falling, is_after), group in rows.group_by("is_falling", "is_after"):
        shift = -p.NPS_FALL if is_falling and is_after else 0.0
        found, error = _nps(group["q.nps"])
        # respondents come several times, which widens chance by about a half
        assert found == pytest.approx(nps_expected(shift)["nps"], abs=6 * error)
    assert nps_expected()["nps"] - nps_expected(-p.NPS_FALL)["nps"] > 40


@pytest.mark.parametrize(("arm", "effect"), [("ab_arm", p.CSAT_EFFECT), ("placebo_arm", 0.0)])
def test_an_initiative_has_its_effect_and_the_placebo_none(
    company: Simulated, arm: str, effect: float
) -> None:
    world, streams = company
    rows = streams["survey_transactional"].filter(
        (pl.col("survey_id") == DELIVERY) & (pl.col("_day") >= world.plan.initiative)
    )
    who = _customers(rows)
    is_old = world.created[who] <= world.plan.initiative
    is_top = (rows["q.csat"] >= 4).to_numpy()
    shares = [100 * is_top[is_old & (getattr(world, arm)[who] == code)].mean() for code in (0, 1)]
    expected = csat_expected(effect) - csat_expected()
    assert shares[1] - shares[0] == pytest.approx(expected, abs=5.5)


def test_features_have_their_kano_class(company: Simulated) -> None:
    _, streams = company
    table = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
    for feature, own in p.KANO_CLASSES.items():
        pairs = streams["survey_kano"].select(f"q.{feature}_f", f"q.{feature}_d").rows()
        counts = Counter(table[there - 1][missing - 1] for there, missing in pairs)
        assert counts.most_common(1)[0][0] == own
        assert counts[own] / len(pairs) == pytest.approx(p.KANO_FIDELITY, abs=0.08)
        assert counts["Q"] == 0


def test_the_complaint_term_rises_before_nps_falls(company: Simulated) -> None:
    world, streams = company
    rows = streams["survey_relational"]
    region = world.region_on(_customers(rows), 0)
    detractors = rows.with_columns(pl.Series("_region", region)).filter(
        (pl.col("q.nps") <= 6) & (pl.col("_region") == p.REGIONS.index(p.FALLING_REGION))
    )
    has_term = pl.col("q.comment").str.contains(p.COMPLAINT_TERM)
    said = detractors.filter(pl.col("q.comment").is_not_null())
    assert world.plan.term < world.plan.fall
    before = said.filter(pl.col("_day") < world.plan.term).select(has_term.mean()).item()
    between = said.filter(pl.col("_day").is_between(world.plan.term, world.plan.fall - 1))
    assert before < 0.12
    assert between.select(has_term.mean()).item() > 0.3


def test_the_lost_cohort_stops_ordering(company: Simulated) -> None:
    world, streams = company
    in_cohort = world.channel == CHANNELS.index(p.LOST_CHANNEL)
    stopped = world.stops <= world.plan.lost
    made = streams["erp_orders"].filter(~pl.col("_final"))
    late = made.filter(pl.col("_day") >= world.plan.lost)
    assert not stopped[_customers(late)].any()
    assert stopped[in_cohort].mean() > p.LOST_SHARE * 0.85
    assert stopped[~in_cohort].mean() < 0.15


def test_leads_are_won_at_the_rate_of_their_source(company: Simulated) -> None:
    _, streams = company
    closed = streams["crm_leads"].filter("_final")
    for source, group in closed.group_by("source"):
        rate = p.LEAD_WIN_RATES[source[0]]
        error = sqrt(rate * (1 - rate) / group.height)
        assert (group["outcome"] == "won").mean() == pytest.approx(rate, abs=4 * error)


def test_baskets_of_the_treated_grow(company: Simulated) -> None:
    world, streams = company
    rows = streams["erp_orders"].filter(~pl.col("_final"))
    who = _customers(rows)
    rows = rows.with_columns(
        pl.Series("arm", world.did_arm[who]),
        (pl.col("_day") >= world.plan.initiative).alias("is_after"),
        pl.col("net_amount").cast(pl.Float64),
    ).filter(pl.Series(world.created[who] <= world.plan.initiative))
    groups = rows.group_by("arm", "is_after")
    means = {key: group["net_amount"].mean() for key, group in groups}
    growth = (means[1, True] / means[1, False]) / (means[0, True] / means[0, False]) - 1
    assert growth == pytest.approx(p.BASKET_EFFECT, abs=0.12)


def test_prices_of_one_family_rise(company: Simulated) -> None:
    world, streams = company
    rises_on = world.plan.price_rise
    before, after = list_prices(rises_on - 1, rises_on), list_prices(rises_on, rises_on)
    families = np.array(list(CATEGORIES.values())).repeat(PRODUCTS_PER_CATEGORY)
    rise = after / before - 1
    assert rise[families == p.PRICE_RISE_FAMILY] == pytest.approx(p.PRICE_RISE, abs=0.001)
    assert not rise[families != p.PRICE_RISE_FAMILY].any()
    told = streams["erp_order_lines"]["unit_cost"].cast(pl.Float64) * 100
    costs = np.rint(np.concatenate([before, after]) * 0.6).astype(int)
    assert set(told.round().cast(pl.Int64)) <= set(costs.tolist())


def test_contacts_are_answered_and_resolved_as_planned(company: Simulated) -> None:
    _, streams = company
    done = streams["crm_interactions"].filter("_final")
    expected = p.ONE_CONTACT_SHARE * (1 - p.REOPEN_SHARE)
    assert done["resolved_on_first_contact"].mean() == pytest.approx(expected, abs=0.03)
    waits = done.with_columns(
        (pl.col("first_response_at") - pl.col("opened_at")).dt.total_seconds() / 60
    )
    for channel, group in waits.group_by("channel"):
        planned = p.FIRST_RESPONSE_MEDIAN_MINUTES[channel[0]]
        assert group["first_response_at"].median() == pytest.approx(planned, rel=0.2)


def test_the_more_important_criterion_tells_more_of_satisfaction(company: Simulated) -> None:
    _, streams = company
    names = list(p.IMPORTANCE)
    rows = streams["survey_relational"].select("q.csat", *(f"q.sat_{name}" for name in names))
    values = rows.drop_nulls().to_numpy().astype(float)
    design = np.column_stack([np.ones(len(values)), values[:, 1:]])
    weights = np.linalg.lstsq(design, values[:, 0], rcond=None)[0][1:]
    assert [names[i] for i in np.argsort(-weights)] == names


def test_accounts_move_region_and_tier_after_they_joined() -> None:
    world = World.of(Settings(customers=4_000, days=60))
    moved = world.moves < 60
    assert 0.02 < moved.mean() < 0.06
    assert (world.region_after != world.region)[moved].all()
    assert (world.moves > world.created)[moved].all()
    changed = np.flatnonzero(world.tier_changes < 60)
    assert (world.tier_on(changed, 59) != world.tier_on(changed, -1)).all()


def test_the_volume_does_not_change_who_the_customers_are() -> None:
    few = World.of(Settings(customers=500, days=60))
    many = World.of(replace(few.settings, rates=Rates(orders=0.5)))
    np.testing.assert_array_equal(few.mood, many.mood)

"""A small company with every oddity that the KPIs must survive, drawn from a seed."""

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from assets.lake.layout import Lake
from tests.assets.kpi.histories import UTC, write_dimension, write_month

PARIS = ZoneInfo("Europe/Paris")
FIRST = dt.datetime(2025, 11, 20, tzinfo=UTC)
DAYS = 75
Table = list[dict[str, Any]]


@dataclass
class Company:
    """Rows of every table; events are in history months of Paris time."""

    tables: dict[str, Table] = field(default_factory=dict)

    def events(self, table: str, column: str) -> dict[str, Table]:
        """Rows by history month."""
        months: dict[str, Table] = {}
        for row in self.tables[table]:
            months.setdefault(row[column].astimezone(PARIS).strftime("%Y-%m"), []).append(row)
        return months

    def write(self, lake: Lake) -> None:
        """Write every table into a lake."""
        for name in ("crm_account", "survey", "survey_question", "erp_product"):
            write_dimension(lake, name, self.tables[name])
        for name, column in EVENTS.items():
            for month, rows in self.events(name, column).items():
                self.write_month(lake, name, month, rows)

    def write_month(self, lake: Lake, name: str, month: str, rows: Table) -> None:
        """Write one month of events with its child rows."""
        write_month(lake, name, month, rows)
        if name in CHILDREN:
            child, key = CHILDREN[name]
            parents = {row[key] for row in rows}
            kept = [row for row in self.tables[child] if row[key] in parents]
            write_month(lake, child, month, kept)


EVENTS = {
    "survey_response": "responded_at",
    "erp_order": "ordered_at",
    "crm_lead": "created_at",
    "crm_interaction": "opened_at",
}
CHILDREN = {
    "survey_response": ("survey_answer", "response_id"),
    "erp_order": ("erp_order_line", "order_id"),
}

SCALES: dict[str, tuple[str, float, float, bool]] = {
    "nps": ("nps", 0, 10, True),
    "nps_wrong": ("nps", 1, 10, True),
    "csat5": ("csat", 1, 5, True),
    "csat10": ("csat", 1, 10, True),
    "csat_turned": ("csat", 1, 5, False),
    "csat_slider": ("csat", 0, 100, True),
    "ces7": ("ces", 1, 7, True),
    "ces5": ("ces", 1, 5, False),
}
EXPERIENCE_SCALES: dict[str, tuple[str, float, float, bool]] = {
    "cxi_effectiveness": ("cxi_effectiveness", 1, 5, True),
    "cxi_ease7": ("cxi_ease", 1, 7, True),
    "cxi_ease_turned": ("cxi_ease", 1, 5, False),
    "cxi_emotion": ("cxi_emotion", 1, 5, True),
    "cxi_emotion10": ("cxi_emotion", 1, 10, True),
    "repurchase": ("repurchase_intent", 1, 5, True),
    "repurchase_turned": ("repurchase_intent", 1, 4, False),
    "repurchase_slider": ("repurchase_intent", 0, 100, True),
}
ENGAGEMENT_SCALES: dict[str, tuple[str, float, float, bool]] = {
    "engaged": ("engagement", 1, 5, True),
    "disengaged": ("engagement", 0, 8, False),
}
CHOICES = ["below", "as", "above", "fan", "AS", None]
TONES = ["positive", "neutral", "negative", "sarcastic", None]


def company(seed: int, *, size: int = 150) -> Company:
    """Draw a company.

    Args:
        seed: Same seed, same rows.
        size: Number of responses, orders, leads and interactions each.
    """
    draw = random.Random(seed)
    made = Company()
    made.tables |= _dimensions(draw)
    made.tables |= _surveys(draw, size)
    made.tables |= _sales(draw, size)
    made.tables["crm_interaction"] = [_interaction(draw, i) for i in range(size)]
    _add_experience(
        random.Random(seed), made.tables["survey_response"], made.tables["survey_answer"]
    )
    _add_comments(random.Random(seed), made.tables["survey_response"], made.tables["survey_answer"])
    _deliver(random.Random(seed), made.tables["erp_order"])
    _add_costs(random.Random(seed), made.tables["erp_order_line"])
    return made


def _moment(draw: random.Random) -> dt.datetime:
    return FIRST + dt.timedelta(seconds=draw.randrange(DAYS * 86_400))


def _account_id(draw: random.Random) -> str | None:
    return draw.choice([*[f"a{i}" for i in range(20)], "missing", None])


def _dimensions(draw: random.Random) -> dict[str, Table]:
    accounts: Table = []
    for i in range(20):
        days = sorted(draw.sample(range(DAYS), draw.choice([0, 0, 1, 2])))
        begins: list[dt.date | None] = [None, *[(FIRST + dt.timedelta(d)).date() for d in days]]
        for number, begin in enumerate(begins):
            until = begins[number + 1] if number + 1 < len(begins) else None
            accounts.append(
                {
                    "account_id": f"a{i}",
                    "country": draw.choice(["FR", "DE", None]),
                    "birth_year": draw.choice([None, 1950, 1990, 2001, 2007]),
                    "custom": draw.choice([None, '{"vip":"yes"}', '{"vip":"a|b\\\\c"}']),
                    "_valid_from": begin,
                    "_valid_to": until,
                }
            )
    products = [
        {"product_id": f"p{i}", "category": draw.choice(["toys", "books", None]), "family": "f"}
        for i in range(6)
    ]
    surveys = [
        {"survey_id": "s0", "kind": "relational", "audience": "customer", "touchpoint": "store"},
        {"survey_id": "s1", "kind": "transactional", "audience": "customer"},
        {"survey_id": "s2", "kind": "relational", "audience": "employee"},
    ]
    questions = [
        {
            "survey_id": survey["survey_id"],
            "question_id": code,
            "metric": metric,
            "scale_min": float(least),
            "scale_max": float(greatest),
            "higher_is_better": better if code != "nps" else None,
            "na_codes": "11|99" if code in {"nps", "ces7"} else None,
        }
        for survey in surveys
        for code, (metric, least, greatest, better) in {
            **SCALES, **EXPERIENCE_SCALES, **ENGAGEMENT_SCALES
        }.items()
    ]  # fmt: skip
    questions += [
        {"survey_id": survey["survey_id"], "question_id": code, "metric": metric}
        for survey in surveys
        for code, metric in (
            ("moment", "moment_of_truth"), ("words", "comment"), ("tone", "sentiment"),
        )
    ]  # fmt: skip
    return {
        "crm_account": accounts,
        "erp_product": products,
        "survey": surveys,
        "survey_question": questions,
    }


def _surveys(draw: random.Random, size: int) -> dict[str, Table]:
    responses: Table = []
    answers: Table = []
    for i in range(size):
        responses.append(
            {
                "response_id": f"r{i}",
                "survey_id": draw.choice(["s0", "s0", "s1", "s2", "lost"]),
                "account_id": _account_id(draw),
                "responded_at": _moment(draw),
                "touchpoint": draw.choice([None, "web", "(unknown)"]),
                "weight": draw.choice([None, 0.5, 1.25, 2.0, 0.123456]),
            }
        )
        for code in [*SCALES, "undefined"]:
            odd = draw.choice([None, float("nan"), 11.0, 99.0, -1.0, 4.5, float("inf")])
            score = odd if draw.random() < 0.1 else float(draw.randrange(11))
            answers.append({"response_id": f"r{i}", "question_id": code, "score": score})
    return {"survey_response": responses, "survey_answer": answers}


def _add_experience(draw: random.Random, responses: Table, answers: Table) -> None:
    """Answers on the experience index, repurchase and moments of truth."""
    for response in responses:
        key = {"response_id": response["response_id"]}
        for code in EXPERIENCE_SCALES:
            odd = draw.choice([None, float("nan"), -1.0, 4.5, float("inf")])
            score = odd if draw.random() < 0.1 else float(draw.randrange(9))
            answers.append({**key, "question_id": code, "score": score})
        answers.append({**key, "question_id": "moment", "choice": draw.choice(CHOICES)})


def _add_comments(draw: random.Random, responses: Table, answers: Table) -> None:
    """Comments, the tone of some, and engagement."""
    for response in responses:
        key = {"response_id": response["response_id"]}
        if draw.random() < 0.7:
            answers.append({**key, "question_id": "words"})
            answers.append({**key, "question_id": "tone", "choice": draw.choice(TONES)})
        for code in ENGAGEMENT_SCALES:
            score = draw.choice([None, 4.5, *[float(score) for score in range(9)]])
            answers.append({**key, "question_id": code, "score": score})


def _sales(draw: random.Random, size: int) -> dict[str, Table]:
    orders: Table = []
    lines: Table = []
    for i in range(size):
        is_return = draw.random() < 0.1
        amount = draw.randrange(1, 100_000) / 100
        orders.append(
            {
                "order_id": f"o{i}",
                "account_id": _account_id(draw),
                "ordered_at": _moment(draw),
                "status": draw.choice(["delivered", "Canceled", None, "shipped"]),
                "currency": draw.choice(["EUR", "EUR", None, "USD"]),
                "net_amount": None if draw.random() < 0.1 else -amount if is_return else amount,
                "is_return": is_return or draw.choice([False, None]),
                "channel": draw.choice(["web", "shop", None]),
            }
        )
        lines.extend(
            {
                "order_id": f"o{i}",
                "line_number": number,
                "product_id": draw.choice([*[f"p{k}" for k in range(6)], "p99", None]),
                "net_amount": None if draw.random() < 0.05 else draw.randrange(1, 9999) / 100,
            }
            for number in range(draw.randrange(4))
        )
    return {"erp_order": orders, "erp_order_line": lines, "crm_lead": _leads(draw, size)}


def _deliver(draw: random.Random, orders: Table) -> None:
    """Delivery and promise of every order, a day too early for some."""
    for order in orders:
        for column in ("delivered_at", "promised_at"):
            hours = dt.timedelta(hours=draw.randrange(-24, 200))
            order[column] = order["ordered_at"] + hours if draw.random() < 0.8 else None


def _add_costs(draw: random.Random, lines: Table) -> None:
    """Quantity and cost of every line; some lack one of them."""
    for line in lines:
        line["quantity"] = draw.choice([1.0, 1.0, 2.0, 0.5, -1.0, None])
        line["unit_cost"] = None if draw.random() < 0.05 else draw.randrange(1, 5000) / 100


def _leads(draw: random.Random, size: int) -> Table:
    leads: Table = []
    for i in range(size):
        created = _moment(draw)
        outcome = draw.choice(["open", "won", "lost"])
        closed = created + dt.timedelta(hours=draw.randrange(-24, 900))
        is_dated = outcome != "open" and draw.random() < 0.9
        leads.append(
            {
                "lead_id": f"l{i}",
                "account_id": _account_id(draw),
                "created_at": created,
                "source": draw.choice(["ads", None]),
                "outcome": outcome,
                "closed_at": closed if is_dated else None,
            }
        )
    return leads


def _interaction(draw: random.Random, number: int) -> dict[str, Any]:
    opened = _moment(draw)
    response = opened + dt.timedelta(seconds=draw.randrange(-600, 90_000))
    resolved = opened + dt.timedelta(seconds=draw.choice([0, draw.randrange(-600, 2_000_000)]))
    return {
        "interaction_id": f"i{number}",
        "account_id": _account_id(draw),
        "opened_at": opened,
        "first_response_at": response if draw.random() < 0.8 else None,
        "resolved_at": resolved if draw.random() < 0.8 else None,
        "channel": draw.choice(["phone", "chat", None]),
        "contact_count": draw.choice([None, 0, 1, 1, 2]),
        "reopen_count": draw.choice([None, 0, 1]),
        "resolved_on_first_contact": draw.choice([None, True, False]),
        "talk_seconds": draw.choice([None, 0, draw.randrange(1200)]),
        "hold_seconds": draw.choice([None, 0, draw.randrange(300)]),
        "wrap_seconds": draw.choice([None, 0, draw.randrange(600)]),
        "cost": draw.choice([None, 0.0, draw.randrange(-500, 5000) / 100]),
    }

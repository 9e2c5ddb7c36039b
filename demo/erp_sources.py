"""The demo company's ERP sources in the shapes of real systems."""

import polars as pl

from demo.crm_sources import DMY_TIME, UNKNOWN_ACCOUNT, UNMAPPED
from demo.shapes import Fault, Field, Layout, Source, local, mapped, number, same, text, typed

STATUSES = {
    "processing": "En préparation",
    "delivered": "Livré",
    "canceled": "Annulé",
    "returned": "Retourné",
}
TRUTH = {"true": "O", "false": "N"}


def _a_tenth_more(column: pl.Expr) -> pl.Expr:
    return (column * 11 // 10 + 1).cast(pl.Decimal(18, 2))


def _month_before(column: pl.Expr) -> pl.Expr:
    return column.dt.offset_by("-1mo")


def _a_little_more(column: pl.Expr) -> pl.Expr:
    return (column * 1.01).round(5)


ORDERS = Source(
    name="erp_orders",
    stream="erp_orders",
    tables=("erp_order",),
    path="erp/orders/{date:%Y/%m}/commandes_{date:%Y%m%d}.csv.gz",
    layout=Layout("csv", delimiter=";", compression="gzip"),
    fields=(
        Field("Commande", "order_id", text),
        Field("Client", "account_id", text),
        Field("Date", "ordered_at", local(DMY_TIME)),
        Field("Livrée le", "delivered_at", local(DMY_TIME)),
        Field("Promise le", "promised_at", local(DMY_TIME)),
        Field("État", "status", mapped(STATUSES)),
        Field("Canal", "channel", text),
        Field("Devise", "currency", text),
        Field("Montant HT", "net_amount", number(decimal=",", thousands=" ")),
        Field("TVA", "tax_amount", number(decimal=",", thousands=" ")),
        Field("Port", "shipping_amount", number(decimal=",", thousands=" ")),
        Field("Retour", "is_return", mapped(TRUTH)),
        Field("Commande d'origine", "original_order_id", text),
    ),
    faults=(
        Fault("late", "ordered_at"),
        Fault("restated", "net_amount", alter=_a_tenth_more),
        Fault("moved_month", "ordered_at", alter=_month_before),
        Fault("orphan", "account_id", alter=lambda _: pl.lit(UNKNOWN_ACCOUNT)),
        Fault("exact_duplicate", "order_id"),
        Fault("missing_id", "order_id"),
        Fault("bad_date", "ordered_at", found="31/02/2026 10:00:00"),
        Fault("bad_number", "net_amount", found="12,3,4"),
        Fault("unmapped_value", "status", found=UNMAPPED),
        Fault("skipped_hour", "ordered_at"),
    ),
)

ORDER_LINES = Source(
    name="erp_order_lines",
    stream="erp_order_lines",
    tables=("erp_order_line",),
    path="erp/order_lines/{date}.parquet",
    layout=Layout("parquet"),
    fields=same(
        "order_id", "line_number", "product_id", "quantity", "net_amount", "unit_cost", form=typed
    ),
    faults=(
        Fault("restated", "net_amount", alter=_a_tenth_more),
        Fault("orphan_parent", "order_id"),
        Fault("exact_duplicate", "order_id"),
        Fault("missing_id", "order_id"),
    ),
)

PRODUCTS = Source(
    name="erp_products",
    stream="erp_products",
    tables=("erp_product",),
    path="erp/products/produits_{date}.xlsx",
    layout=Layout("excel", sheet="Produits"),
    fields=(
        Field("Référence", "product_id", text),
        Field("Libellé", "name", text),
        Field("Rayon", "category", text),
        Field("Univers", "family", text),
    ),
)

COSTS = Source(
    name="erp_costs",
    stream="erp_costs",
    tables=("erp_cost",),
    path="erp/costs/ledger_{date:%Y%m%d}.txt",
    layout=Layout("csv", delimiter="|", has_header=False),
    fields=(
        *same("cost_id"),
        Field("incurred_on", "incurred_on", local("%Y%m%d")),
        *same("kind", "department", "touchpoint"),
        Field("amount", "amount", number(decimal=",", thousands=".")),
        *same("currency"),
    ),
    faults=(
        Fault("late", "incurred_on"),
        Fault("restated", "amount", alter=_a_tenth_more),
        Fault("moved_month", "incurred_on", alter=_month_before),
        Fault("exact_duplicate", "cost_id"),
        Fault("bad_date", "incurred_on", found="20260231"),
        Fault("bad_number", "amount", found="12,3,4"),
    ),
)

EMPLOYEES = Source(
    name="erp_employees",
    stream="erp_employees",
    tables=("erp_employee",),
    path="erp/hr/effectifs_{date}.xlsx",
    layout=Layout("excel", sheet="Effectifs", title_rows=2),
    fields=(
        Field("Matricule", "employee_id", text),
        Field("Service", "department", text),
        Field("Région", "region", text),
        Field("Entrée", "hired_on", typed),
        Field("Sortie", "left_on", typed),
        Field("Motif", "leave_reason", text),
    ),
)

TRAININGS = Source(
    name="erp_trainings",
    stream="erp_trainings",
    tables=("erp_training",),
    path="erp/hr/trainings_{date}.json",
    layout=Layout("json"),
    fields=(
        *same("training_id", "employee_id"),
        *same("held_on", form=local("%Y-%m-%d")),
        *same("cost", "currency"),
        *same("hours", form=typed),
    ),
)

FX_RATES = Source(
    name="erp_fx_rates",
    stream="erp_fx_rates",
    tables=("erp_fx_rate",),
    path="erp/fx/rates_{date}.csv",
    layout=Layout("csv", comment="# reporting currency EUR, closing rates"),
    fields=(
        *same("rate_date", form=local("%Y-%m-%d")),
        *same("currency", "rate"),
    ),
    faults=(Fault("restated", "rate", alter=_a_little_more),),
)

ERP_SOURCES: tuple[Source, ...] = (
    ORDERS, ORDER_LINES, PRODUCTS, COSTS, EMPLOYEES, TRAININGS, FX_RATES,
)  # fmt: skip

"""Contracts of the canonical ERP tables; one `Table` each, no logic."""

from schemas.rules import DATES_MEND, TIMES_MEND, in_order
from schemas.table import Column, Table

ORDER = Table(
    name="erp_order",
    domain="erp",
    description="One row per order or return.",
    key=("order_id",),
    event="ordered_at",
    columns=(
        Column("order_id", "text", "Order.", nullable=False),
        Column(
            "account_id", "text", "Account that ordered.", reference="crm_account.account_id"
        ),
        Column("ordered_at", "instant", "When it was ordered.", nullable=False),
        Column("delivered_at", "instant", "When it was delivered."),
        Column("promised_at", "instant", "Delivery promised for."),
        Column("status", "text", "Status; `canceled` orders are not sales."),
        Column("channel", "text", "Sales channel.", is_segment=True),
        Column("currency", "text", "Currency of the amounts."),
        Column("net_amount", "decimal", "Net revenue; a return is negative.", unit="currency"),
        Column("tax_amount", "decimal", "Tax.", unit="currency"),
        Column("shipping_amount", "decimal", "Shipping charged.", unit="currency"),
        Column("is_return", "boolean", "Whether it is a return."),
        Column(
            "original_order_id", "text", "Order that a return belongs to.",
            reference="erp_order.order_id",
        ),
    ),
    checks=(
        *in_order("ordered_at", "delivered_at", TIMES_MEND),
        *in_order("ordered_at", "promised_at", TIMES_MEND),
    ),
)  # fmt: skip

ORDER_LINE = Table(
    name="erp_order_line",
    domain="erp",
    description="One row per order line.",
    key=("order_id", "line_number"),
    parent=("erp_order", ("order_id",)),
    columns=(
        Column("order_id", "text", "Order.", nullable=False, reference="erp_order.order_id"),
        Column("line_number", "integer", "Line within the order.", nullable=False),
        Column("product_id", "text", "Product.", reference="erp_product.product_id"),
        Column("quantity", "number", "Quantity; negative on a return.", unit="pieces"),
        Column("net_amount", "decimal", "Net amount of the line.", unit="currency"),
        Column("unit_cost", "decimal", "Cost of one piece.", unit="currency"),
    ),
)  # fmt: skip

PRODUCT = Table(
    name="erp_product",
    domain="erp",
    description="One row per product.",
    key=("product_id",),
    columns=(
        Column("product_id", "text", "Product.", nullable=False),
        Column("name", "text", "Name."),
        Column("category", "text", "Category.", is_segment=True),
        Column("family", "text", "Family, the unit of cross-selling.", is_segment=True),
    ),
)

COST = Table(
    name="erp_cost",
    domain="erp",
    description="One row per entry of the cost ledger.",
    key=("cost_id",),
    event="incurred_on",
    columns=(
        Column("cost_id", "text", "Ledger entry.", nullable=False),
        Column("incurred_on", "date", "Day it was incurred.", nullable=False),
        Column("kind", "text", "Support, quality, training, …", nullable=False),
        Column("department", "text", "Department that bears it.", is_segment=True),
        Column("touchpoint", "text", "Touchpoint it belongs to.", is_segment=True),
        Column("amount", "decimal", "Amount.", unit="currency", nullable=False),
        Column("currency", "text", "Currency of the amount."),
    ),
)

EMPLOYEE = Table(
    name="erp_employee",
    domain="erp",
    description="One row per employee.",
    key=("employee_id",),
    columns=(
        Column("employee_id", "text", "Employee.", nullable=False),
        Column("department", "text", "Department.", is_segment=True),
        Column("region", "text", "Region.", is_segment=True),
        Column("hired_on", "date", "First day.", nullable=False),
        Column("left_on", "date", "Last day; null while employed."),
        Column("leave_reason", "text", "Stated reason."),
    ),
    checks=(*in_order("hired_on", "left_on", DATES_MEND),),
)

TRAINING = Table(
    name="erp_training",
    domain="erp",
    description="One row per training session of an employee.",
    key=("training_id",),
    event="held_on",
    columns=(
        Column("training_id", "text", "Training session.", nullable=False),
        Column("employee_id", "text", "Employee.", reference="erp_employee.employee_id"),
        Column("held_on", "date", "Day it was held.", nullable=False),
        Column("cost", "decimal", "What it cost.", unit="currency"),
        Column("currency", "text", "Currency of the cost."),
        Column("hours", "number", "Length.", unit="hours", minimum=0),
    ),
)

FX_RATE = Table(
    name="erp_fx_rate",
    domain="erp",
    description="One row per day and currency.",
    key=("rate_date", "currency"),
    columns=(
        Column("rate_date", "date", "Day of the rate.", nullable=False),
        Column("currency", "text", "Currency.", nullable=False),
        Column(
            "rate", "number", "Reporting currency per unit.", nullable=False, minimum=1e-12
        ),
    ),
)  # fmt: skip

TABLES: tuple[Table, ...] = (ORDER, ORDER_LINE, PRODUCT, COST, EMPLOYEE, TRAINING, FX_RATE)

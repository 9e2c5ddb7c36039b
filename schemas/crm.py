"""Contracts of the canonical CRM tables; one `Table` each, no logic."""

from schemas.rules import DATES_MEND, TIMES_MEND, in_order
from schemas.table import Column, Table

ACCOUNT = Table(
    name="crm_account",
    domain="crm",
    description="One row per customer account and version of it.",
    key=("account_id",),
    history="versions",
    columns=(
        Column("account_id", "text", "Account, the customer of every KPI.", nullable=False),
        Column(
            "kind", "text", "Consumer or business.", is_segment=True,
            allowed=("consumer", "business"),
        ),
        Column("name", "text", "Name of the person or company.", pii="identity"),
        Column("email", "text", "E-mail address.", pii="contact"),
        Column("phone", "text", "Telephone number.", pii="contact"),
        Column("created_at", "instant", "When the account was opened."),
        Column("region", "text", "Sales region.", is_segment=True),
        Column("country", "text", "Country.", is_segment=True),
        Column("city", "text", "City.", is_segment=True),
        Column("postal_code", "text", "Postal code, leading zeros kept."),
        Column("industry", "text", "Industry of a business account.", is_segment=True),
        Column("plan", "text", "Plan or offer the account is on.", is_segment=True),
        Column("tier", "text", "Commercial tier.", is_segment=True),
        Column(
            "birth_year", "integer", "Year of birth, the source of `age_band`.", unit="year",
            minimum=1880, maximum=2100,
        ),
        Column("gender", "text", "Gender as stated.", is_segment=True),
        Column("acquisition_channel", "text", "Channel that won the account.", is_segment=True),
        Column(
            "parent_account_id", "text", "Account this one belongs to.",
            reference="crm_account.account_id",
        ),
        Column("custom", "map", "Company's own attributes: JSON object, name to value."),
    ),
)  # fmt: skip

LEAD = Table(
    name="crm_lead",
    domain="crm",
    description="One row per lead or opportunity.",
    key=("lead_id",),
    event="created_at",
    columns=(
        Column("lead_id", "text", "Lead.", nullable=False),
        Column(
            "account_id", "text", "Account it is about.", reference="crm_account.account_id"
        ),
        Column("created_at", "instant", "When the lead was created.", nullable=False),
        Column("source", "text", "Where the lead came from.", is_segment=True),
        Column("stage", "text", "Stage of the sales process."),
        Column(
            "outcome", "text", "How it ended, open until then.", nullable=False,
            allowed=("open", "won", "lost"),
        ),
        Column("closed_at", "instant", "When it was won or lost."),
        Column("amount", "decimal", "Amount of the deal.", unit="currency"),
        Column("currency", "text", "Currency of the amount."),
        Column("owner", "text", "Sales person.", pii="identity"),
    ),
    checks=(
        *in_order("created_at", "closed_at", TIMES_MEND, warn_above=0.05),
    ),
)  # fmt: skip

CONTRACT = Table(
    name="crm_contract",
    domain="crm",
    description="One row per contract or subscription.",
    key=("contract_id",),
    event="starts_on",
    columns=(
        Column("contract_id", "text", "Contract.", nullable=False),
        Column(
            "account_id", "text", "Account that signed it.", nullable=False,
            reference="crm_account.account_id",
        ),
        Column(
            "product_id", "text", "Product subscribed to.", reference="erp_product.product_id"
        ),
        Column("plan", "text", "Plan of the contract.", is_segment=True),
        Column(
            "kind", "text", "Subscription or fixed contract.",
            allowed=("subscription", "contract"),
        ),
        Column("signed_at", "instant", "When it was signed."),
        Column("starts_on", "date", "First day in force.", nullable=False),
        Column("ends_on", "date", "Last day in force as agreed; null without an end."),
        Column("cancelled_on", "date", "Day from which it is cancelled."),
        Column("cancellation_reason", "text", "Stated reason."),
        Column(
            "renewed_from", "text", "Contract that this one renews.",
            reference="crm_contract.contract_id",
        ),
        Column("value", "decimal", "Total value over the term.", unit="currency"),
        Column(
            "recurring_amount", "decimal", "Amount due each recurring unit.", unit="currency"
        ),
        Column(
            "recurring_unit", "text", "Unit of the recurring amount.",
            allowed=("month", "quarter", "year"),
        ),
        Column("currency", "text", "Currency of the amounts."),
    ),
    checks=(
        *in_order("starts_on", "ends_on", DATES_MEND),
        # a contract may be called off before it begins
        *in_order("starts_on", "cancelled_on", DATES_MEND, warn_above=0.1),
    ),
)  # fmt: skip

INTERACTION = Table(
    name="crm_interaction",
    domain="crm",
    description="One row per ticket, call, chat or visit.",
    key=("interaction_id",),
    event="opened_at",
    columns=(
        Column("interaction_id", "text", "Interaction.", nullable=False),
        Column(
            "account_id", "text", "Account that made contact.",
            reference="crm_account.account_id",
        ),
        Column("channel", "text", "Phone, e-mail, chat, visit, …", is_segment=True),
        Column("department", "text", "Department that handled it.", is_segment=True),
        Column("touchpoint", "text", "Touchpoint it happened at.", is_segment=True),
        Column("category", "text", "What it was about.", is_segment=True),
        Column("reason", "text", "Stated reason.", pii="free_text"),
        Column("opened_at", "instant", "When it was opened.", nullable=False),
        Column("first_response_at", "instant", "When it was first answered."),
        Column("resolved_at", "instant", "When it was resolved."),
        Column("closed_at", "instant", "When it was closed."),
        Column("contact_count", "integer", "Contacts it took.", unit="contacts", minimum=0),
        Column("reopen_count", "integer", "Times it was reopened.", unit="times", minimum=0),
        Column("reassign_count", "integer", "Times it changed hands.", unit="times", minimum=0),
        Column(
            "resolved_on_first_contact", "boolean", "Source's own flag of first-contact resolution."
        ),
        Column("sla_met", "boolean", "Source's own flag that its service level was met."),
        Column("talk_seconds", "integer", "Talking time.", unit="seconds", minimum=0),
        Column("hold_seconds", "integer", "Time on hold.", unit="seconds", minimum=0),
        Column("wrap_seconds", "integer", "After-call work.", unit="seconds", minimum=0),
        Column("cost", "decimal", "Own cost of the interaction.", unit="currency"),
        Column("agent_id", "text", "Employee.", reference="erp_employee.employee_id"),
    ),
    checks=(
        *in_order("opened_at", "first_response_at", TIMES_MEND, error_above=0.2),
        *in_order("opened_at", "resolved_at", TIMES_MEND, error_above=0.2),
        *in_order("first_response_at", "resolved_at", TIMES_MEND),
        *in_order("resolved_at", "closed_at", TIMES_MEND, warn_above=0.05),
    ),
)  # fmt: skip

INITIATIVE = Table(
    name="crm_initiative",
    domain="crm",
    description="One row per initiative to improve experience.",
    key=("initiative_id",),
    columns=(
        Column("initiative_id", "text", "Initiative.", nullable=False),
        Column("name", "text", "Name."),
        Column("kind", "text", "Kind of initiative."),
        Column("touchpoint", "text", "Touchpoint it mends."),
        Column("segment_filter", "text", "Segment it applies to, as `dimension=value`."),
        Column("starts_on", "date", "First day.", nullable=False),
        Column("ends_on", "date", "Last day."),
        Column("cost", "decimal", "What it cost.", unit="currency"),
        Column("currency", "text", "Currency of the cost."),
        Column(
            "design", "text", "How its effect is to be measured.",
            allowed=("before_after", "ab_test", "diff_in_diff"),
        ),
        Column("target_kpi", "text", "KPI that it is to move."),
        Column("expected_effect", "number", "Effect expected, in the unit of the KPI."),
    ),
    checks=(
        *in_order("starts_on", "ends_on", DATES_MEND),
    ),
)  # fmt: skip

INITIATIVE_MEMBER = Table(
    name="crm_initiative_member",
    domain="crm",
    description="One row per account in an initiative.",
    key=("initiative_id", "account_id"),
    columns=(
        Column(
            "initiative_id", "text", "Initiative.", nullable=False,
            reference="crm_initiative.initiative_id",
        ),
        Column(
            "account_id", "text", "Account.", nullable=False,
            reference="crm_account.account_id",
        ),
        Column(
            "arm", "text", "Treated or control.", nullable=False, allowed=("treated", "control")
        ),
        Column("assigned_at", "instant", "When it was assigned."),
    ),
)  # fmt: skip

TABLES: tuple[Table, ...] = (
    ACCOUNT,
    LEAD,
    CONTRACT,
    INTERACTION,
    INITIATIVE,
    INITIATIVE_MEMBER,
)

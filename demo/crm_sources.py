"""The demo company's CRM sources in the shapes of real systems."""

import polars as pl

from demo.shapes import (
    Fault,
    Field,
    Layout,
    Source,
    local,
    mapped,
    number,
    offset,
    same,
    text,
    typed,
)

DMY_TIME = "%d/%m/%Y %H:%M:%S"
UNKNOWN_ACCOUNT = "9999999"
UNMAPPED = "GTXPro"
KINDS = {"consumer": "Particulier", "business": "Professionnel"}
GENDERS = {"female": "F", "male": "M", "other": "X"}
CARDS = {"yes": "Oui", "no": "Non"}

ACCOUNTS = Source(
    name="crm_accounts",
    stream="crm_accounts",
    tables=("crm_account",),
    path="crm/accounts/clients_{date:%Y%m%d}.csv",
    layout=Layout("csv", delimiter=";", encoding="cp1252", line_end="\r\n"),
    fields=(
        Field("N° client", "account_id", text),
        Field("Type", "kind", mapped(KINDS)),
        Field("Nom", "name", text),
        Field("Courriel", "email", text),
        Field("Téléphone", "phone", text),
        Field("Créé le", "created_at", local(DMY_TIME)),
        Field("Région", "region", text),
        Field("Pays", "country", text),
        Field("Ville", "city", text),
        Field("Code postal", "postal_code", text),
        Field("Secteur", "industry", text),
        Field("Formule", "plan", text),
        Field("Niveau", "tier", text),
        Field("Année de naissance", "birth_year", text),
        Field("Sexe", "gender", mapped(GENDERS)),
        Field("Canal", "acquisition_channel", text),
        Field("Maison mère", "parent_account_id", text),
        Field("Carte de fidélité", "loyalty_card", mapped(CARDS)),
    ),
    faults=(
        Fault("exact_duplicate", "account_id"),
        Fault("missing_id", "account_id"),
        Fault("bad_date", "created_at", found="31/02/2026 10:00:00"),
        Fault("unmapped_value", "kind", found=UNMAPPED),
        Fault("skipped_hour", "created_at"),
    ),
)

LEADS = Source(
    name="crm_leads",
    stream="crm_leads",
    tables=("crm_lead",),
    path="crm/leads/{date}.jsonl.gz",
    layout=Layout("jsonl", compression="gzip"),
    fields=(
        Field("id", "lead_id", text),
        Field("client", "account_id", text),
        Field("created", "created_at", offset),
        Field("source", "source", text),
        Field("stage", "stage", text),
        Field("status", "outcome", mapped({"open": "OPEN", "won": "WON", "lost": "LOST"})),
        Field("closed", "closed_at", offset),
        Field("amount", "amount", text),
        Field("currency", "currency", text),
        Field("owner", "owner", text),
    ),
    faults=(
        Fault("exact_duplicate", "lead_id"),
        Fault("missing_id", "lead_id"),
        Fault("bad_date", "created_at", found="n/a"),
        Fault("unmapped_value", "outcome", found=UNMAPPED),
    ),
)

CONTRACTS = Source(
    name="crm_contracts",
    stream="crm_contracts",
    tables=("crm_contract",),
    path="crm/contracts/contracts_{date}.zip",
    layout=Layout("csv", compression="zip"),
    fields=(
        *same("contract_id", "account_id", "product_id", "plan", "kind"),
        Field("signed", "signed_at", local("%Y-%m-%d %H:%M")),
        Field("starts", "starts_on", local("%Y-%m-%d")),
        Field("ends", "ends_on", local("%Y-%m-%d")),
        Field("cancelled", "cancelled_on", local("%Y-%m-%d")),
        Field("reason", "cancellation_reason", text),
        Field("renews", "renewed_from", text),
        Field("total value", "value", number(thousands=",")),
        Field("per month", "recurring_amount", number(thousands=",")),
        Field("unit", "recurring_unit", text),
        Field("cur", "currency", text),
    ),
    faults=(
        Fault("exact_duplicate", "contract_id"),
        Fault("missing_id", "contract_id"),
        Fault("bad_date", "starts_on", found="2026-02-31"),
        Fault("bad_number", "value", found="1.2.3"),
    ),
)

INTERACTIONS = Source(
    name="crm_interactions",
    stream="crm_interactions",
    tables=("crm_interaction",),
    path="crm/interactions/{date}/{part}.tsv",
    layout=Layout("csv", delimiter="\t"),
    fields=(
        *same("interaction_id", "account_id", "channel", "department", "touchpoint"),
        *same("category", "reason"),
        *(
            Field(name, name, local("%Y-%m-%d %H:%M:%S"))
            for name in ("opened_at", "first_response_at", "resolved_at", "closed_at")
        ),
        *same("contact_count", "reopen_count", "reassign_count"),
        *same("resolved_on_first_contact", "sla_met"),
        *same("talk_seconds", "hold_seconds", "wrap_seconds", "cost", "agent_id"),
    ),
    split=("channel", {"phone": "phone", "visit": "phone"}),
    faults=(
        Fault("late", "opened_at"),
        Fault("orphan", "account_id", alter=lambda _: pl.lit(UNKNOWN_ACCOUNT)),
        Fault("exact_duplicate", "interaction_id"),
        Fault("bad_date", "opened_at", found="n/a"),
        Fault("bad_number", "contact_count", found="two"),
        Fault("skipped_hour", "opened_at"),
    ),
)

INITIATIVES = Source(
    name="crm_initiatives",
    stream="crm_initiatives",
    tables=("crm_initiative",),
    path="crm/initiatives/{date}.json",
    layout=Layout("json", records_path="data.initiatives"),
    fields=(
        *same("initiative_id", "name", "kind", "touchpoint", "segment_filter"),
        *same("starts_on", "ends_on", form=local("%Y-%m-%d")),
        *same("cost", "currency", "design", "target_kpi"),
        *same("expected_effect", form=typed),
    ),
)

MEMBERS = Source(
    name="crm_initiative_members",
    stream="crm_initiative_members",
    tables=("crm_initiative_member",),
    path="crm/initiatives/members_{date}.csv",
    layout=Layout("csv", delimiter=";"),
    fields=(
        Field("initiative", "initiative_id", text),
        Field("client", "account_id", text),
        Field("groupe", "arm", mapped({"treated": "test", "control": "témoin"})),
        Field("affecté le", "assigned_at", local("%d/%m/%Y %H:%M")),
    ),
)

CRM_SOURCES: tuple[Source, ...] = (
    ACCOUNTS, LEADS, CONTRACTS, INTERACTIONS, INITIATIVES, MEMBERS,
)  # fmt: skip

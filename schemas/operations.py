"""Contracts of the published tables about the pipeline itself: sources, quarantine, runs."""

from schemas.table import Column, Table

SOURCE_STATUS = Table(
    name="source_status",
    domain="warehouse",
    description="One row per source of barometer.yaml.",
    key=("source",),
    columns=(
        Column("source", "text", "Source.", nullable=False),
        Column("system", "text", "System it comes from.", nullable=False),
        Column("mode", "text", "Snapshot or incremental.", nullable=False),
        Column("dates_loaded", "integer", "Logical dates with an extract.", nullable=False),
        Column("dates_absent", "integer", "Logical dates skipped for want of one.", nullable=False),
        Column("first_loaded_on", "date", "First logical date with an extract."),
        Column("last_loaded_on", "date", "Last logical date with an extract."),
        Column("rows_raw", "integer", "Rows extracted in all.", nullable=False),
        Column("is_stale", "boolean", "Whether the latest extract is too old.", nullable=False),
    ),
)

QUARANTINE_SUMMARY = Table(
    name="quarantine_summary",
    domain="warehouse",
    description="One row per table, source, date, column and expectation with refused rows.",
    key=("table_name", "source", "logical_date", "column_name", "expectation"),
    columns=(
        Column("table_name", "text", "Canonical table.", nullable=False),
        Column("source", "text", "Source.", nullable=False),
        Column("logical_date", "date", "Logical date.", nullable=False),
        Column("column_name", "text", "Column that was at fault.", nullable=False),
        Column("expectation", "text", "Expectation that was not met.", nullable=False),
        Column(
            "rows", "integer", "Rows refused for it; a row may count under several.",
            nullable=False,
        ),
    ),
)  # fmt: skip

KPI_INVENTORY = Table(
    name="kpi_inventory",
    domain="warehouse",
    description="One row per KPI that there is, published or not: what each department could have.",
    key=("kpi_code",),
    columns=(
        Column("kpi_code", "text", "KPI.", nullable=False),
        Column("department", "text", "Department that owns it.", nullable=False),
        Column(
            "status", "text", "Whether readers can rely on it.", nullable=False,
            allowed=("available", "stale", "missing"),
        ),
        Column(
            "is_published", "boolean", "Whether it is in kpi_value; kpis.codes may leave it out.",
            nullable=False,
        ),
        Column(
            "missing_inputs", "text",
            "Canonical columns that no source fills, or questions that no survey asks.",
        ),
        Column("missing_settings", "text", "Part of barometer.yaml that it waits for."),
        Column("stale_sources", "text", "Sources whose latest extract is too old."),
        Column("last_loaded_on", "date", "Logical date up to which all its inputs are loaded."),
        Column("last_period_end", "date", "Last day of its last whole period with a value."),
    ),
)  # fmt: skip

RUN_LOG = Table(
    name="run_log",
    domain="warehouse",
    description="One row per publish; the latest is the one being read.",
    key=("publish_id",),
    columns=(
        Column("publish_id", "text", "Publish.", nullable=False),
        Column("run_id", "text", "Dagster run that made it.", nullable=False),
        Column("published_at", "instant", "When it was published.", nullable=False),
        Column("as_of", "date", "Latest logical date it knows.", nullable=False),
        Column("kpi_values", "integer", "Rows of kpi_value.", nullable=False),
        Column("rows_quarantined", "integer", "Rows in quarantine.", nullable=False),
    ),
)

TABLES: tuple[Table, ...] = (SOURCE_STATUS, QUARANTINE_SUMMARY, KPI_INVENTORY, RUN_LOG)

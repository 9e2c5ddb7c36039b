"""Who makes contact again about the same matter: the next interaction after a resolution.

The same matter is the same account and category; no category is a category of its own.
"""

from typing import Final

import polars as pl

_MATTER: Final = ["account_id", "category"]


def with_next_contact(interactions: pl.LazyFrame, contacts: pl.LazyFrame) -> pl.LazyFrame:
    """Interactions with `next_contact_at`, null where nothing came after the resolution.

    One that was resolved before it was opened may find itself.

    Args:
        interactions: interaction_id, account_id, category, resolved_at.
        contacts: account_id, category, opened_at of all that may come after them.
    """
    matter = (pl.col("account_id"), pl.col("category").fill_null(""))
    opened = (
        contacts.filter(pl.col("account_id").is_not_null())
        .select(*matter, pl.col("opened_at").alias("next_contact_at"))
        .sort("next_contact_at")
    )
    followed = (
        interactions.filter(pl.col("account_id").is_not_null(), pl.col("resolved_at").is_not_null())
        .select("interaction_id", *matter, "resolved_at")
        .sort("resolved_at")
        .join_asof(
            opened,
            left_on="resolved_at",
            right_on="next_contact_at",
            by=_MATTER,
            strategy="forward",
            allow_exact_matches=False,
            coalesce=False,
            check_sortedness=False,
        )
        .select("interaction_id", "next_contact_at")
    )
    return interactions.join(followed, on="interaction_id", how="left")

"""Every text of the Superset bundle in both languages, and how its figures are written.

Names of KPIs, formulas and descriptions of columns come from the catalogue and the contracts; they
do not belong here.
"""

from typing import Final

from schemas.config.report import Language

# Apostrophes are those of print, and long texts go over several lines.
# ruff: noqa: RUF001, ISC004
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "benchmark": ("Benchmark", "Référence"),
    "better": ("▲ better", "▲ mieux"),
    "worse": ("▼ worse", "▼ moins bien"),
    "not_significant": ("not significant", "non significatif"),
    "not_tested": ("not tested", "non testé"),
    "change": ("Change", "Évolution"),
    "check_name": ("Check", "Contrôle"),
    "checks": ("Checks that failed or warn", "Contrôles en échec ou en avertissement"),
    "ci_high": ("High", "Haut"),
    "ci_low": ("Low", "Bas"),
    "compare_by": ("Compare segments by", "Comparer les segments par"),
    "count": ("Rows left out", "Lignes écartées"),
    "dashboard": ("{company}: customer experience", "{company} : expérience client"),
    "database": ("CX Barometer: {company}", "CX Barometer : {company}"),
    "date_range": ("Trends from – to", "Tendances de – à"),
    "department": ("Department", "Direction"),
    "exclusions": ("Rows left out, by KPI and reason", "Lignes écartées par indicateur et motif"),
    "family": ("Family", "Famille"),
    "family_experience": ("Experience", "Expérience"),
    "family_loyalty": ("Loyalty", "Fidélité"),
    "family_people": ("People", "Collaborateurs"),
    "family_service": ("Service", "Service client"),
    "family_value": ("Value", "Valeur"),
    "heat_map": ("By segment and period", "Par segment et période"),
    "interval_high": ("High", "Haut"),
    "interval_low": ("Low", "Bas"),
    "kpi": ("KPI", "Indicateur"),
    "kpi_table": ("All KPIs of the chosen period", "Tous les indicateurs de la période choisie"),
    "as_of": ("Data up to", "Données jusqu’au"),
    "asset": ("Asset", "Actif"),
    "dates_absent": ("Days without", "Jours sans"),
    "dates_loaded": ("Days loaded", "Jours chargés"),
    "kpi_values": ("Values", "Valeurs"),
    "rows_quarantined": ("In quarantine", "En quarantaine"),
    "rows_raw": ("Rows", "Lignes"),
    "system": ("System", "Système"),
    "unit_name": ("Unit", "Unité"),
    "family_name": ("Family", "Famille"),
    "is_significant": ("Significant", "Significatif"),
    "suppression": ("Withheld", "Masqué"),
    "loyalty_and_value": ("Loyalty and value", "Fidélité et valeur"),
    "last_loaded_on": ("Last extract", "Dernier extrait"),
    "message": ("Finding", "Constat"),
    "mend": ("What to do", "Remède"),
    "metrics_dataset": ("CX metrics", "Mesures CX"),
    "rows_dataset": ("CX values", "Valeurs CX"),
    "quality": ("Data quality", "Qualité des données"),
    "movement": ("Movement", "Mouvement"),
    "n": ("n", "n"),
    "none": ("Not additive: null unless a single published row is selected.",
             "Non additif : vide sauf si une seule ligne publiée est choisie."),
    "sum": ("Additive within one length of period and one segment set.",
            "Additif pour une durée de période et un découpage."),
    "ratio_of_sums": ("A ratio of sums, within one length of period and one segment set.",
                      "Un rapport de sommes, pour une durée de période et un découpage."),
    "metrics_note": (
        "KPIs as metrics that are safe to aggregate: they divide sums, and are null where rows do "
        "not add up. Filter period_grain to one length of period and segment_set to one set.",
        "Indicateurs agrégeables sans risque : ils divisent des sommes et sont vides là où les "
        "lignes ne s’additionnent pas. Filtrer period_grain et segment_set sur une seule valeur.",
    ),
    "rows_note": (
        "Published values one by one, for lists. Never sum or average them: that is what the "
        "dataset of metrics is for.",
        "Valeurs publiées une à une, pour les listes. Ne jamais en faire la somme ou la moyenne : "
        "le jeu de données des mesures est fait pour cela.",
    ),
    "observed": ("Observed", "Observé"),
    "overview": ("Overview", "Vue d’ensemble"),
    "period": ("Period", "Période"),
    "period_grain": ("Length of period", "Durée de la période"),
    "period_start": ("Period from", "Période du"),
    "published_at": ("Published (UTC)", "Publié (UTC)"),
    "publishes": ("Publishes", "Publications"),
    "published_value": ("Published value", "Valeur publiée"),
    "published_value_note": (
        "The value of the published row that is selected; null where there are several.",
        "La valeur de la ligne publiée choisie ; vide s’il y en a plusieurs.",
    ),
    "quarantine": ("Rows in quarantine, by day", "Lignes en quarantaine, par jour"),
    "ranking": ("Segments of the chosen period", "Segments de la période choisie"),
    "reason": ("Reason", "Motif"),
    "restated": ("Values restated", "Valeurs révisées"),
    "result": ("Result", "Résultat"),
    "rows": ("Rows", "Lignes"),
    "segment": ("Segment", "Segment"),
    "segment_set": ("Segment set", "Découpage"),
    "segment_trend": ("Segments over time", "Segments dans le temps"),
    "segments": ("Segments", "Segments"),
    "source": ("Source", "Source"),
    "sources": ("Sources", "Sources"),
    "is_stale": ("Stale", "Périmée"),
    "standing": ("On target?", "Atteint ?"),
    "on_target": ("on target", "atteint"),
    "off_target": ("off target", "non atteint"),
    "status": ("Result", "Résultat"),
    "target": ("Target", "Objectif"),
    "table_name": ("Table", "Table"),
    "trend_note": (
        "{formula}. Grey: confidence interval of the published value.",
        "{formula}. En gris : intervalle de confiance de la valeur publiée.",
    ),
    "unit": ("Unit", "Unité"),
    "unit_minutes": ("min", "min"),
    "unit_per_hundred": ("per 100", "pour 100"),
    "unit_percent": ("%", "%"),
    "unit_points": ("points", "points"),
    "unit_score": ("score", "score"),
    "value": ("Value", "Valeur"),
    "withheld": ("Withheld", "Masqué"),
    "min_n": ("too few", "trop peu"),
    "complementary": ("would tell another", "en révélerait un autre"),
    "subject": ("About", "Objet"),
    "year_ago_value": ("A year ago", "Il y a un an"),
}  # fmt: skip

_FORMATS: Final = {
    "points": ",.1f",
    "percent": ",.1f",
    "per_hundred": ",.1f",
    "score": ",.1f",
    "currency": ",.2f",
    "minutes": ",.1f",
}


class Words:
    """The texts of one company in one language."""

    def __init__(self, language: Language, currency: str) -> None:
        self.language = language
        self.currency = currency

    def __call__(self, key: str, **parts: str) -> str:
        """Text of a key, with its parts filled in."""
        english, french = _TEXTS[key]
        return (french if self.language == "fr" else english).format(**parts)

    def has(self, key: str) -> bool:
        """Whether a key has a text."""
        return key in _TEXTS

    def unit(self, unit: str) -> str:
        """A unit as readers know it."""
        return self.currency if unit == "currency" else self(f"unit_{unit}")


def d3_format(unit: str) -> str:
    """How figures of a unit are written, in D3's notation."""
    return _FORMATS[unit]

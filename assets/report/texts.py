"""Every text of the report, in both languages: the one place to change a word.

Each key has its English text, then its French one. Texts of the data (names of KPIs, segments,
messages of checks) come as they were published.
"""

from dataclasses import dataclass
from typing import Final

from schemas.config.report import Language

# Apostrophes and quotation marks are those of print, and long texts go over several lines.
# ruff: noqa: RUF001, ISC004
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "above_benchmark": ("better by {gap}", "mieux de {gap}"),
    "at_benchmark": ("equal", "égal"),
    "below_benchmark": ("worse by {gap}", "moins bien de {gap}"),
    "axis_cut": ("The axis does not begin at zero.", "L’axe ne commence pas à zéro."),
    "band": ("Band: {level} interval.", "Bande : intervalle à {level}."),
    "benchmark": ("Benchmark", "Référence"),
    "benchmark_line": ("Dotted line: benchmark {value}.", "Ligne pointillée : référence {value}."),
    "better": ("better", "mieux"),
    "change": ("Change", "Évolution"),
    "charts_of": (
        "Charts of {shown} of {all} further KPIs: first those that moved significantly, then those "
        "with a target. The table has them all.",
        "Graphiques de {shown} indicateurs sur {all} autres : d’abord ceux dont l’évolution est "
        "significative, puis ceux qui ont un objectif. Le tableau les montre tous.",
    ),
    "check": ("Check", "Contrôle"),
    "checks": ("Checks", "Contrôles"),
    "checks_of": (
        "{results} results did not pass. Below, the latest of each check: {shown} of {all} checks.",
        "{results} résultats non conformes. Ci-dessous le dernier de chaque contrôle : {shown} "
        "contrôles sur {all}.",
    ),
    "checks_passed": (
        "No check failed or warned.", "Aucun contrôle en échec ni en avertissement."
    ),
    "complementary": ("withheld: it would tell another", "masqué : il en révélerait un autre"),
    "contents": ("Contents", "Sommaire"),
    "count": ("Number", "Nombre"),
    "data_to": ("data up to {as_of}", "données jusqu’au {as_of}"),
    "stale_sources": (
        "{stale} of {all} sources stale", "{stale} sources périmées sur {all}"
    ),
    "pair": ("{name}: {value}", "{name}\N{NO-BREAK SPACE}: {value}"),
    "date": ("Date", "Date"),
    "dates_loaded": ("Days loaded", "Jours chargés"),
    "definition": ("Definition", "Définition"),
    "error": ("error", "erreur"),
    "family_experience": ("Experience", "Expérience"),
    "family_loyalty": ("Loyalty", "Fidélité"),
    "family_people": ("People", "Collaborateurs"),
    "family_service": ("Service", "Service client"),
    "family_value": ("Value", "Valeur"),
    "figures": ("Figures", "Chiffres"),
    "figures_of": ("Figures: {name}", "Chiffres : {name}"),
    "finding": ("Finding and mend", "Constat et remède"),
    "freshness": ("Freshness of the sources", "Fraîcheur des sources"),
    "gist_calm": (
        "No headline KPI moved significantly.",
        "Aucun indicateur clé n’a évolué de façon significative.",
    ),
    "gist_moved": ("Moved significantly: {names}.", "Évolution significative : {names}."),
    "gist_targets": ("Targets met: {met} of {all}.", "Objectifs atteints : {met} sur {all}."),
    "headlines_absent": (
        "Headline KPIs without a value in these periods: {names}.",
        "Indicateurs clés sans valeur sur ces périodes : {names}.",
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        "out of order with another column", "incohérente avec une autre colonne"
    ),
    "expect_column_values_to_be_between": ("out of range", "hors des bornes"),
    "expect_column_values_to_be_in_set": ("not an allowed value", "valeur non admise"),
    "expect_column_values_to_be_of_type": (
        "not readable as its type", "illisible dans le type attendu"
    ),
    "expect_column_values_to_not_be_null": ("missing", "absente"),
    "expect_compound_columns_to_be_unique": ("key not unique", "clé en double"),
    "expect_score_to_be_on_question_scale": (
        "not on the question’s scale", "hors de l’échelle de la question"
    ),
    "fresh": ("up to date", "à jour"),
    "higher_is_better": ("higher is better", "plus haut est meilleur"),
    "hollow": ("Hollow point: period to date.", "Point vide : période en cours."),
    "how_to_read": ("How to read this report", "Comment lire ce rapport"),
    "how_to_read_text": (
        "A change is called significant when chance alone would rarely make it, at {level} "
        "confidence; changes of the segments of a set are adjusted for their number. Not tested: "
        "there is no interval, as for costs per contact, or the period before had no value. n is "
        "the number of answers, customers or orders a value rests on; values on too few are "
        "withheld and read “n < least number”. Arrows tell the way up or down, words whether that "
        "is better or worse. The small lines beside figures show the shape of a trend, each on a "
        "scale of its own.",
        "Une évolution est dite significative quand le hasard seul la produirait rarement, au "
        "niveau de confiance de {level} ; celles des segments d’un même découpage sont corrigées "
        "de leur nombre. Non testée : sans intervalle, comme les coûts par contact, ou sans valeur "
        "à la période précédente. n est le nombre de réponses, de clients ou de commandes sur "
        "lequel repose une valeur ; sur un nombre trop faible, elle est masquée et se lit « n < "
        "nombre minimal ». Les flèches disent la hausse ou la baisse, les mots si c’est mieux ou "
        "moins bien. Les petites lignes à côté des chiffres montrent la forme d’une tendance, "
        "chacune à sa propre échelle.",
    ),
    "in_quarantine": ("In quarantine", "En quarantaine"),
    "interval": ("{level} interval", "Intervalle à {level}"),
    "interval_to": ("{low} to {high}", "de {low} à {high}"),
    "key_figures": ("Key figures", "Chiffres clés"),
    "kpi": ("KPI", "Indicateur"),
    "latest": ("Latest", "Dernier"),
    "last_loaded": ("Last loaded", "Dernier chargement"),
    "lower_is_better": ("lower is better", "plus bas est meilleur"),
    "missed": ("missed by {gap}", "manqué de {gap}"),
    "met": ("met", "atteint"),
    "missing_kpis": ("KPIs without data, or stale", "Indicateurs sans données ou périmés"),
    "missing_missing": ("no data", "sans données"),
    "missing_stale": ("stale", "périmé"),
    "moved": ("significant", "significatif"),
    "movers": ("What moved significantly", "Ce qui a évolué de façon significative"),
    "movers_none": (
        "No segment moved significantly against the period before.",
        "Aucun segment n’a évolué de façon significative par rapport à la période précédente.",
    ),
    "movers_of": (
        "{shown} of {all} significant changes of segments, the surest first.",
        "{shown} évolutions significatives de segments sur {all}, les plus sûres d’abord.",
    ),
    "movers_untested": (
        "No change of a segment could be tested.",
        "Aucune évolution de segment n’a pu être testée.",
    ),
    "mixed_scales": ("no value: answers on several scales",
                     "pas de valeur : réponses sur plusieurs échelles"),
    "n": ("n", "n"),
    "no_before": ("no value before to compare with", "pas de valeur précédente à comparer"),
    "no_benchmark": ("no benchmark", "sans référence"),
    "no_reasons": ("No row is in quarantine.", "Aucune ligne n’est en quarantaine."),
    "no_restatements": (
        "No published value of an ended period has changed.",
        "Aucune valeur publiée d’une période close n’a changé.",
    ),
    "no_segments": ("No segments are published for it.", "Aucun segment n’est publié pour lui."),
    "no_sources": ("No source is known.", "Aucune source n’est connue."),
    "no_target": ("no target", "sans objectif"),
    "no_trends": ("No headline KPI has a trend.", "Aucun indicateur clé n’a de tendance."),
    "no_value": ("no value", "pas de valeur"),
    "none_but_last": ("{value}; {last}", "{value}\N{NO-BREAK SPACE}; {last}"),
    "last_value": ("last {value} in {period}", "dernière valeur {value} en {period}"),
    "nothing": ("Nothing is published for this period.", "Rien n’est publié pour cette période."),
    "not_significant": ("not significant", "non significatif"),
    "not_ranked": (
        "Not ranked, for there is one segment only: {sets}.",
        "Sans classement, car il n’y a qu’un segment : {sets}.",
    ),
    "not_tested": ("not tested", "non testé"),
    "overview": ("At a glance", "En un coup d’œil"),
    "period": ("Period", "Période"),
    "published": (
        "Published {at} UTC, data up to {as_of}, publish {publish_id}",
        "Publié le {at} UTC, données jusqu’au {as_of}, publication {publish_id}",
    ),
    "quality": ("Data quality", "Qualité des données"),
    "quarantine": ("Quarantine by reason", "Quarantaine par motif"),
    "quarantine_of": (
        "The {shown} most frequent of {all} reasons; a row may count under several.",
        "Les {shown} motifs les plus fréquents sur {all} ; une ligne peut en avoir plusieurs.",
    ),
    "rank": ("Rank", "Rang"),
    "reason": ("Reason", "Motif"),
    "reason_corrected_rows": ("corrected rows", "lignes corrigées"),
    "reason_definition_change": ("change of definition", "changement de définition"),
    "reason_late_rows": ("late rows", "lignes tardives"),
    "reason_other": ("other", "autre"),
    "reason_removed_rows": ("removed rows", "lignes retirées"),
    "reason_segment_change": ("change of segment", "changement de segment"),
    "reason_suppression": ("withholding", "masquage"),
    "restatements": ("Restatements", "Valeurs révisées"),
    "restatements_of": (
        "Published values of ended periods that changed later: {all}. Below, the latest "
        "{shown} of the whole company, by {grain}.",
        "Valeurs publiées de périodes closes qui ont changé ensuite : {all}. Ci-dessous les "
        "{shown} plus récentes de l’ensemble, par {grain}.",
    ),
    "grain_week": ("week", "semaine"),
    "grain_month": ("month", "mois"),
    "grain_quarter": ("quarter", "trimestre"),
    "grain_year": ("year", "année"),
    "new_value": ("New value", "Nouvelle valeur"),
    "old_value": ("Old value", "Ancienne valeur"),
    "rows": ("Rows", "Lignes"),
    "scale": ("Scale of the dots: {low} to {high}. Dot: value; line: {level} interval; upright "
              "line: whole company.",
              "Échelle des points : de {low} à {high}. Point : valeur ; trait : intervalle à "
              "{level} ; trait vertical : ensemble."),
    "segment": ("Segment", "Segment"),
    "segments": ("Segments", "Segments"),
    "segments_intro": (
        "Each set from best to worst in {period}. Significant movers are marked ▲ or ▼ in bold.",
        "Chaque découpage du meilleur au moins bon en {period}. Les évolutions significatives sont "
        "marquées ▲ ou ▼ en gras.",
    ),
    "segments_of": (
        "{shown} of {all} segments: significant movers first, then the largest n.",
        "{shown} segments sur {all} : les évolutions significatives d’abord, puis les plus grands "
        "n.",
    ),
    "set": ("Set", "Découpage"),
    "skipped": ("skipped", "non jugé"),
    "passed": ("passed", "conforme"),
    "warn": ("warning", "avertissement"),
    "waived": ("waived", "dérogation"),
    "skip": ("Skip to the key figures", "Aller aux chiffres clés"),
    "source": ("Source", "Source"),
    "sources": ("Sources", "Sources"),
    "stale": ("STALE", "PÉRIMÉE"),
    "state": ("State", "État"),
    "table": ("Table and column", "Table et colonne"),
    "target": ("Target", "Objectif"),
    "target_line": ("Dashed line: target {value}.", "Ligne tiretée : objectif {value}."),
    "times": ("Times", "Fois"),
    "title": ("{company}: customer experience", "{company} : expérience client"),
    "to_date": ("to date", "en cours"),
    "trend": ("Trend", "Tendance"),
    "trend_of": (
        "{name}, {first} to {last}: latest {value}.",
        "{name}, de {first} à {last} : dernière valeur {value}.",
    ),
    "trends": ("Trends", "Tendances"),
    "too_short": (
        "Without a trend, for there are not yet two values: {names}.",
        "Sans tendance, faute de deux valeurs : {names}.",
    ),
    "unchanged": ("unchanged", "stable"),
    "unit_minutes": ("min", "min"),
    "unit_per_hundred": ("per 100 customers", "pour 100 clients"),
    "unit_points": ("points", "points"),
    "unit_score": ("score", "score"),
    "unit_percent": ("%", "%"),
    "value": ("Value", "Valeur"),
    "vs": ("against {period}", "par rapport à {period}"),
    "vs_before": ("against the period before", "par rapport à la période précédente"),
    "withheld": (
        "Values of this period that are withheld: {all}.",
        "Valeurs de cette période qui sont masquées : {all}.",
    ),
    "worse": ("worse", "moins bien"),
    "year_ago": ("A year ago", "Il y a un an"),
}  # fmt: skip


NONE = "\N{EN DASH}"
"""Stands where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: Language

    def __call__(self, key: str, **parts: str) -> str:
        """Text of a key, with its parts filled in."""
        english, french = _TEXTS[key]
        return (french if self.language == "fr" else english).format(**parts)

    def or_as_is(self, key: str, text: str) -> str:
        """Text of a key; where there is none, a text of the data as it is."""
        return self(key) if key in _TEXTS else text


def keys() -> tuple[str, ...]:
    """Keys of all texts."""
    return tuple(_TEXTS)

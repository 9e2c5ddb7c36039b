"""What customers write: phrases by mood and language, with the planted complaint term."""

import numpy as np
import polars as pl

from demo.clock import Bools, Floats, Ints, pick
from demo.plan import COMPLAINT_TERM, TERM_SHARE_AFTER, TERM_SHARE_BEFORE

LANGUAGES = ("fr", "en")
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

PHRASES = (
    (
        (
            "Très déçu, livraison en retard et colis abîmé.",
            "Trop cher; qualité mauvaise, je suis mécontent",
            'On m\'a dit "demain", puis plus rien : inadmissible !',
            "Service lent et désagréable,\naucune réponse à mes messages.",
        ),
        (
            "Correct, sans plus.",
            "Rien à signaler, commande reçue",
            "Prix moyen ; site à revoir un peu",
        ),
        (
            "Excellent service, livraison rapide, merci !",
            "Très satisfait : produit de bonne qualité",
            'Parfait, je "recommande" à mes amis.',
            "Équipe aimable et efficace,\nsite facile à utiliser.",
        ),
    ),
    (
        (
            "Very disappointed, late delivery and a damaged parcel.",
            "Too expensive; poor quality, I am unhappy",
            'They said "tomorrow", then nothing: terrible!',
        ),
        ("It was fine, nothing special.", "Ordered, received"),
        (
            "Excellent service, fast delivery, thank you!",
            "Very happy: great quality",
            "Friendly, helpful team,\neasy to use site.",
        ),
    ),
)
TERM_PHRASES = (
    (
        f"La {COMPLAINT_TERM} ne répond jamais, très déçu.",
        f"Une heure d'attente à la {COMPLAINT_TERM}, inadmissible",
    ),
    (
        f"The {COMPLAINT_TERM} never answers, very disappointed.",
        f"An hour waiting for the {COMPLAINT_TERM}, terrible",
    ),
)
_FLAT = tuple(text for moods in PHRASES for texts in moods for text in texts)
_FLAT_TERMS = tuple(text for texts in TERM_PHRASES for text in texts)


def comments(
    rng: np.random.Generator, mood: Ints, language: Ints, *, share: float, is_rising: Bools
) -> pl.Series:
    """Comments of some respondents, null where none was left.

    Args:
        rng: Random stream.
        mood: `NEGATIVE`, `NEUTRAL` or `POSITIVE` of each respondent.
        language: Index into `LANGUAGES`.
        share: Share of respondents who comment.
        is_rising: Respondents among whom the complaint term has begun to rise.
    """
    index = np.full(len(mood), -1)
    draw = rng.random(len(mood))
    start = 0
    for number, moods in enumerate(PHRASES):
        for feeling, texts in enumerate(moods):
            here = (language == number) & (mood == feeling)
            index = np.where(here, start + (draw * len(texts)).astype(np.int64), index)
            start += len(texts)
    index = np.where(rng.random(len(mood)) < share, index, -1)
    chance: Floats = np.where(is_rising, TERM_SHARE_AFTER, TERM_SHARE_BEFORE)
    has_term = (rng.random(len(mood)) < chance) & (mood == NEGATIVE) & (index >= 0)
    term = language * 2 + (draw * 2).astype(np.int64)
    chosen = pl.Series(has_term)
    frame = pl.DataFrame({"plain": pick(_FLAT, index), "term": pick(_FLAT_TERMS, term)})
    return frame.select(pl.when(chosen).then("term").otherwise("plain")).to_series()

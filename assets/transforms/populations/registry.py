"""Every population and every extract that they read, by name."""

from collections.abc import Mapping
from typing import Final

from assets.transforms.populations.extract import Extract
from assets.transforms.populations.population import Population

_POPULATIONS: Final[tuple[Population, ...]] = ()
_EXTRACTS: Final[tuple[Extract, ...]] = ()

POPULATIONS: Final[Mapping[str, Population]] = {one.name: one for one in _POPULATIONS}

EXTRACTS: Final[Mapping[str, Extract]] = {one.name: one for one in _EXTRACTS}

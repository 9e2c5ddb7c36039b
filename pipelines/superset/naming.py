"""Names that stay the same from one bundle to the next, so that an import updates what is there."""

import re
import uuid
from dataclasses import dataclass

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "cx-barometer/superset")


@dataclass(frozen=True, slots=True)
class Names:
    """UUIDs of the assets of one company.

    Attributes:
        company: Its name; assets of two companies in one Superset keep apart by it.
    """

    company: str

    def uuid(self, kind: str, name: str) -> str:
        """UUID of an asset of a kind, `chart` for instance."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.company}/{kind}/{name}"))

    def number(self, kind: str, name: str) -> int:
        """Number that stands for a chart within the bundle; Superset puts its own in its place."""
        return uuid.UUID(self.uuid(kind, name)).int % 1_000_000_000


def file_name(name: str) -> str:
    """A name as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")

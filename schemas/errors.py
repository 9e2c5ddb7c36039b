"""The exception tree of the project, and nothing else.

BarometerError
├── ConfigError      barometer.yaml or its environment cannot be used
├── ExtractError     a source file cannot be read as configured
├── MappingError     a raw table does not have what its mapping asks for
├── ContractError    a table contract contradicts itself
├── LakeError        a stored file is damaged or another run holds the lake
├── QualityError     a waiver or a question about checks that does not hold
└── PublishError     a publish was refused or failed; the previous one stays

Defects in the *data* are never exceptions: they are check results and quarantine rows.
"""


class BarometerError(Exception):
    """A failure whose message names the culprit, what was found, what is allowed and the mend.

    Args:
        message: One sentence that says what is wrong.
        where: File, table or key path (with the line where there is one).
        found: What was found there.
        allowed: What would have been accepted.
        mend: What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        found: object = None,
        allowed: object = None,
        mend: str | None = None,
    ) -> None:
        self.message = message
        self.where = where
        self.found = found
        self.allowed = allowed
        self.mend = mend
        super().__init__(self._compose())

    def _compose(self) -> str:
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.found is not None:
            parts.append(f"  found:   {self.found}")
        if self.allowed is not None:
            parts.append(f"  allowed: {self.allowed}")
        if self.mend is not None:
            parts.append(f"  mend:    {self.mend}")
        return "\n".join(parts)


class ConfigError(BarometerError):
    """barometer.yaml, or an environment variable it names, cannot be used."""


class ExtractError(BarometerError):
    """A source file cannot be read as configured."""


class MappingError(BarometerError):
    """A raw table does not have what its mapping asks for."""


class ContractError(BarometerError):
    """A table contract contradicts itself."""


class LakeError(BarometerError):
    """A stored file is damaged, or another run holds the lake."""


class QualityError(BarometerError):
    """A waiver that cannot be given, or a question about checks that has no answer."""


class PublishError(BarometerError):
    """A publish was refused or failed; the previous publish stays as it was."""

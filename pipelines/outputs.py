"""Files that commands write where the user says: what is told when that cannot be done."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import BarometerError

FILE = "a file in a folder that can be written to"
FOLDER = "a folder that can be written to"
"""What `--output` may be."""


@contextmanager
def writing(what: str, output: Path, *, allowed: str) -> Iterator[None]:
    """Turns errors of the file system into the project's own.

    Args:
        what: What is written, as in `the contracts`.
        output: Where to, as the option `--output` says.
        allowed: `FILE` or `FOLDER`.

    Raises:
        BarometerError: It could not be written.
    """
    try:
        yield
    except OSError as error:
        raise BarometerError(
            f"{what} cannot be written",
            where=str(error.filename or output),
            found=error.strerror,
            allowed=allowed,
            mend="name another --output, or mend its permissions",
        ) from error

"""The resource that every asset asks for: the lake, held by one run at a time."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from assets.lake.atomic import sweep_leftovers
from assets.lake.layout import Lake
from schemas.errors import LakeError


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake under a local folder; a run holds it alone.

    Attributes:
        folder: Absolute path of the lake.
        is_held: Whether the process that runs the job holds it already.
    """

    folder: str
    is_held: bool = False

    @property
    def lake(self) -> Lake:
        """The lake's layout."""
        return Lake(Path(self.folder))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LakeResource"]:
        """Hold the lake while the run lasts; a killed run lets go of it by dying.

        Raises:
            LakeError: Another run holds it.
        """
        if self.is_held:
            yield self
            return
        run_id = context.run.run_id if context.run else "outside of a job"
        with hold(self.lake, owner=f"run {run_id}"):
            yield self


@contextmanager
def hold(lake: Lake, *, owner: str) -> Iterator[None]:
    """Hold the lake's lock.

    Raises:
        LakeError: Another process holds it.
    """
    lake.root.mkdir(parents=True, exist_ok=True)
    path = lake.root / ".lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LakeError(
                "another run holds the lake",
                where=str(lake.root),
                found=f"held by {file.read().strip() or 'an unnamed run'}",
                mend="wait until it has ended; a killed run lets go by itself",
            ) from error
        file.truncate(0)
        file.write(owner)
        file.flush()
        # whoever held it last may have been killed: downloads and half a warehouse go
        shutil.rmtree(lake.scratch, ignore_errors=True)
        sweep_leftovers(lake.warehouse.parent)
        yield

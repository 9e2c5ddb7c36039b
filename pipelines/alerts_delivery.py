"""How an alert reaches people: webhook, Slack, e-mail. A failure to deliver is logged, no more.

Nothing here raises, for an alert must not fail what it is about; and nothing here logs an address
or the answer of a server, which may hold secrets.
"""

import email.utils
import http.client
import json
import logging
import smtplib
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from pipelines.alerts import Alert
from pipelines.alerts_slack import slack_message
from schemas.config.alerts import AlertConfig, EmailConfig

TIMEOUT_SECONDS = 10.0
"""How long all channels together may take; they are tried at the same time."""


def deliver(
    alert: Alert,
    config: AlertConfig,
    *,
    log: logging.Logger,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> list[str]:
    """Send an alert by every configured channel.

    Args:
        alert: What is told.
        config: Channels.
        log: Where it is said what was delivered, and what was not and why.
        timeout_seconds: After which a channel is given up.

    Returns:
        Channels that took it.
    """
    results: dict[str, str | None] = {}

    def attempt(name: str, send: Callable[[], None]) -> None:
        try:
            send()
        except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as error:
            results[name] = _why(error)
        else:
            results[name] = None

    channels = _channels(alert, config, timeout_seconds)
    # threads of their own: a server that answers byte by byte outlives every socket timeout
    threads = [
        threading.Thread(target=attempt, args=item, daemon=True) for item in channels.items()
    ]
    deadline = time.monotonic() + timeout_seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    delivered = []
    for name in channels:
        problem = results.get(name, f"no answer in {timeout_seconds:g} seconds")
        if problem is None:
            delivered.append(name)
            log.info("run %s: alert sent by %s", alert.run_id, name)
        else:
            log.warning("run %s: alert not sent by %s: %s", alert.run_id, name, problem)
    return delivered


def _channels(alert: Alert, config: AlertConfig, timeout: float) -> dict[str, Callable[[], None]]:
    """Name of each configured channel → what sends by it."""
    found: dict[str, Callable[[], None]] = {}
    if config.webhook:
        url = config.webhook.get_secret_value()
        found["webhook"] = lambda: _post(url, alert.document(), timeout)
    if config.slack:
        slack_url = config.slack.get_secret_value()
        found["slack"] = lambda: _post(slack_url, slack_message(alert), timeout)
    if config.email:
        mail = config.email
        found["email"] = lambda: _mail(mail, alert, timeout)
    return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its body, and pass for delivered."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _post(url: str, document: dict[str, Any], timeout: float) -> None:
    request = urllib.request.Request(  # noqa: S310  the configuration allows http and https only
        url,
        data=json.dumps(document).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "cx-barometer"},
        method="POST",
    )
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout):
        pass


def _mail(config: EmailConfig, alert: Alert, timeout: float) -> None:
    message = EmailMessage()
    message["Subject"] = alert.title
    message["From"] = config.sender
    message["To"] = ", ".join(config.to)
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain=config.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # so that no absence is answered to it
    message.set_content(alert.text())
    context = ssl.create_default_context()
    if config.encryption == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            config.host, config.port, timeout=timeout, context=context
        )
    else:
        server = smtplib.SMTP(config.host, config.port, timeout=timeout)
    with server:
        if config.encryption == "starttls":
            server.starttls(context=context)
        if config.user and config.password:
            server.login(config.user, config.password.get_secret_value())
        refused = server.send_message(message)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)


def _why(error: Exception) -> str:
    """What went wrong, in words that hold no address and nothing that a server said."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"the mail server refused {len(error.recipients)} of the addresses"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server answered {error.smtp_code} to user and password"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    told = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {told}" if told else type(error).__name__

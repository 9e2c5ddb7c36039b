"""Configuration of the Superset that `make superset` serves on this machine.

For a look at the demo, and for tests. A Superset for many people has a database server, a cache and
logins of its own; it imports the same bundle (docs/superset.md).
"""

# ruff: noqa: INP001  a script of its own, in no package

import os
import secrets
from pathlib import Path

HOME = Path(os.environ["SUPERSET_HOME"])


def _kept_secret(path: Path) -> str:
    """A secret made on first use, readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii")


SECRET_KEY = _kept_secret(HOME / "secret_key")
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}"

APP_NAME = "CX Barometer"
BABEL_DEFAULT_LOCALE = "en"
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "fr": {"flag": "fr", "name": "Français"},
}

# It stays on this machine: what a page loads comes from here, and nothing is told to anybody.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
CONTENT_SECURITY_POLICY_WARNING = False
# One process serves one machine: limits and caches may live in its memory.
RATELIMIT_STORAGE_URI = "memory://"
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 86400}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 86400}
LOG_LEVEL = "WARNING"

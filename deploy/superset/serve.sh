#!/bin/sh
# Load the company's bundle into the Superset of this machine, and serve it on loopback.
# `make superset` calls it from the repository's folder, when both environments are there.
set -eu

export SUPERSET_HOME="$PWD/var/superset"
export SUPERSET_CONFIG_PATH="$PWD/deploy/superset/superset_config.py"
export SCARF_ANALYTICS=false
bundle="$SUPERSET_HOME/cx_superset.zip"
address="127.0.0.1:${SUPERSET_PORT:-8088}"

.venv/bin/barometer superset --output "$bundle"
.superset/bin/python deploy/superset/load.py "$bundle" "http://$address"
exec .superset/bin/gunicorn --bind "$address" --worker-class gthread --workers 1 --threads 8 \
  --timeout 120 --log-level warning "superset.app:create_app()"

#!/bin/sh
# For ssh, which asks by this program (SSH_ASKPASS) for what only a person knows; askpass.py asks the person.
exec "$PGLADDER_PYTHON" -I -S "${0%.sh}.py" "$@"

# SPDX-License-Identifier: MIT
import os

IS_LONG = os.environ.get("FAULTS") == "long"


def size(short, long):
    """How often: in `make test`, or in `make faults`."""
    return long if IS_LONG else short

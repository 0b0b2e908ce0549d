"""Python imports this when it starts, if this folder is on its path: then it plants a bug."""

from __future__ import annotations

import os

from tests.planted.bugs import BUGS

BUGS[os.environ["PLANTED_BUG"]].plant()

"""``python -m sharedctx.embedded``: the supervisor of a local stack."""

from __future__ import annotations

import sys

from sharedctx.embedded.supervisor import main

__all__ = ()

sys.exit(main(sys.argv[1:]))

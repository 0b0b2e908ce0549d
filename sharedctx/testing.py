r"""For the tests of users: a store in memory, held to the same contract tests as the real one.

```python
async with SharedContext(store=MemoryStore()) as ctx:
    await ctx.put("plan", "1. read\n2. write")
```

With the ``workers`` extra installed, ``MemoryStore(compressor=sharedctx_workers.compress)``
compresses at once, in this process, what a worker would compress later.
"""

from __future__ import annotations

from sharedctx.store.base import NamespaceConfig
from sharedctx.store.memory import Compressor, MemoryStore, leave_as_is

__all__ = ("Compressor", "MemoryStore", "NamespaceConfig", "leave_as_is")

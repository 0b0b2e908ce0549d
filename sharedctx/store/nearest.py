"""Reading what never changes: from the nearest copy that has it.

Renditions and the chunks of large bodies are filed under hashes. So a replica or a mirror that is
behind can lack one, and never has a wrong one; then the leader of the origin is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from sharedctx.errors import AuthError, StoreError
from sharedctx.store.api import StoredMessage, direct_get, direct_try, leader_get
from sharedctx.store.base import Mirror
from sharedctx.store.connection import Connection
from sharedctx.store.options import api_of
from sharedctx.store.retry import TransientError

__all__ = ("Nearest",)

_log = logging.getLogger("sharedctx")
# It is held by the server that the client is connected to, or by one beside that.
_MIRROR_ANSWER_S: Final = 1.0
_LEFT_ALONE_S: Final = 30.0
"""After a failure a mirror is not asked for so long, so that reads do not wait for it."""


class Nearest:
    """Reads the streams of one namespace of which there are mirrors.

    Inside the domain of the namespace the server itself picks the nearest copy. A mirror in another
    domain is asked first by clients that are connected there.

    Attributes:
        mirrors: The mirrors of the namespace.
    """

    def __init__(self, connection: Connection, mirrors: Sequence[Mirror]) -> None:
        self._connection = connection
        self.mirrors = mirrors
        self._left_alone_until = 0.0

    async def get(self, stream: str, subject: str, *, large: bool = False) -> StoredMessage | None:
        """Return the message on `subject`, or None when the origin does not have it either.

        Args:
            stream: Name of the stream of the origin.
            subject: The subject.
            large: Whether the message is as large as the chunk of a blob.
        """
        if self._is_mirrored_here():
            message = await self._at_mirror(stream, subject)
        else:
            message = await direct_get(self._connection, stream, subject, large=large)
        if message is None:
            message = await leader_get(self._connection, stream, subject, large=large)
        return message

    def _is_mirrored_here(self) -> bool:
        """Whether the domain of the server of the client holds a mirror that is to be asked."""
        domains = {mirror.domain for mirror in self.mirrors} - {None}
        if not domains or self._connection.server.domain not in domains:
            return False
        return asyncio.get_running_loop().time() >= self._left_alone_until

    async def _at_mirror(self, stream: str, subject: str) -> StoredMessage | None:
        here = api_of(None)
        try:
            # A mirror answers for its origin, by the name of that.
            return await direct_try(self._connection, here, stream, subject, _MIRROR_ANSWER_S)
        except AuthError:
            raise
        except (StoreError, TransientError) as error:
            self._left_alone_until = asyncio.get_running_loop().time() + _LEFT_ALONE_S
            _log.warning("the mirror here is left alone for a while: %s", error)
            return None

"""Stopping a child process in the middle of what it does."""

from __future__ import annotations

import os
import signal

__all__ = ("pause",)


def pause(pid: int) -> None:
    """Stop a child of this process, and return when it has stopped.

    The signal takes effect later than the call that sends it returns; a server that has several
    threads may answer meanwhile.
    """
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)

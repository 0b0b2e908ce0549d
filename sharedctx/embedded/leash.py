"""Run a command that the kernel kills when the process that started it dies.

Usage: ``python leash.py PARENT_PID COMMAND...``. The parent death signal is set and then the
command replaces this process, so pid and exit status are the command's own. A program and not a
`preexec_fn`, because running Python between fork and exec is not safe in a threaded parent.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ("leashed",)

_PR_SET_PDEATHSIG = 1


def leashed(command: list[str]) -> list[str]:
    """Return `command` so that it dies with this process, where the platform can do that.

    Linux only. Elsewhere, and outside the main thread, `command` itself is returned: the kernel
    counts the end of the *thread* that started a process as the death of its parent.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return command
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


if __name__ == "__main__":
    import ctypes  # only this program needs it, not who imports this module

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the signal was set: then nobody would ever send it.
    if os.getppid() == int(sys.argv[1]):
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is what we want here

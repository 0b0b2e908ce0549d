"""The dashboard: a local web page on one namespace, for reading only.

Needs the extra ``dashboard``. ``sharedctx dashboard`` starts it.
"""

from sharedctx.dashboard.server import is_loopback, serve

__all__ = ("is_loopback", "serve")

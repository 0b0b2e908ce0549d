"""An MCP server: agents that speak the Model Context Protocol read and search a namespace.

It needs the extra ``mcp``, of either generation of the official SDK.
"""

from __future__ import annotations

from sharedctx.mcp.gateway import Gateway
from sharedctx.mcp.serving import serve_http, serve_stdio
from sharedctx.mcp.tools import create_server

__all__ = ("Gateway", "create_server", "serve_http", "serve_stdio")

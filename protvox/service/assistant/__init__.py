"""Tools for AI assistants, by the Model Context Protocol (MCP)."""

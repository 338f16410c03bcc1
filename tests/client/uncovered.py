"""Public methods of `MlflowClient` that no check calls, each with the reason."""

MCP = "the registry of MCP servers is deliberately not served"
WORKSPACES = "workspaces are off, as they are by default in MLflow"

UNCOVERED = {
    "create_mcp_access_endpoint": MCP,
    "create_mcp_server": MCP,
    "create_mcp_server_version": MCP,
    "delete_mcp_access_endpoint": MCP,
    "delete_mcp_server": MCP,
    "delete_mcp_server_alias": MCP,
    "delete_mcp_server_tag": MCP,
    "delete_mcp_server_version": MCP,
    "delete_mcp_server_version_tag": MCP,
    "get_latest_mcp_server_version": MCP,
    "get_mcp_access_endpoint": MCP,
    "get_mcp_server": MCP,
    "get_mcp_server_version": MCP,
    "get_mcp_server_version_by_alias": MCP,
    "refresh_mcp_server_version_tools": MCP,
    "search_mcp_access_endpoints": MCP,
    "search_mcp_server_versions": MCP,
    "search_mcp_servers": MCP,
    "set_mcp_server_alias": MCP,
    "set_mcp_server_tag": MCP,
    "set_mcp_server_version_tag": MCP,
    "update_mcp_access_endpoint": MCP,
    "update_mcp_server": MCP,
    "update_mcp_server_version": MCP,
    "create_workspace": WORKSPACES,
    "delete_workspace": WORKSPACES,
    "get_workspace": WORKSPACES,
    "list_workspaces": WORKSPACES,
    "update_workspace": WORKSPACES,
}

"""Link targets as a person should see them, whatever they were made to look like."""

from urllib.parse import urlsplit


def link_label(url: str) -> str:
    """A link's target as a person should see it: its real host first, no scheme, no user."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    if not host:
        return url
    path = parts.path if parts.path != "/" else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{path}{query}"

"""How ERPNext is asked: `GET /api/resource/<DocType>`, with an API key.

https://docs.frappe.io/framework/user/en/api/rest
https://docs.frappe.io/framework/user/en/guides/integration/rest_api/listing_documents
Hides reading a table of any length, and the tables within documents.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from tui_mail.connectors.erpnext_doctypes import Values
from tui_mail.connectors.web import Reply, Web
from tui_mail.errors import NotAllowed
from tui_mail.i18n import _

Filter = Sequence[Any]
_AT_ONCE = 500
NAMES_AT_ONCE = 40  # they are in the address, whose length has a limit


class NoDoctype(Exception):
    """It is not there, or the key may not read it (`denied`)."""

    def __init__(self, *, denied: bool) -> None:
        super().__init__()
        self.denied = denied


class Site:
    """A site of ERPNext's, read-only."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def rows(
        self, doctype: str, fields: Sequence[str], filters: Sequence[Filter] = (), within: str = ""
    ) -> Iterator[Values]:
        """All documents of a DocType, by name; `within`: the DocType whose table it is.

        By name, not by position: what changes meanwhile would move the others.
        """
        last = ""
        while True:
            more = [["name", ">", last]] if last else []
            found = self.first(doctype, fields, [*filters, *more], _AT_ONCE, within)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = found[-1]["name"]

    def rows_of(
        self,
        doctype: str,
        fields: Sequence[str],
        within: str,
        parents: Collection[str] | None,
        *filters: Filter,
    ) -> Iterator[Values]:
        """The rows of a table within the documents of those names, of all for None."""
        kind: list[Filter] = [["parenttype", "=", within], *filters]
        if parents is None:
            yield from self.rows(doctype, fields, kind, within)
            return
        names = sorted(parents)
        for start in range(0, len(names), NAMES_AT_ONCE):
            some = ["parent", "in", names[start : start + NAMES_AT_ONCE]]
            yield from self.rows(doctype, fields, [*kind, some], within)

    def named(
        self, doctype: str, fields: Sequence[str], names: Collection[str]
    ) -> Iterator[Values]:
        """The documents of those names."""
        every = sorted(names)
        for start in range(0, len(every), NAMES_AT_ONCE):
            some = ["name", "in", every[start : start + NAMES_AT_ONCE]]
            yield from self.rows(doctype, fields, [some])

    def first(
        self,
        doctype: str,
        fields: Sequence[str],
        filters: Sequence[Filter],
        limit: int,
        within: str = "",
    ) -> Sequence[Values]:
        """At most `limit` documents, by name."""
        query = {
            "fields": json.dumps(list(dict.fromkeys(["name", "modified", *fields]))),
            "filters": json.dumps(list(filters)),
            "order_by": "name asc",
            "limit_start": "0",
            "limit_page_length": str(limit),
            **({"parent": within} if within else {}),
        }
        path = f"/api/resource/{quote(doctype)}"
        reply = self._web.ask("GET", path, query=query, may_fail=True)
        self._refuse(reply)
        found = self._web.object(reply)
        rows = found.get("data") if isinstance(found, dict) else None
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("name"), str | int) for row in rows
        ):
            raise self._web.nonsense()
        return [{**row, "name": str(row["name"])} for row in rows]

    def _refuse(self, reply: Reply) -> None:
        if reply.status == 200:
            return
        if reply.status == 401 or (reply.status == 403 and b"PermissionError" not in reply.content):
            raise NotAllowed(_("ERPNext refuses the key: make a new one in the user's API access."))
        if reply.status in {403, 404} and reply.content[:1] == b"{":
            raise NoDoctype(denied=reply.status == 403)
        raise self._web.nonsense()

"""How ERPNext is asked: `GET` and `POST /api/resource/<DocType>`, with an API key.

https://docs.frappe.io/framework/user/en/api/rest
https://docs.frappe.io/framework/user/en/guides/integration/rest_api/listing_documents
Hides reading a table of any length, and the tables within documents.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from tui_mail.connectors.erpnext_doctypes import Values, plain
from tui_mail.connectors.web import Reply, Web
from tui_mail.errors import NotAllowed, Refused
from tui_mail.i18n import _

_T = TypeVar("_T", list[Any], dict[str, Any])
Filter = Sequence[Any]
_AT_ONCE = 500
_WRONG = frozenset({400, 409, 417, 422})
NAMES_AT_ONCE = 40  # they are in the address, whose length has a limit


class NoDoctype(Exception):
    """It is not there, or the key may not read it (`denied`)."""

    def __init__(self, *, denied: bool) -> None:
        super().__init__()
        self.denied = denied


class Site:
    """A site of ERPNext's."""

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

    def make(self, doctype: str, values: Mapping[str, Any]) -> str:
        """Make a document: its name there. Raises Refused with ERPNext's reasons, NoDoctype."""
        path = f"/api/resource/{quote(doctype)}"
        content = json.dumps(values).encode()
        reply = self._web.ask("POST", path, content=content, may_fail=True, once=True)
        if reply.status in _WRONG:
            reasons = _reasons(self._web.object(reply))
            raise Refused(_("ERPNext does not take it: {reasons}").format(reasons=reasons))
        self._refuse(reply)
        found = self._web.object(reply)
        made = found.get("data") if isinstance(found, dict) else None
        name = made.get("name") if isinstance(made, dict) else None
        if not isinstance(name, str | int) or not name:
            raise self._web.nonsense()
        return str(name)

    def _refuse(self, reply: Reply) -> None:
        if reply.status == 200:
            return
        if reply.status == 401 or (reply.status == 403 and b"PermissionError" not in reply.content):
            raise NotAllowed(_("ERPNext refuses the key: make a new one in the user's API access."))
        if reply.status in {403, 404} and reply.content[:1] == b"{":
            raise NoDoctype(denied=reply.status == 403)
        raise self._web.nonsense()


def _reasons(answer: Any) -> str:
    """What a refusal says to people: a list in JSON, of texts or of objects in JSON with a message;
    where there is none, the error itself."""
    if not isinstance(answer, dict):
        return ""
    texts = [_message(one) for one in _unpacked(answer.get("_server_messages"), list)]
    return plain(" ".join(dict.fromkeys(texts)) or str(answer.get("exception") or ""))


def _message(text: Any) -> str:
    return str(_unpacked(text, dict).get("message") or "") or str(text)


def _unpacked(text: Any, kind: type[_T]) -> _T:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return kind()
    return found if isinstance(found, kind) else kind()

"""An ERPNext for tests, which lists documents as the REST API of Frappe does.

https://docs.frappe.io/framework/user/en/guides/integration/rest_api/listing_documents: 20 rows where
nothing else is asked for; rows of a table within documents are only had with `parent`
(https://github.com/frappe/frappe/issues/5897); an unknown field is an error. POST makes a document, with
the rows of its tables, and names it itself; what it does not take it says in `_server_messages`.
https://docs.frappe.io/framework/user/en/api/rest
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.erp_http import HttpServer, Request, Response

KEY = "0f1e2d3c4b5a697:88aa77bb66cc55d"
Row = dict[str, Any]


class ErpNextServer:
    """`tables`: rows by DocType. `fields`: what each DocType has beside what its rows have.
    `denied`: DocTypes that the key may not read. `read_only`: those of which it may make nothing;
    `refuses`: why nothing is made of a DocType, by DocType."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {}
        self.denied: set[str] = set()
        self.read_only: set[str] = set()
        self.refuses: dict[str, str] = {}
        self.key = KEY
        self._made = 0
        self.http = HttpServer(self._answer)

    def location(self, key_file: object) -> str:
        return f"erpnext+{self.http.base}?key_file={key_file}"

    def _answer(self, request: Request) -> Response:
        parts = urlsplit(request.path)
        if request.headers.get("authorization") != f"token {self.key}":
            return _error(401, "AuthenticationError")
        if not parts.path.startswith("/api/resource/"):
            return _error(404, "PageDoesNotExistError")
        doctype = unquote(parts.path.removeprefix("/api/resource/"))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        rows = self.tables.get(doctype)
        if rows is None:
            return _error(404, "DoesNotExistError")
        if request.method == "POST":
            return self._make(doctype, json.loads(request.body))
        within = any("parenttype" in row for row in rows)
        if doctype in self.denied or (within and "parent" not in query):
            return _error(403, "PermissionError")
        found = sorted(rows, key=lambda row: str(row["name"]))
        for name, operator, wanted in json.loads(query.get("filters", "[]")):
            found = [row for row in found if _OPERATORS[operator](row.get(name) or "", wanted)]
        start, limit = int(query.get("limit_start", 0)), int(query.get("limit_page_length", 20))
        fields = json.loads(query.get("fields", '["name"]'))
        data = [{name: row.get(name) for name in fields} for row in found[start : start + limit]]
        return Response(200, json.dumps({"data": data}).encode())

    def _make(self, doctype: str, values: Row) -> Response:
        if doctype in self.read_only:
            return _error(403, "PermissionError")
        if reason := self.refuses.get(doctype):
            said = json.dumps([json.dumps({"message": f"<b>{reason}</b>", "indicator": "red"})])
            body = {"exc_type": "ValidationError", "_server_messages": said}
            return Response(417, json.dumps(body).encode())
        self._made += 1
        name = f"{doctype}-{self._made:05}"
        made = {"name": name, "modified": "2026-11-28 08:59:00.000000", "status": "Open", **values}
        for field, table in _TABLES.items():
            for row in made.pop(field, []):
                self._made += 1
                within = {"parenttype": doctype, "parent": name, "name": f"r{self._made}"}
                self.tables[table].append({"modified": made["modified"], **within, **row})
        if doctype == "Lead":
            made["lead_name"] = values.get("first_name") or values["company_name"]
        self.tables[doctype].append(made)
        return Response(200, json.dumps({"data": made}).encode())


_TABLES = {"email_ids": "Contact Email", "phone_nos": "Contact Phone", "links": "Dynamic Link"}


def _error(status: int, kind: str) -> Response:
    return Response(status, json.dumps({"exc_type": kind, "exception": f"frappe.{kind}"}).encode())


def _like(value: Any, wanted: str) -> bool:
    return wanted.strip("%").lower() in str(value).lower()


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    ">": lambda value, wanted: bool(value > wanted),
    ">=": lambda value, wanted: bool(value >= wanted),
    "in": lambda value, wanted: value in wanted,
    "like": _like,
}

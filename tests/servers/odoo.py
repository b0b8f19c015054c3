"""An Odoo for tests, which answers `fields_get`, `search_read` and `load` over JSON-2 or XML-RPC.

Answers and errors as https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
and https://www.odoo.com/documentation/18.0/developer/reference/external_api.html show them; many-to-
one fields are pairs of id and name, empty ones False, archived records only there for who asks.
`load` makes a record of the columns of an import or leaves the one of that external id as it is, and
says in words what is wrong, also that the user may not make it (odoo/models.py).
"""

import json
import xmlrpc.client
from collections.abc import Callable
from typing import Any

from tests.servers.erp_http import HttpServer, Request, Response

DATABASE, USER, KEY = "rossi", "reader@rossi.example", "k3y-0f-r0ss1"
Row = dict[str, Any]
_ODOO_19_404 = {"name": "werkzeug.exceptions.NotFound", "message": "the model does not exist"}


class Fault(Exception):
    def __init__(self, status: int, code: int, name: str) -> None:
        super().__init__(name)
        self.status = status
        self.code = code
        self.name = name


class OdooServer:
    """`tables`: rows by model; a model that is not there is not installed. `denied`: models that
    the key may not read. `old`: a server before 19. `read_only`: models of which the key may make
    nothing; `refuses`: why nothing is made of a model, by model."""

    def __init__(self, *, old: bool = False) -> None:
        self.tables: dict[str, list[Row]] = {}
        self.denied: set[str] = set()
        self.read_only: set[str] = set()
        self.refuses: dict[str, str] = {}
        self._external: dict[str, int] = {}
        self.key = KEY
        self._old = old
        self.http = HttpServer(self._answer)

    def location(self, key_file: object) -> str:
        user = f"&user={USER}" if self._old else ""
        return f"odoo+{self.http.base}/{DATABASE}?key_file={key_file}{user}"

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/json/2/") and not self._old:
            return self._json(request)
        if request.path.startswith("/xmlrpc/2/") and self._old:
            return self._xml(request)
        return Response(404, b"<!doctype html><title>404 Not Found</title>", "text/html")

    def _json(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"bearer {self.key}":
            said = {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}
            return Response(401, json.dumps(said).encode())
        assert request.headers["x-odoo-database"] == DATABASE
        model, method = request.path.removeprefix("/json/2/").split("/")
        try:
            found = self._call(model, method, json.loads(request.body))
        except Fault as fault:
            said = {"name": fault.name, "message": "no"} if fault.status != 404 else _ODOO_19_404
            return Response(fault.status, json.dumps(said).encode())
        return Response(200, json.dumps(found).encode())

    def _xml(self, request: Request) -> Response:
        said, method = xmlrpc.client.loads(request.body)
        found: Any
        try:
            if method == "authenticate":
                assert said[0] == DATABASE
                found = 7 if said[1:3] == (USER, self.key) else False
            else:
                assert said[:3] == (DATABASE, 7, KEY)
                found = self._call(str(said[3]), str(said[4]), said[6])  # type: ignore[arg-type]
        except Fault as fault:
            body = xmlrpc.client.dumps(xmlrpc.client.Fault(fault.code, fault.name))
            return Response(200, body.encode(), "text/xml")
        body = xmlrpc.client.dumps((found,), methodresponse=True, allow_none=True)
        return Response(200, body.encode(), "text/xml")

    def _call(self, model: str, method: str, values: Row) -> Any:
        if model in self.denied:
            raise Fault(403, 4, "odoo.exceptions.AccessError")
        rows = self.tables.get(model)
        if rows is None:
            raise Fault(404, 2, f"Object {model} doesn't exist")
        there = {"id": {"type": "integer"}} | {
            name: {"type": "char"}
            for name in (*_MAKEABLE.get(model, ()), *(one for row in rows for one in row))
        }
        if method in {"has_access", "check_access_rights"}:
            assert values["operation"] == "create"
            return model not in self.read_only
        if method == "load":
            return self._load(model, dict(zip(values["fields"], *values["data"], strict=True)))
        if method == "fields_get":
            return {name: there[name] for name in values["allfields"] if name in there}
        assert method == "search_read"
        if unknown := set(values["fields"]) - there.keys():
            raise Fault(422, 1, f"Invalid field {unknown}")
        archived_too = values.get("context", {}).get("active_test") is False
        found = [
            row
            for row in sorted(rows, key=lambda row: int(row["id"]))
            if (archived_too or row.get("active", True))
            and all(self._fits(row, condition) for condition in values["domain"])
        ]
        wanted = [*values["fields"], "id"]
        return [{name: row.get(name, False) for name in wanted} for row in found[: values["limit"]]]

    def _load(self, model: str, columns: dict[str, str]) -> Row:
        external = columns.pop("id")
        assert "." in external
        if external in self._external:
            return {"ids": [self._external[external]], "messages": []}
        unknown = {name.partition("/")[0] for name in columns} - set(_MAKEABLE[model])
        reason = self.refuses.get(model) or (f"unknown {unknown}" if unknown else "")
        if model in self.read_only:
            reason = "You are not allowed to create these records."
        if reason:
            return {"ids": False, "messages": [{"type": "error", "message": reason, "record": 0}]}
        rows = self.tables[model]
        made: Row = {"id": max([900, *(row["id"] for row in rows)]) + 1, "active": True}
        made |= {"write_date": "2026-11-28 08:59:00"}
        for name, text in columns.items():
            field, _slash, within = name.partition("/")
            made[field] = [int(text), "named"] if within == ".id" else text
        if model == "res.partner":
            made["commercial_partner_id"] = made.get("parent_id", [made["id"], "named"])
        if model == "mail.activity":
            made["res_model"] = {"base.model_res_partner": "res.partner"}.get(
                made["res_model_id"], "crm.lead"
            )
            made |= {"res_id": int(made["res_id"]), "activity_type_id": [4, "To Do"]}
        rows.append(made)
        self._external[external] = made["id"]
        return {"ids": [made["id"]], "messages": []}

    def _fits(self, row: Row, condition: list[Any]) -> bool:
        name, operator, wanted = condition
        value = row.get(name.partition(".")[0], False)
        if "." in name:
            moves = {one["id"]: one for one in self.tables["account.move"]}
            value = moves[value[0]].get(name.partition(".")[2], False)
        elif isinstance(value, list):
            value = value[0] if value else False
        return _OPERATORS[operator](value, wanted)


_MAKEABLE = {
    "res.partner": (
        *("name", "type", "parent_id", "company_id", "email", "phone", "function"),
        "commercial_partner_id",
    ),
    "crm.lead": (
        *("type", "name", "partner_name", "contact_name", "email_from", "phone", "company_id"),
        *("partner_id", "stage_id"),
    ),
    "mail.activity": (
        *("summary", "res_model_id", "res_id", "activity_type_id", "date_deadline", "res_model"),
    ),
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "!=": lambda value, wanted: bool(value != wanted),
    ">": lambda value, wanted: bool(value > wanted),
    ">=": lambda value, wanted: bool(value and value >= wanted),
    "in": lambda value, wanted: value in wanted,
    "ilike": lambda value, wanted: wanted.lower() in str(value or "").lower(),
}

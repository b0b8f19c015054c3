"""How Odoo is asked: JSON-2 (since 19), or XML-RPC as older servers have it, found out by asking.

https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
https://www.odoo.com/documentation/18.0/developer/reference/external_api.html
Hides both protocols, reading a table of any length by its ids, and how a record is made once.
"""

import json
import xmlrpc.client
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser

from tui_mail.connectors.place import Place
from tui_mail.connectors.web import Web
from tui_mail.errors import NotAllowed, ProtocolRefused, Refused, SettingsWrong
from tui_mail.i18n import _

Values = Mapping[str, Any]
Domain = Sequence[Any]
_AT_ONCE = 1_000
_IDS_AT_ONCE = 500
# Codes of faults: odoo/http.py, RPC_FAULT_CODE_*.
_FAULT_NO_MODEL = 2
_FAULT_DENIED = 3
_FAULT_MAY_NOT = 4
_ARCHIVED_TOO = {"active_test": False}
# A record that has the external id already is left as it is.
_ONCE = {"mode": "update", "noupdate": True}
_OURS = "__tui_mail__"  # in place of a module's name, as its own imports have __import__
_LONGEST_REASON = 300


class NoModel(Exception):
    """The module that brings it is not installed, or the key may not read it (`denied`)."""

    def __init__(self, *, denied: bool) -> None:
        super().__init__()
        self.denied = denied


class Calls(Protocol):
    """One protocol of Odoo."""

    def call(self, model: str, method: str, values: Values) -> Any:
        """What a method gives. Raises NoModel, and what `Web.ask` does."""

    def may_make(self, model: str) -> bool:
        """Whether the user may make records of a model. Raises as `call`."""


class Odoo:
    """A database of Odoo's."""

    def __init__(self, place: Place, web: Web) -> None:
        self._place = place
        self._web = web
        self._calls: Calls | None = None
        self._fields: dict[tuple[str, ...], frozenset[str]] = {}

    def fields(self, model: str, wanted: Sequence[str]) -> frozenset[str]:
        """Which of `wanted` a model has: that depends on the version and on what is installed."""
        key = (model, *wanted)
        if key not in self._fields:
            values = {"allfields": list(wanted), "attributes": ["type"]}
            found = self._call(model, "fields_get", values)
            if not isinstance(found, dict):
                raise self._web.nonsense()
            self._fields[key] = frozenset(found) & frozenset(wanted)
        return self._fields[key]

    def rows(self, model: str, wanted: Sequence[str], domain: Domain) -> Iterator[Values]:
        """All records of a domain, the archived ones too, by id."""
        fields = sorted(self.fields(model, wanted))
        last = 0
        while True:
            found = self._page(model, fields, [*domain, ["id", ">", last]], _AT_ONCE)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = found[-1]["id"]

    def rows_of(
        self, model: str, wanted: Sequence[str], key: str, ids: Collection[int], *more: Any
    ) -> Iterator[Values]:
        """The records whose `key` is one of `ids`."""
        every = sorted(ids)
        for start in range(0, len(every), _IDS_AT_ONCE):
            some = every[start : start + _IDS_AT_ONCE]
            yield from self.rows(model, wanted, [[key, "in", some], *more])

    def first(
        self, model: str, wanted: Sequence[str], domain: Domain, limit: int
    ) -> Sequence[Values]:
        """At most `limit` records of a domain."""
        return self._page(model, sorted(self.fields(model, wanted)), domain, limit)

    def load(self, model: str, columns: Mapping[str, str], name: str) -> int:
        """Make a record of `columns`, as an import has them, or find the one of this external id:
        its id.

        Raises Refused with Odoo's reasons, MayOnlyRead, NoModel.
        """
        given = {"id": f"{_OURS}.{name}", **columns}
        values = {"fields": [*given], "data": [[*given.values()]], "context": _ONCE}
        found = self._call(model, "load", values)
        ids = found.get("ids") if isinstance(found, dict) else None
        if isinstance(ids, list) and len(ids) == 1 and isinstance(ids[0], int):
            return ids[0]
        reasons = _reasons(found)
        if not reasons:
            raise self._web.nonsense()
        if not self._may_make(model):
            raise NoModel(denied=True)
        raise Refused(_("Odoo does not take it: {reasons}").format(reasons=reasons))

    def _may_make(self, model: str) -> bool:
        """What is wrong with a record is told in words, also that it may not be made at all."""
        assert self._calls is not None
        try:
            return self._calls.may_make(model)
        except NoModel as error:
            return not error.denied
        except ProtocolRefused:
            return True  # not to be found out

    def _page(
        self, model: str, fields: Sequence[str], domain: Domain, limit: int
    ) -> Sequence[Values]:
        values = {
            "domain": list(domain),
            "fields": list(fields),
            "limit": limit,
            "order": "id",
            "context": _ARCHIVED_TOO,
        }
        found = self._call(model, "search_read", values)
        if not isinstance(found, list) or not all(
            isinstance(row, dict) and isinstance(row.get("id"), int) for row in found
        ):
            raise self._web.nonsense()
        return found

    def _call(self, model: str, method: str, values: Values) -> Any:
        if self._calls is None:
            newer = _Json(self._web)
            if newer.is_there():
                self._calls = newer
            else:
                self._calls = _Xml(self._place, self._web)
        return self._calls.call(model, method, values)


class _Json:
    """`POST /json/2/<model>/<method>`, arguments by name."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def is_there(self) -> bool:
        """Whether the server has it: one without answers 404 with a page."""
        try:
            found = self.call("res.company", "fields_get", {"allfields": ["name"]})
        except NoModel as error:
            return error.denied
        if not isinstance(found, dict):
            raise self._web.nonsense()
        return True

    def call(self, model: str, method: str, values: Values) -> Any:
        content = json.dumps(values).encode()
        reply = self._web.ask("POST", f"/json/2/{model}/{method}", content=content, may_fail=True)
        if reply.status == 200:
            return self._web.object(reply)
        if reply.status == 401:
            raise _wrong_key()
        if reply.status in {403, 404}:
            raise NoModel(denied=reply.status == 403)
        raise self._web.nonsense()

    def may_make(self, model: str) -> bool:
        return bool(self.call(model, "has_access", {"ids": [], "operation": "create"}))


class _Xml:
    """`POST /xmlrpc/2/object`, in the name of a user."""

    def __init__(self, place: Place, web: Web) -> None:
        if not place.user or not place.path:
            raise SettingsWrong(
                _(
                    "This Odoo is older than 19: name its database and the key's user in the"
                    " address, /DATABASE?key_file=FILE&user=LOGIN."
                )
            )
        self._place = place
        self._web = web
        self._user_id = 0

    def call(self, model: str, method: str, values: Values) -> Any:
        if not self._user_id:
            self._user_id = self._log_in()
        place = self._place
        said: tuple[Any, ...] = (
            place.path,
            self._user_id,
            place.key,
            model,
            method,
            [],
            dict(values),
        )
        return self._ask("object", "execute_kw", said)

    def may_make(self, model: str) -> bool:
        asked = {"operation": "create", "raise_exception": False}
        return bool(self.call(model, "check_access_rights", asked))

    def _log_in(self) -> int:
        place = self._place
        found = self._ask("common", "authenticate", (place.path, place.user, place.key, {}))
        if not isinstance(found, int) or isinstance(found, bool):
            raise _wrong_key()
        return found

    def _ask(self, service: str, method: str, said: tuple[Any, ...]) -> Any:
        content = xmlrpc.client.dumps(said, method, allow_none=True).encode()
        reply = self._web.ask("POST", f"/xmlrpc/2/{service}", content=content, kind="text/xml")
        target = xmlrpc.client.Unmarshaller(use_builtin_types=True)
        try:
            parser = DefusedExpatParser(target, forbid_dtd=True)
            parser.feed(reply.content)
            parser.close()
            found = target.close()
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == _FAULT_DENIED:
                raise _wrong_key() from fault
            if fault.faultCode in {_FAULT_NO_MODEL, _FAULT_MAY_NOT}:
                raise NoModel(denied=fault.faultCode == _FAULT_MAY_NOT) from fault
            raise self._web.nonsense() from fault
        except (
            xmlrpc.client.Error,
            ExpatError,
            DefusedXmlException,
            ValueError,
            TypeError,
            LookupError,
            RecursionError,
        ) as error:
            raise self._web.nonsense() from error
        return found[0] if len(found) == 1 else None


def _reasons(answer: Any) -> str:
    """What an import says is wrong."""
    said = answer.get("messages") if isinstance(answer, dict) else None
    rows = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    texts = [str(one.get("message") or "") for one in rows]
    return " ".join(" ".join(dict.fromkeys(texts)).split())[:_LONGEST_REASON]


def _wrong_key() -> NotAllowed:
    return NotAllowed(
        _("Odoo refuses the key: make a new one in its preferences, under account security.")
    )

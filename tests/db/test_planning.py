"""What is planned once, and what is planned for its values: of PostgreSQL."""

from functools import partial

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.db.house import build
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.planning import planned_once
from tui_mail.db.session import Session as Reading


def _way(session: Session) -> str:
    return str(session.scalar(text("SHOW plan_cache_mode")))


def _fail(session: Session) -> None:
    with planned_once(session):
        raise LookupError


@pytest.fixture
def server(database: Database) -> Database:
    if database.is_sqlite:
        pytest.skip("SQLite plans a statement once")
    return database


def test_after_a_list_statements_are_planned_for_their_values(server: Database) -> None:
    def both(session: Reading) -> tuple[int, str]:
        return len(window(session, house.anna, house.inbox, threads=False)), _way(session)

    house = build(server)
    house.message()
    assert server.read_now(both) == (1, "force_custom_plan")


def test_what_fails_in_between_leaves_nothing_behind(server: Database) -> None:
    for _time in range(4):
        with pytest.raises(LookupError):
            server.read_now(_fail)
        assert server.read_now(_way) == "force_custom_plan"


def test_a_list_is_read_though_the_server_has_ended_the_connections(database: Database) -> None:
    house = build(database)
    house.message()
    read = partial(window, operator_id=house.anna, folder_id=house.inbox, threads=False)
    assert len(database.read_now(read)) == 1
    if not database.is_sqlite:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        others += " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        database.write_now(lambda session: session.execute(text(others)))
    assert len(database.read_now(read)) == 1

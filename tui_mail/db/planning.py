"""When PostgreSQL plans a statement anew: for its values each time, or once for all.

SQLite plans a statement once.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Integer, literal_column
from sqlmodel import Session

# The mail of a customer with one message is not read in the way of one with 50,000, nor the other
# way round: whatever depends on its values is planned for them.
EACH_TIME = "SET plan_cache_mode = force_custom_plan"
_ONCE = "SET plan_cache_mode = force_generic_plan"


@contextmanager
def planned_once(session: Session) -> Iterator[None]:
    """For statements that are best read in one way whatever their values: to plan some takes longer
    than to run them. Their limits are `written` in them."""
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    connection = session.connection()
    connection.exec_driver_sql(_ONCE)
    try:
        yield
    except BaseException:
        connection.invalidate()  # nobody else is to have it so
        raise
    connection.exec_driver_sql(EACH_TIME)


def written(limit: int) -> ColumnElement[int]:
    """A limit in the statement itself: a plan for any limit would be one for a large one."""
    return literal_column(str(limit), Integer)

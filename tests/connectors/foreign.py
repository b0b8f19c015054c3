"""An ERP's own database, made for a test."""

import csv
import io
from collections.abc import Mapping, Sequence

from sqlalchemy import create_engine, text


def run(url: str, statements: Sequence[str]) -> None:
    """Carry statements out, as the ERP would."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))
    engine.dispose()


def fill(url: str, files: Mapping[str, str]) -> None:
    """A view of ours for each of the CSV files, over a table of another name."""
    for name, content in files.items():
        header, *rows = csv.reader(io.StringIO(content))
        stem = name.removesuffix(".csv")
        columns = ", ".join(f'"{one}" VARCHAR(200)' for one in header)
        statements = [f"CREATE TABLE t_{stem} ({columns})"]
        for row in rows:
            values = ", ".join("NULL" if cell == "" else f"'{cell}'" for cell in row)
            statements.append(f"INSERT INTO t_{stem} VALUES ({values})")
        run(url, [*statements, f"CREATE VIEW tui_mail_{stem} AS SELECT * FROM t_{stem}"])

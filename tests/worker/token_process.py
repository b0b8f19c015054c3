"""A worker that needs tokens, as a process of its own: database URL, folder of the key, how many."""

import asyncio
import sys
from pathlib import Path

from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.vault import open_vault
from tui_mail.worker.tokens import AccountTokens


async def _use(url: str, folder: str, count: int) -> None:
    database = Database(url)
    (account,) = await database.read(accounts.all_accounts)
    vault = open_vault(Path(folder) / "key")
    for _number in range(count):
        sys.stdout.write(await AccountTokens(database, vault, account)("") + "\n")
    await database.close()


if __name__ == "__main__":
    asyncio.run(_use(sys.argv[1], sys.argv[2], int(sys.argv[3])))

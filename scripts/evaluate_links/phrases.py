"""What people say, out of the wording of one split. Hides the files and how gaps are filled."""

import random
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from scripts.evaluate_links.world import TODAY

SPLITS = ("train", "dev", "test")


class Phrases:
    """The wording of one split, drawn by chance."""

    def __init__(self, split: str, chance: random.Random) -> None:
        text = Path(__file__).with_name("wording").joinpath(f"{split}.toml").read_text("utf-8")
        self._wording: dict[str, Any] = tomllib.loads(text)
        self._chance = chance

    def say(self, language: str, what: str, **gaps: str) -> str:
        """One of the ways to say it, its first letter a capital."""
        phrase = str(self._chance.choice(self._wording[language][what]))
        filled = phrase.format(us="Rossi", **gaps)
        return filled[0].upper() + filled[1:]

    def name(self, language: str, kind: str, number: str) -> str:
        """A document with its number, as one names it."""
        ways: list[str] = self._wording[language]["names"][kind]
        return self._chance.choice(ways).format(n=number)

    def decoy(self, language: str) -> str:
        """A sentence with a number that is of no document."""
        chance = self._chance
        day = TODAY - timedelta(days=chance.randrange(300))
        return self.say(
            language,
            "decoy",
            phone=f"+39 059 {chance.randrange(100_000, 999_999)}",
            cap=f"{chance.randrange(10_000, 98_000)}",
            iban=f"IT60X{chance.randrange(10**21, 10**22)}",
            amount=f"{chance.randrange(100, 9000)},{chance.randrange(100):02}",
            q=str(chance.randrange(2, 90)),
            tracking=f"1Z{chance.randrange(10**9, 10**10)}",
            day=f"{day:%d/%m/%Y}",
        )

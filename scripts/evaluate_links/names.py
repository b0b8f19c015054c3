"""Names of people and companies, drawn from short lists."""

import random

FREE = ("gmail.com", "libero.it", "outlook.com", "yahoo.it", "icloud.com")
_FIRST = [
    "Anna",
    "Luca",
    "Marta",
    "Paolo",
    "Giulia",
    "Marco",
    "Elena",
    "Sergio",
    "Chiara",
    "Davide",
    "Irene",
    "Franco",
    "John",
    "Mary",
    "Peter",
    "Susan",
    "Karl",
    "Eva",
    "Pierre",
    "Claire",
]
_LAST = [
    "Bianchi",
    "Verdi",
    "Neri",
    "Ferrari",
    "Galli",
    "Costa",
    "Rizzo",
    "Moretti",
    "Greco",
    "Conti",
    "Bruno",
    "Villa",
    "Smith",
    "Baker",
    "Carter",
    "Hughes",
    "Weber",
    "Vogel",
    "Martin",
    "Durand",
    "Leone",
    "Fabbri",
    "Serra",
    "Longo",
    "Marini",
    "Testa",
]
_TRADES = [
    "Impianti",
    "Meccanica",
    "Legnami",
    "Costruzioni",
    "Elettronica",
    "Trasporti",
    "Alimentari",
    "Tessuti",
    "Vetri",
    "Plastica",
    "Utensili",
    "Ceramiche",
    "Hydraulics",
    "Tools",
    "Timber",
    "Packaging",
    "Instruments",
    "Motors",
]
_FORMS = ("srl", "spa", "snc", "sas", "Ltd", "GmbH")


def person(chance: random.Random) -> tuple[str, str]:
    """First and last name."""
    return chance.choice(_FIRST), chance.choice(_LAST)


def company(chance: random.Random) -> str:
    """A company's name, not always another one."""
    return f"{chance.choice(_LAST)} {chance.choice(_TRADES)} {chance.choice(_FORMS)}"

"""The demo company's mail: a year of it, and what arrives while the demo runs."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from tui_mail.demo.bulk_mail import post_bulk
from tui_mail.demo.certified import post_bounces, post_year_of_certified
from tui_mail.demo.conversations import Conversation, Topic, play_conversations, scenes_by_topic
from tui_mail.demo.first_screen import post_first_screen
from tui_mail.demo.mailroom import Mailroom
from tui_mail.demo.records import DemoCompany, DemoDocument, DemoMessage

TOTAL = 3000
FRESH = 20
FRESH_KINDS = ("sales_order", "quote", "delivery_note", "invoice")


def messages(company: DemoCompany) -> Iterator[DemoMessage]:
    """Yield 3,000 messages of three accounts, oldest first.

    `flags` are IMAP flags with their backslash; `received_at` is aware UTC. Folders: INBOX, Sent,
    Archive, Drafts, Trash, Junk, and the company's own Commesse and Fornitori.
    """
    room = Mailroom(company, random.Random(f"{company.seed}:mail"))
    post_first_screen(room)
    post_bulk(room)
    post_year_of_certified(room)
    post_bounces(room)
    play_conversations(room, TOTAL)
    yield from room.messages()


def fresh_messages(company: DemoCompany, clock: Callable[[], datetime]) -> Iterator[DemoMessage]:
    """Yield further messages about open documents, from known contacts, each written when asked for.

    `clock` gives the moment, aware. Each has the number of its document in the subject, and is unread.
    """
    room = Mailroom(company, random.Random(f"{company.seed}:fresh"))
    source, scenes = room.source, scenes_by_topic()
    first = company.today - timedelta(days=60)
    cast = set(company.cast.values())
    recent: dict[str, list[DemoDocument]] = {kind: [] for kind in FRESH_KINDS}
    for document in company.documents:
        fitting = document.kind in recent and document.party_kind == "customer"
        alive = document.state == "open" and document.date >= first
        if fitting and alive and document.reference not in cast:
            recent[document.kind].append(document)
    for documents in recent.values():
        source.shuffle(documents)
    # Kinds take turns, orders first: the tour begins with one.
    rounds = chain.from_iterable(zip_longest(*recent.values()))
    chosen = [document for document in rounds if document is not None][:FRESH]
    for document in chosen:
        party = room.party_of(document)
        choices = [
            scene
            for scene in scenes[document.kind, party.language]
            if scene.turns[0].speaker == "them" and all("{num}" in text for text in scene.subjects)
        ]
        topic = Topic(document.kind, party, document.date, document)
        conversation = Conversation(room, source.choice(choices), topic)
        item = conversation.first_turn(clock())
        yield DemoMessage(item.account, "INBOX", item.raw, frozenset(), item.moment)

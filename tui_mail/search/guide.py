"""What the query language is, in a few lines for people: for the command's help and the console's."""

from typing import NamedTuple

from tui_mail.i18n import _


class Rule(NamedTuple):
    """What is typed, and what it finds."""

    typed: str
    found: str


def rules() -> list[Rule]:
    """The language, the most used first; every operator has an Italian name too."""
    return [
        Rule('words "a phrase" begin*', _("all of them, anywhere: text, people, files")),
        Rule("-word  NOT word", _("without it")),
        Rule("a or b  {a b}  ( )", _("one of them; groups")),
        Rule("from: to: cc: bcc:", _("names and addresses; from:(anna or bruno)")),
        Rule("subject: body:", _("words there only")),
        Rule("filename: attachment:", _("names of files; the text inside files")),
        Rule("has:attachment has:link", _("with files; linked to a record")),
        Rule("is:unread read starred", _("and answered, draft, sent, linked, unlinked, proposed")),
        Rule("in: account:", _("folder or what it is for; in:anywhere with trash and spam")),
        Rule("before: after: on: date:", _("2026-03-31, 31/03, yesterday; date:2026-01..2026-03")),
        Rule("newer:7d older:3m", _("hours h, days d, weeks w, months m, years y")),
        Rule("larger:2M smaller:10k", _("size of the message")),
        Rule("customer: supplier: lead:", _("mail of a party, by code or name: customer:ferri")),
        Rule("order: invoice: ddt:", _("of a document: order:123, invoice:88/A, OC 123")),
        Rule("quote: offer: due: job:", _("likewise; activity: opportunity:")),
        Rule("assigned: state:", _("me, nobody, a name; open, waiting, done")),
        Rule(
            "tag: kind: thread: mid:", _("tag; human, list, bounce, pec…; conversation; Message-ID")
        ),
        Rule("Att: Rossi  A: mario", _("words: a, att, car, com, con, e, for before a space")),
        Rule("@NAME  saved:NAME", _("what a saved search finds")),
    ]

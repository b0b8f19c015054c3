"""What the query language is, in a few lines for people: for the command's help and the console's."""

from typing import NamedTuple

from tui_mail.i18n import _


class Rule(NamedTuple):
    """What is typed, and what it finds."""

    typed: str
    found: str


def examples() -> list[str]:
    """What is typed most, a search each, in the language in use: for a line that has little room."""
    return [
        _("from:anna"),
        _("before:1/3"),
        _("has:attachment"),
        _("in:sent"),
        _("newer:7d"),
        _("customer:ferri"),
        _("subject:order"),
        _("is:unread"),
        _("order:123"),
        _("to:anna"),
    ]


def rules(*, crm: bool = True) -> list[Rule]:
    """The language, the most used first, with the names that operators have in the language in use.

    `crm`: with the records of a CRM.
    """
    return [
        Rule(_('words "a phrase" begin*'), _("all of them, anywhere: text, people, files")),
        Rule(_("-word  NOT word"), _("without it")),
        Rule(_("a or b  {a b}  ( )"), _("one of them; groups")),
        Rule(_("from: to: cc: bcc:"), _("names and addresses; from:(anna or bruno)")),
        Rule(_("subject: body:"), _("words there only")),
        Rule(_("filename: attachment:"), _("names of files; also the text inside them")),
        Rule(_("has:attachment has:link"), _("with files; linked to a record")),
        Rule(
            _("is:unread is:read is:starred"),
            _("and answered, unanswered, draft, sent, linked, unlinked, proposed"),
        ),
        Rule(_("in: account:"), _("folder or what it is for; in:anywhere with trash and spam")),
        Rule(
            _("before: after: on: date:"),
            _("2026-03-31, 31/03, yesterday; date:2026-01..2026-03"),
        ),
        Rule(_("newer:7d older:3m"), _("hours h, days d, weeks w, months m, years y")),
        Rule(_("larger:2M smaller:10k"), _("size of the message")),
        Rule(
            _("customer: supplier: lead:") if crm else _("customer: supplier:"),
            _("mail of a party, by code or name: customer:ferri"),
        ),
        Rule(_("order: invoice: ddt:"), _("of a document: order:123, invoice:88/A, OC 123")),
        Rule(_("quote: offer: due: job:"), _("likewise; activity: opportunity:"))
        if crm
        else Rule(_("quote: due: job:"), _("likewise")),
        Rule(_("assigned: state:"), _("me, nobody, a name; open, waiting, done")),
        Rule(
            _("tag: kind: thread: mid:"),
            _("tag; human, list, bounce, pec; conversation; Message-ID"),
        ),
        Rule(_("Att: Rossi  A: mario"), _("words: a, att, car, com, con, e, for before a space")),
        Rule(_("@NAME  saved:NAME"), _("what a saved search finds")),
        Rule(_("da:ferri e:non-letto"), _("every operator has its Italian name too")),
    ]

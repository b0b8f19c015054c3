"""The query language: any text is a query or a mistake with its place."""

import re
from datetime import UTC, datetime
from typing import Any as Anything
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tui_mail.search.language import DEEPEST, LONGEST_QUERY, MOST_WORDS, parse
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.printing import printed
from tui_mail.search.tree import (
    ME,
    NOBODY,
    All,
    Any,
    Anywhere,
    AssignedTo,
    Between,
    ConversationState,
    Field,
    HasAttachment,
    InFolder,
    InState,
    InThread,
    Is,
    Mark,
    Not,
    Nothing,
    OfAccount,
    OfKind,
    OfRecord,
    Saved,
    Size,
    Tagged,
    Tree,
    WithMessageId,
    Words,
    all_of,
    any_of,
    negated,
)
from tui_mail.search.words import words

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)


def read(text: str) -> Tree:
    return parse(text, NOW, ROME)


def w(*found: str, prefix: bool = False, field: Field = Field.ANYWHERE) -> Words:
    return Words(found, prefix, field)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


ORDERS = ("sales_order", "purchase_order")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Perché", w("perche")),
        ("Perché città", All((w("perche"), w("citta")))),
        ('"ordine 119"', w("ordine", "119")),
        ('"ordine 119', w("ordine", "119")),
        ('monitor 24"', All((w("monitor"), w("24")))),
        ("prev*", w("prev", prefix=True)),
        ('"ordine 11"*', w("ordine", "11", prefix=True)),
        ("rossi@x.it", w("rossi", "x", "it")),
        ("@x.it", w("x", "it")),
        ("12/2026", w("12", "2026")),
        ("l'azienda", w("l", "azienda")),
        ("見積書", w("見", "積", "書")),
        ("a -b", All((w("a"), Not(w("b"))))),
        ("a NOT b NON c", All((w("a"), Not(w("b")), Not(w("c"))))),
        ("a not b", All((w("a"), w("not"), w("b")))),
        ("not", w("not")),
        ("not not a", All((w("not"), w("a")))),
        ("a not (b c)", All((w("a"), Not(All((w("b"), w("c"))))))),
        ('Not "a b"', Not(w("a", "b"))),
        ("not from:anna", Not(w("anna", field=Field.SENDER))),
        ("non da:anna o", All((Not(w("anna", field=Field.SENDER)), w("o")))),
        ("non pagato", All((w("non"), w("pagato")))),
        ("(a not) b", All((w("a"), w("not"), w("b")))),
        ("-(a or b)", Not(Any((w("a"), w("b"))))),
        ("NOT NOT a", w("a")),
        ("a or b", Any((w("a"), w("b")))),
        ("a OR b AND c d", Any((w("a"), All((w("b"), w("c"), w("d")))))),
        ("a O b E c", Any((w("a"), All((w("b"), w("c")))))),
        ("a o b e c", All((w("a"), w("o"), w("b"), w("e"), w("c")))),
        ("this or", All((w("this"), w("or")))),
        ("Rossi & Figli", All((w("rossi"), w("figli")))),
        ("{a b c}", Any((w("a"), w("b"), w("c")))),
        ("{from:anna a AND b}", Any((w("anna", field=Field.SENDER), All((w("a"), w("b")))))),
        ("(a (b))", All((w("a"), w("b")))),
        ("a a", w("a")),
        ("- * ! ''", Nothing()),
        ("", Nothing()),
        ("()", Nothing()),
        ("-***", Nothing()),
    ],
)
def test_words_and_how_they_are_joined(text: str, tree: Tree) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("from:Rossi", w("rossi", field=Field.SENDER)),
        ("da: Rossi", w("rossi", field=Field.SENDER)),
        ("a:Rossi", w("rossi", field=Field.RECIPIENTS)),
        ('TO:"Anna Bianchi"', w("anna", "bianchi", field=Field.RECIPIENTS)),
        ("subject:sol*", w("sol", prefix=True, field=Field.SUBJECT)),
        ("Oggetto:Re:offerta", w("re", "offerta", field=Field.SUBJECT)),
        ("deliveredto:anna", w("anna", field=Field.RECIPIENTS)),
        ("cc:x", w("x", field=Field.COPY)),
        ("bcc:x", w("x", field=Field.BLIND_COPY)),
        ("attachment:pompa", w("pompa", field=Field.ATTACHMENT)),
        ("filename:88.pdf", w("88", "pdf", field=Field.FILE_NAME)),
        (
            "da:(anna o bruno)",
            Any((w("anna", field=Field.SENDER), w("bruno", field=Field.SENDER))),
        ),
        (
            "da:(anna o) o",
            All((w("anna", field=Field.SENDER), w("o", field=Field.SENDER), w("o"))),
        ),
        (
            "from:(anna or bruno)",
            Any((w("anna", field=Field.SENDER), w("bruno", field=Field.SENDER))),
        ),
        (
            "from:{anna -bruno}",
            Any((w("anna", field=Field.SENDER), Not(w("bruno", field=Field.SENDER)))),
        ),
        (
            "from:(anna subject:x)",
            All((w("anna", field=Field.SENDER), w("x", field=Field.SUBJECT))),
        ),
        ("in:INBOX", InFolder("INBOX")),
        ("in:(a or b)", Any((InFolder("a"), InFolder("b")))),
        ('in:"Posta inviata"', InFolder("Posta inviata")),
        ("in:cestino", Any((InFolder("cestino"), InFolder("trash")))),
        ("in:anywhere", Anywhere()),
        ('in:"anywhere"', InFolder("anywhere")),
        ("account:Anna@Noi.it", OfAccount("anna@noi.it")),
        ("is:unread", Is(Mark.UNREAD)),
        ("È:non_letto", Is(Mark.UNREAD)),
        ("has:attachment", HasAttachment()),
        ("ha:allegati", HasAttachment()),
        ("has:link", Is(Mark.LINKED)),
        ("is:senza-legame", Is(Mark.UNLINKED)),
        ("tag:urgente", Tagged("urgente")),
        ("tag:unread", Is(Mark.UNREAD)),
        ('tag:"unread"', Tagged("unread")),
        ("mid:<a.b@c>", WithMessageId("a.b@c")),
        ("thread:12", InThread(12)),
        ("kind:bounce", OfKind(("bounce",))),
        ("class:auto_reply", OfKind(("auto_reply",))),
        ("kind:pec", OfKind(("pec_envelope", "pec_receipt"))),
        ("assigned:me", AssignedTo(ME)),
        ("assegnata:nessuno", AssignedTo(NOBODY)),
        ("assigned:giulia", AssignedTo("giulia")),
        ("state:waiting", InState(ConversationState.WAITING)),
        ("stato:fatta", InState(ConversationState.DONE)),
        ("@ordini", Saved("ordini")),
        ('@"Senza legame"', Saved("Senza legame")),
        ("saved:ordini", Saved("ordini")),
    ],
)
def test_operators(text: str, tree: Tree) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("order:123", OfRecord(ORDERS, "123")),
        ("ordine:2026/123", OfRecord(ORDERS, "2026/123")),
        ("sales_order:2026/123@ROSSI", OfRecord(("sales_order",), "2026/123", company="ROSSI")),
        ("invoice:88/A", OfRecord(("invoice",), "88/A")),
        ("oc:123", OfRecord(("sales_order",), "123")),
        ("FT:88/A", OfRecord(("invoice",), "88/A")),
        ("scadenza:2026/88/A#2", OfRecord(("due_item",), "2026/88/A#2")),
        ("customer:C00107", OfRecord(("customer",), "C00107")),
        ("customer:ferri", OfRecord(("customer",), "ferri")),
        ('cliente:"Ferri Impianti"', OfRecord(("customer",), "Ferri Impianti")),
        ("customer:ferr*", OfRecord(("customer",), "ferr", prefix=True)),
        ("customer:info@x.it", OfRecord(("customer",), "info@x.it")),
        ("invoice:*", OfRecord(("invoice",))),
        ("attività:7", OfRecord(("activity",), "7")),
        ("OC 123", Any((All((w("oc"), w("123"))), OfRecord(("sales_order",), "123")))),
        ("ft 88/A", Any((All((w("ft"), w("88", "a"))), OfRecord(("invoice",), "88/A")))),
        ("due 3", All((w("due"), w("3")))),
        ("DUE 3", Any((All((w("due"), w("3"))), OfRecord(("due_item",), "3")))),
        ('"OC" 123', All((w("oc"), w("123")))),
        ("OC ferri", All((w("oc"), w("ferri")))),
    ],
)
def test_records_by_operator_and_by_label(text: str, tree: Tree) -> None:
    assert read(text) == tree


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("date:2026", utc(2025, 12, 31, 23), utc(2026, 12, 31, 23)),
        ("date:2026-07", utc(2026, 6, 30, 22), utc(2026, 7, 31, 22)),
        ("on:31/03/2026", utc(2026, 3, 30, 22), utc(2026, 3, 31, 22)),
        ("date:2026-01..2026-03", utc(2025, 12, 31, 23), utc(2026, 3, 31, 22)),
        ("date:..2026-03-01", None, utc(2026, 3, 1, 23)),
        ("date:2026-03-01..", utc(2026, 2, 28, 23), None),
        ("data:ieri", utc(2026, 11, 26, 23), utc(2026, 11, 27, 23)),
        ("date:12/11", utc(2026, 11, 11, 23), utc(2026, 11, 12, 23)),
        ("date:12/12", utc(2025, 12, 11, 23), utc(2025, 12, 12, 23)),
        ("date:friday", utc(2026, 11, 26, 23), utc(2026, 11, 27, 23)),
        ("date:week", utc(2026, 11, 22, 23), utc(2026, 11, 29, 23)),
        ("before:2026-03-01", None, utc(2026, 2, 28, 23)),
        ("after:2026/03/01", utc(2026, 2, 28, 23), None),
        ("until:2026-03-01", None, utc(2026, 3, 1, 23)),
        ("newer:7d", utc(2026, 11, 21, 10, 30), None),
        ("newer_than:2h", utc(2026, 11, 28, 8, 30), None),
        ("older:3m", None, utc(2026, 8, 28, 10, 30)),
        ("older_than:1a", None, utc(2025, 11, 28, 10, 30)),
        ("ultimi:7gg", utc(2026, 11, 21, 10, 30), None),
        ("date:2026-01-02T03:04:05Z..", utc(2026, 1, 2, 3, 4, 5), None),
        ("after:2026-01-02T03:04", utc(2026, 1, 2, 2, 4), None),
    ],
)
def test_times(text: str, since: datetime | None, until: datetime | None) -> None:
    assert read(text) == Between(since, until)


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"),
    [
        ("larger:2M", 2 * 1024**2, None),
        ("smaller:10k", None, 10240),
        ("size:1,5MB", 1572864, None),
        ("size:1k..2k", 1024, 2048),
        ("size:..300", None, 300),
        ("larger:999999999999G", 2**62, None),
    ],
)
def test_sizes(text: str, at_least: int | None, at_most: int | None) -> None:
    assert read(text) == Size(at_least, at_most)


@pytest.mark.parametrize(
    "text",
    [
        "http://x.it/a?b=c",
        "https://x.it:8080",
        "10:42",
        "Re: consegna",
        "RE:consegna",
        "Fwd:offerta",
        "Rif:offerta",
        r"C:\Users\anna",
        "C:/Users/anna",
        "<20260101.abc@x.it>",
        "20260101.abc@x.it",
        "std::vector",
        "fe80::1",
        "mailto:anna@x.it",
        "file://a/b",
        "nota: consegna",
        "Att: Rossi",
        "A: mario",
        "è: vero",
        "for: anna",
        "con: pompa",
        "car: 12",
        "com: 7",
        "c.a. Rossi att:",
        "C++:x",
        "☎:12",
    ],
)
def test_what_only_looks_like_an_operator_is_words(text: str) -> None:
    found = read(text)
    parts = found.parts if isinstance(found, All) else (found,)
    assert all(isinstance(part, Words) and not part.field for part in parts)
    assert [word for part in parts for word in part.words] == words(text)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "blamed", "said"),
    [
        ("a form:anna", "form:", "from:"),
        ("colour:red", "colour:", "“colour:”"),
        ("from:", "from:", "value"),
        ('x in:""', 'in:""', "value"),
        ("from:()", "from:", "value"),
        ("from:-", "from:-", "letter"),
        ("is:blue", "is:blue", "unread"),
        ("kind:spam", "kind:spam", "human"),
        ("a date:31/31/2026 b", "date:31/31/2026", "31/31/2026"),
        ("date:0001", "date:0001", "0001"),
        ("date:9999", "date:9999", "9999"),
        ("date:..", "date:..", "day"),
        ("newer:99999y", "newer:99999y", "99999y"),
        ("larger:big", "larger:big", "2M"),
        ("thread:abc", "thread:abc", "number"),
        ("type:pec", "type:", "“kind:”"),
        ("order:-", "order:-", "number"),
        ("(a or b", "(", "closed"),
        ("a) b", ")", "closes"),
        ("(a}", "(", "closed"),
        ("a OR", "OR", "between"),
        ("OR a", "OR", "between"),
        ("a AND OR b", "AND", "between"),
        ("a NOT", "NOT", "after"),
        ("VITAMINA E", "E", "between"),
        ('NEAR( AND OR NOT "', "AND", "between"),
        ('@""', '@""', "name"),
        ("SAVED:@", "SAVED:@", "name"),
        ("(" * (DEEPEST + 1), "(", "deep"),
        ("parola " * 300, "parola", None),
        ("x" * (LONGEST_QUERY + 5), "xxxxx", str(LONGEST_QUERY)),
        (" ".join(str(n) for n in range(MOST_WORDS + 1)), str(MOST_WORDS), str(MOST_WORDS)),
    ],
)
def test_a_mistake_says_what_and_where(text: str, blamed: str, said: str | None) -> None:
    if said is None:  # the same word again is counted all the same
        said = str(MOST_WORDS)
    with pytest.raises(QueryMistake) as caught:
        read(text)
    assert text[caught.value.start : caught.value.end] == blamed
    assert said in caught.value.message
    assert not re.search(r"\{\w+\}", caught.value.message)


def checked(text: str) -> None:
    """A tree that reads back from its printing, or a mistake within the text."""
    try:
        tree = read(text)
    except QueryMistake as caught:
        mistake: QueryMistake | None = caught
    else:
        mistake = None
        assert read(printed(tree)) == tree
        printed(tree).encode()
    if mistake is not None:
        assert 0 <= mistake.start <= mistake.end <= len(text)
        assert mistake.message


FRAGMENTS = (
    *("from:", "to:", "a:", "in:", "is:", "tag:", "date:", "size:", "order:", "customer:", "oc"),
    *(
        "OR",
        "or",
        "AND",
        "and",
        "NOT",
        "NON",
        "E",
        "O",
        "-",
        "(",
        ")",
        "{",
        "}",
        '"',
        "*",
        " ",
        "@",
    ),
    *("rossi", "è", "123", "88/A", "2026-03", "..", "7d", "unread", "me", "x.it", ":", "//", "\\"),
    *("\0", "\u202e", "\ud800", "見", "colour:", "saved:", "#", "%", "'", ";", "|", "&", "\n"),
)


@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS)).map("".join)))
def test_any_text_is_a_query_or_a_mistake_with_its_place(text: str) -> None:
    checked(text)


def test_naughty_strings_are_queries_or_mistakes() -> None:
    lines = [
        line
        for path in sorted(data_folder("blns").glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
    ]
    assert len(lines) > 500
    for line in lines:
        checked(line)
        checked(f"from:{line}")
        checked(f'subject:"{line}"')
        checked(f"-({line})")


some_words = st.text(min_size=1).map(lambda text: tuple(words(text))).filter(bool)
names = st.text("abc è.-_/*#1:(){}", min_size=1).map(str.strip).filter(bool)
moments = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
numbers = st.integers(0, 10**11)


def bounded(kind: type, values: st.SearchStrategy[Anything]) -> st.SearchStrategy[Tree]:
    pairs = st.tuples(st.none() | values, st.none() | values).filter(any)
    return pairs.map(lambda pair: kind(*pair))


leaves: st.SearchStrategy[Tree] = st.one_of(
    st.builds(Words, some_words, st.booleans(), st.sampled_from(Field)),
    st.builds(InFolder, names),
    st.builds(OfAccount, names.map(str.lower)),
    st.builds(Is, st.sampled_from(Mark)),
    st.builds(Tagged, names),
    st.builds(InThread, numbers),
    st.builds(InState, st.sampled_from(ConversationState)),
    st.builds(AssignedTo, names),
    st.builds(Saved, names),
    st.builds(OfRecord, st.sampled_from([ORDERS, ("customer",), ("due_item",)]), st.just("88/A")),
    st.sampled_from([Anywhere(), HasAttachment(), OfKind(("human",))]),
    bounded(Between, moments),
    bounded(Size, numbers),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(all_of),
        st.lists(inner, min_size=2, max_size=3).map(any_of),
        inner.map(negated),
    ),
    max_leaves=8,
)


@given(trees)
def test_printing_a_tree_and_reading_it_again_gives_the_same_tree(tree: Tree) -> None:
    assert read(printed(tree)) == tree

"""Real bounces against the codes that another reader of bounces finds in them.

The other one also reads prose and gives codes of its own (5.0.9xx) where nothing is said; ours
tells what the fields say. Every difference is listed with its reason: a new one fails, and so
does a listed one that is no more.
"""

import csv
from collections import defaultdict

from tests.data import data_folder, messages
from tui_mail.mail.parse import parse
from tui_mail.mail.reports import delivery_reports, reading_report

PROSE = "no report fields: the answer is in prose only"
TRANSCRIPT = "the code is in the transcript of the session only"
COUNT = "one address reported twice, or several in one block"
FIELD = "the field says this; the other one judges by the words"
CODES = {
    "lhost-exchange2003-01.eml": PROSE,
    "lhost-exchange2003-02.eml": PROSE,
    "lhost-exchange2003-03.eml": PROSE,
    "lhost-exchange2003-04.eml": PROSE,
    "lhost-exchange2003-05.eml": PROSE,
    "lhost-exchange2003-07.eml": PROSE,
    "lhost-exchange2007-05.eml": FIELD,
    "lhost-exim-03.eml": TRANSCRIPT,
    "lhost-exim-04.eml": TRANSCRIPT,
    "lhost-exim-38.eml": PROSE,
    "lhost-exim-41.eml": PROSE,
    "lhost-exim-52.eml": PROSE,
    "lhost-gmail-06.eml": PROSE,
    "lhost-gmail-08.eml": PROSE,
    "lhost-gmail-09.eml": PROSE,
    "lhost-gmail-17.eml": PROSE,
    "lhost-postfix-07.eml": PROSE,
    "lhost-postfix-34.eml": PROSE,
    "lhost-postfix-49.eml": PROSE,
    "lhost-postfix-50.eml": PROSE,
    "lhost-postfix-64.eml": PROSE,
    "lhost-postfix-75.eml": PROSE,
    "lhost-sendmail-13.eml": TRANSCRIPT,
    "lhost-sendmail-14.eml": PROSE,
    "lhost-sendmail-15.eml": TRANSCRIPT,
    "lhost-sendmail-18.eml": FIELD,
    "lhost-sendmail-29.eml": TRANSCRIPT,
    "lhost-sendmail-30.eml": TRANSCRIPT,
    "lhost-sendmail-42.eml": TRANSCRIPT,
    "lhost-sendmail-53.eml": PROSE,
    "lhost-sendmail-54.eml": PROSE,
    "lhost-sendmail-55.eml": TRANSCRIPT,
    "lhost-sendmail-56.eml": FIELD,
    "rfc3464-04.eml": PROSE,
    "rfc3464-06.eml": PROSE,
    "rfc3464-28.eml": COUNT,
    "rfc3464-34.eml": PROSE,
    "rfc3464-35.eml": PROSE,
    "rfc3464-37.eml": PROSE,
    "rfc3464-38.eml": PROSE,
    "rfc3464-39.eml": PROSE,
}
FILTERED = "said to be unknown by a filter: refused for good all the same"
BY_STATUS = "the status says that there is no such address"
WORDS = "only the prose, or words of the domain, say that there is no such address"
LATER = "refused for now: it may exist later"
PERMANENT = {
    "lhost-exim-30.eml": WORDS,
    "lhost-exim-31.eml": WORDS,
    "lhost-exim-51.eml": BY_STATUS,
    "lhost-outlook-03.eml": WORDS,
    "lhost-outlook-08.eml": WORDS,
    "lhost-postfix-01.eml": BY_STATUS,
    "lhost-postfix-03.eml": FILTERED,
    "lhost-postfix-05.eml": LATER,
    "lhost-postfix-30.eml": WORDS,
    "lhost-postfix-35.eml": FILTERED,
    "lhost-postfix-46.eml": WORDS,
    "lhost-sendmail-02.eml": FILTERED,
    "lhost-sendmail-19.eml": FILTERED,
    "lhost-sendmail-27.eml": FILTERED,
    "lhost-sendmail-40.eml": FILTERED,
    "lhost-sendmail-50.eml": FILTERED,
    "lhost-sendmail-51.eml": FILTERED,
    "rfc3464-01.eml": BY_STATUS,
    "rfc3464-42.eml": FILTERED,
}
NO_BOUNCE = {
    "lhost-exchange2003-03.eml": "a subject of one letter, no report: nothing says what it is",
    "lhost-postfix-75.eml": "to the postmaster about a session, not about a letter",
    "lhost-sendmail-14.eml": "a bounce that a person forwarded",
}


def expected() -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (data_folder("sisimai") / "EXPECTED.dev.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            rows[row["file"]].append(row)
    return rows


def bounces() -> dict[str, bytes]:
    return {path.rpartition("/")[2]: raw for path, raw in messages("sisimai") if ".eml" in path}


def is_own_code(status: str) -> bool:
    return status.split(".")[1:2] == ["0"] and status.rpartition(".")[2].startswith("9")


def test_status_and_reply_of_every_bounce() -> None:
    raws, differing = bounces(), set()
    for name, rows in expected().items():
        if name not in raws:
            continue
        reports = parse(raws[name]).reports
        if len(reports) != len(rows):
            differing.add(name)
            continue
        for row, report in zip(rows, reports, strict=True):
            known = not is_own_code(row["dsn"])
            if (known and report.status != row["dsn"]) or report.reply != (
                row["replycode"] or report.reply
            ):
                differing.add(name)
    assert differing == set(CODES)


def test_addresses_that_do_not_exist() -> None:
    raws, differing = bounces(), set()
    for name, rows in expected().items():
        if name not in raws:
            continue
        reports = parse(raws[name]).reports
        for row, report in zip(rows, reports, strict=False):
            if report.permanent != (row["hardbounce"] == "true"):
                differing.add(name)
    assert differing == set(PERMANENT)


def test_what_is_a_bounce() -> None:
    found = {name for name, raw in bounces().items() if parse(raw).kind != "bounce"}
    assert found == set(NO_BOUNCE)


def test_the_fields_of_a_report() -> None:
    content = (
        b"Reporting-MTA: dns; mx.example.net\r\n\r\n"
        b"Final-Recipient: RFC822; <anna@x.it>\r\nOriginal-Recipient: rfc822;info@x.it\r\n"
        b"Action: failed (of course)\r\nStatus: 5.0.0\r\n"
        b"Diagnostic-Code: smtp; 550\r\n 5.1.1 no such user\r\n\r\n"
        b"Final-Recipient: rfc822; bruno@x.it\r\nAction: Delayed\r\nStatus: 4.4.1 (timeout)\r\n"
    )
    anna, bruno = delivery_reports(content)
    assert (anna.recipient, anna.original_recipient) == ("anna@x.it", "info@x.it")
    assert (anna.action, anna.status, anna.reply) == ("failed", "5.1.1", "550")
    assert (anna.diagnostic, anna.remote) == ("550 5.1.1 no such user", "mx.example.net")
    assert anna.permanent
    assert (bruno.action, bruno.status, bruno.permanent) == ("delayed", "4.4.1", False)


def test_a_reading_receipt_says_who_read_what() -> None:
    content = (
        b"Reporting-UA: x\nFinal-Recipient: rfc822; anna@x.it\nOriginal-Message-ID: <1@y>\n"
        b"Disposition: manual-action/MDN-sent-manually; displayed\n"
    )
    (report,) = reading_report(content)
    assert (report.recipient, report.action, report.message_id) == ("anna@x.it", "displayed", "1@y")


def test_an_empty_report_tells_of_nobody() -> None:
    assert delivery_reports(b"") == ()
    assert reading_report(b"\x00\xff") == ()

"""What the doctor says of each thing that it finds: what is wrong, and what to do."""

from tui_mail.i18n import _, msgid

_SENTENCES = {
    "rights": msgid(
        "Files that others may read or change, or that another user owns: {count}. --repair takes "
        "the rights of others away; what another user owns is given back with chown."
    ),
    "disk_space": msgid(
        "Disks with less than 500 MB free: {count}. Free some space before mail has no room."
    ),
    "network_file_system": msgid(
        "The database lies on a network file system, which loses data of SQLite: put it on a local "
        "disk, or use PostgreSQL (`database` in settings.toml)."
    ),
    "database_damaged": msgid(
        "Faults that the database finds in itself: {count}. Restore the last backup "
        "(tui-mail db restore), or ask whoever looks after the server."
    ),
    "references": msgid(
        "Rows that hang on something that is gone: {count}. --repair deletes them."
    ),
    "threads": msgid(
        "Messages that are not in exactly one conversation: {count}. --repair puts them where they "
        "belong."
    ),
    "messages_nowhere": msgid(
        "Messages that are in no folder and that nothing needs: {count}. --repair deletes them."
    ),
    "conversations": msgid(
        "Conversations that a list shows wrongly: {count}. --repair works them out again."
    ),
    "folder_counters": msgid(
        "Folders whose counters are not what is in them: {count}. --repair counts again."
    ),
    "attachment_counters": msgid(
        "Attachments that are not counted rightly: {count}. --repair counts again."
    ),
    "links": msgid("References to records that are gone: {count}. --repair deletes them."),
    "search_index": msgid(
        "Messages that the search does not know as they are: {count}. --repair indexes them again."
    ),
    "no_source": msgid(
        "Messages whose original is gone: {count}. Restore them from a backup "
        "(tui-mail db restore), or import them again."
    ),
    "no_text": msgid(
        "Messages whose text is gone: {count}. Export them, delete them, and import them again."
    ),
    "operations_stuck": msgid(
        "Changes that a server does not take: {count}. tui-mail worker status says what is wrong "
        "with the account."
    ),
    "letters_unknown": msgid(
        "Letters of which nobody knows whether they went out: {count}. Ask a recipient, then "
        "tui-mail outbox settle or retry."
    ),
    "attachments_lost": msgid(
        "Attachments whose file is not in the folder: {count}. Import their messages again, or "
        "restore the folder from a backup; the messages stay readable meanwhile."
    ),
    "attachments_damaged": msgid(
        "Attachments whose file is damaged, or is another one's: {count}. Import their messages "
        "again, or restore the folder from a backup; the messages stay readable meanwhile."
    ),
    "attachments_closed": msgid(
        "Attachments whose file names a key that the vault does not have: {count}. Import their "
        "messages again, or restore folder and vault from one backup (tui-mail db restore)."
    ),
    "vault_closed": msgid(
        "The vault does not open here, so that neither passwords nor attachments were tried. First "
        "mend that:"
    ),
    "passwords_closed": msgid(
        "Accounts whose password no key of the vault opens: {count}. Set it anew with tui-mail "
        "account password."
    ),
    "attachments_unused": msgid(
        "Files that nothing needs any more, or that were never written to the end: {count}. "
        "--repair deletes them."
    ),
    "folder_shared": msgid(
        "The attachments' folder serves other databases too ({count}), so nothing is deleted from "
        "it. Delete the marks of those that are no more."
    ),
    "strange_files": msgid(
        "Files among the attachments that are not ours: {count}. Move them somewhere else."
    ),
    "messages_damaged": msgid(
        "Messages that are not given back as they came: {count}. Restore them from a backup "
        "(tui-mail db restore), or import them again."
    ),
}


def sentence(slug: str, count: int) -> str:
    """The sentence of a finding."""
    return _(_SENTENCES[slug]).format(count=count)

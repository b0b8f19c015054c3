"""`vault`: who can open the keys of this installation, and new keys."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.words import slot_word
from tui_mail.errors import WrongUse
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import safe

if TYPE_CHECKING:
    from tui_mail.slots import Slot
    from tui_mail.vault import Vault


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "init",
        help=_("Make the vault, with a slot for this machine. Asks nothing."),
        epilog=_("Example: tui-mail vault init"),
    )(_init)
    group.command(
        "slots",
        help=_("Who can open the vault: operators by a passphrase, machines by a key file."),
        epilog=_("Example: tui-mail vault slots --json"),
    )(_slots)
    group.command(
        "add-slot",
        help=_("Let an operator or a machine open the vault."),
        epilog=_(
            "Example: tui-mail vault add-slot --operator anna; on another machine that shares the "
            "attachments: tui-mail vault add-slot --machine"
        ),
    )(_add_slot)
    group.command(
        "revoke",
        help=_("Take a slot away; what it opened before stays known to whoever had it."),
        epilog=_("Example: tui-mail vault revoke 5c0f1a2b --rotate"),
    )(_revoke)
    group.command(
        "rotate",
        help=_(
            "Make a new key and seal everything with it, while others go on working. After an "
            "interruption the same command goes on."
        ),
        epilog=_("Example: tui-mail vault rotate"),
    )(_rotate)
    app.add_typer(group, name="vault", help=_("The keys: init, slots, add-slot, revoke, rotate."))


def _init(context: typer.Context) -> None:
    call: Context = context.obj
    created = not call.vault.file.exists()
    call.vault.unlock()
    call.emit({"vault": str(call.vault.file), "created": created}, str(call.vault.file))


def _slots(context: typer.Context) -> None:
    call: Context = context.obj
    call.require_installation()
    for slot in call.vault.slots():
        record = _record(call.vault, slot)
        here = _("this machine") if record["here"] else ""
        call.emit(
            record, f"{slot.id}  {slot_word(slot.kind):9}  {slot.name:24}  {slot.created}  {here}"
        )


def _record(vault: "Vault", slot: "Slot") -> dict[str, Any]:
    return {
        "slot": slot.id,
        "kind": slot.kind,
        "name": slot.name,
        "created": slot.created,
        "here": vault.is_here(slot),
    }


def _add_slot(
    context: typer.Context,
    operator: str = typer.Option(
        "", "--operator", metavar="LOGIN", help=_("whose passphrase it is; default: yours")
    ),
    machine: bool = typer.Option(False, "--machine", help=_("for this machine, by a key file")),
    write: Path = typer.Option(
        None, "--write", metavar="FILE",
        help=_("with --machine: for another machine; FILE is put there as its key file"),
    ),
    name: str = typer.Option("", "--name", help=_("with --machine: what it is called")),
    stdin: bool = typer.Option(
        False, "--new-passphrase-stdin", help=_("the new passphrase is on standard input")
    ),
) -> None:  # fmt: skip
    call: Context = context.obj
    if machine and (operator or stdin):
        raise WrongUse(_("Give one of --operator and --machine: a machine has no passphrase."))
    if not machine and (write or name):
        raise WrongUse(_("--write and --name go with --machine."))
    call.require_installation()
    call.vault.unlock()
    if machine:
        slot = call.vault.add_machine(name, write)
    else:
        slot = call.vault.add_operator(operator or call.login, _new_passphrase(stdin=stdin))
    call.emit(
        _record(call.vault, slot),
        _("{name} can open the vault by the slot {slot}.").format(name=slot.name, slot=slot.id),
    )
    if write:
        call.say(
            _("Put {file} on the other machine as its key file, and delete it here.").format(
                file=write
            )
        )


def _new_passphrase(*, stdin: bool) -> str:
    if stdin or not sys.stdin.isatty():
        if not stdin:
            raise WrongUse(
                _("No passphrase: give it on standard input with --new-passphrase-stdin.")
            )
        passphrase = sys.stdin.readline().rstrip("\r\n")
        if not passphrase:
            raise WrongUse(
                _(
                    "Standard input has no new passphrase: write it there on one line, behind that "
                    "of the vault where --passphrase-stdin is given."
                )
            )
        return passphrase
    prompts = (safe(_("New passphrase:")), safe(_("Once more:")))
    first, second = (getpass.getpass(f"{prompt} ", stream=sys.stderr) for prompt in prompts)
    if first != second:
        raise WrongUse(_("The two are not the same: nothing was changed."))
    return first


def _revoke(
    context: typer.Context,
    slot_id: str = typer.Argument(..., metavar="ID"),
    rotate: bool = typer.Option(False, "--rotate", help=_("make a new key as well")),
    sure: bool = typer.Option(False, "--yes", help=_("also the slot of this machine")),
) -> None:
    call: Context = context.obj
    call.require_installation()
    slots = call.vault.slots()
    ours = any(one.id == slot_id and call.vault.is_here(one) for one in slots)
    if ours and len(slots) > 1 and not sure:
        raise WrongUse(
            _(
                "The slot {slot} is this machine's own: without it the vault opens here by a "
                "passphrase alone (--passphrase-stdin), and the worker not at all. Give --yes to "
                "revoke it all the same."
            ).format(slot=slot_id)
        )
    slot = call.vault.revoke(slot_id, turn=rotate)
    call.emit(
        {"slot": slot.id, "revoked": True, "rotated": rotate},
        _("{name} does not open the vault any more.").format(name=slot.name),
    )
    if rotate:
        _go_on(call)
    else:
        call.say(
            _(
                "Whoever had its key or passphrase may have kept the keys: tui-mail vault rotate "
                "makes new ones."
            )
        )


def _rotate(context: typer.Context) -> None:
    call: Context = context.obj
    call.require_installation()
    if not call.vault.turn():
        call.say(_("A rotation was interrupted, or is under way: it is completed."))
    _go_on(call)


def _go_on(call: Context) -> None:
    from tui_mail.worker.rotation import rotate

    def progress(count: int) -> None:
        if count % 100 == 0:
            call.progress(_("attachments: {count}").format(count=count))

    try:
        done = rotate(call.database, call.blobs, call.vault, call.attachments, progress)
    finally:
        call.progress_done()
    for name in done.unreadable:
        call.refuse({"unreadable": name}, _("{name} opens with no key.").format(name=name))
    for email in done.lost:
        call.refuse(
            {"account": email},
            _(
                "The password of {email} opens with no key: set it anew with tui-mail account "
                "password."
            ).format(email=email),
        )
    call.emit(
        {
            "blobs": done.blobs,
            "secrets": done.secrets,
            "unreadable": len(done.unreadable),
            "old_keys": done.old_keys,
        },
        ngettext(
            "{count} attachment has the new key.",
            "{count} attachments have the new key.",
            done.blobs,
        ).format(count=done.blobs),
    )
    if done.lost:
        call.exit_code = 1
    if done.old_keys and done.others:
        call.say(
            ngettext(
                "{count} other database uses these attachments: old keys stay until tui-mail vault "
                "rotate was run there, too, and here once more.",
                "{count} other databases use these attachments: old keys stay until tui-mail vault "
                "rotate was run there, too, and here once more.",
                done.others,
            ).format(count=done.others)
        )
    if done.unreadable:
        call.exit_code = 1
        call.say(_("Not everything could be read: restore it from a backup, then rotate again."))

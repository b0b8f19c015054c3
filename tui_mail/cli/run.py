"""The command line as a whole: options that stand anywhere, commands, exit codes.

`--home`, `--as`, `--lang`, `--json` and `--passphrase-stdin` are understood before or after the command's name.
"""

import contextlib
import errno
import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tui_mail.cli.context import Context
from tui_mail.cli.parts import Parts
from tui_mail.config import find_home, load_settings
from tui_mail.errors import CannotWrite, InputOutput, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import LANGUAGES, _, set_language, system_language

_VALUED = {"--home": "home", "--as": "operator", "--lang": "lang"}
_FLAGS = {"--json", "--passphrase-stdin"}
_INTERRUPTED = 130
_NOT_WRITTEN = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG,
    errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG,
}  # fmt: skip


def run(parts: Parts, arguments: Sequence[str]) -> int:
    """Carry out one command line; its exit code (sysexits.h)."""
    _prepare_streams()
    set_language(system_language())
    rest, options, flags = _hoist(arguments)
    home = find_home(options.get("home"))
    context = Context(parts, home, "--json" in flags, options.get("operator", ""))
    try:
        _carry_out(context, rest, options, passphrase="--passphrase-stdin" in flags)
    except BrokenPipeError:
        _discard_output()  # nobody reads any more, which is no mistake of ours
    except KeyboardInterrupt:
        context.exit_code = _INTERRUPTED
    except OSError as error:
        _log(context, error)
        context.exit_code = _of_system(error).exit_code
        _discard_output()
        with contextlib.suppress(OSError):
            context.say(_of_system(error).message)
    finally:
        context.close()
    return context.exit_code


def _carry_out(
    context: Context, rest: list[str], options: dict[str, str], *, passphrase: bool
) -> None:
    """Run the command and report what goes wrong, but for what the outermost place handles."""
    try:
        _choose_language(context, options)
        if passphrase:
            context.passphrase = _passphrase()
        _dispatch(context, rest)
        sys.stdout.flush()
    except TuiMailError as error:
        context.fail(error)
    except UnicodeError as error:
        _log(context, error)
        context.fail(WrongData(_("Not everything in it is text: write it in UTF-8.")))
    except OSError as error:
        if _is_output(error):
            raise
        _log(context, error)
        context.fail(_of_system(error))
    except Exception as error:  # noqa: BLE001 — the outermost place: a traceback goes to the log only
        _log(context, error)
        context.fail(
            TuiMailError(
                _("An error of the program: {log} says more.").format(
                    log=context.home.logs / "tui_mail.log"
                )
            )
        )
    sys.stdout.flush()


def _prepare_streams() -> None:
    """A closed stream is an empty one; what the terminal's character set lacks is shown as `?`."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 — for good
            setattr(sys, name, null)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _is_output(error: OSError) -> bool:
    """Whether standard output itself failed: an error of a file names it."""
    return isinstance(error, BrokenPipeError) or (
        error.filename is None and error.errno in {errno.ENOSPC, errno.EIO, errno.EBADF}
    )


def _discard_output() -> None:
    """Let the interpreter's last flush go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _of_system(error: OSError) -> TuiMailError:
    """An error of the system that nobody foresaw."""
    kind = CannotWrite if error.errno in _NOT_WRITTEN else InputOutput
    place = f" {error.filename}" if error.filename else ""
    reason = error.strerror or type(error).__name__
    return kind(
        _("It did not work ({reason}{place}): see to that, and try again.").format(
            reason=reason, place=place
        )
    )


def _log(context: Context, error: Exception) -> None:
    with contextlib.suppress(TuiMailError, OSError):
        context.start_log()
        logging.getLogger("tui_mail").error("a command failed", exc_info=error)


def _passphrase() -> str:
    """The first line of standard input, which is read before all else; the rest is the command's."""
    text = sys.stdin.buffer.readline().decode().rstrip("\r\n")
    if not text:
        raise WrongUse(_("Standard input has no passphrase: write it there on one line."))
    return text


def _hoist(arguments: Sequence[str]) -> tuple[list[str], dict[str, str], set[str]]:
    """Take the options out that stand anywhere; everything after `--` is left alone."""
    rest: list[str] = []
    options: dict[str, str] = {}
    flags: set[str] = set()
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            rest.extend([word, *pending])
            break
        if word in _FLAGS:
            flags.add(word)
        elif name in _VALUED and (equals or pending):
            options[_VALUED[name]] = value if equals else pending.pop(0)
        else:
            rest.append(word)
    return rest, options, flags


def _choose_language(context: Context, options: dict[str, str]) -> None:
    wanted = options.get("lang", "")
    if wanted and wanted not in LANGUAGES:
        raise WrongUse(_("--lang takes it or en."))
    if not wanted:
        # A command that needs the settings says what is wrong with them.
        with contextlib.suppress(TuiMailError):
            wanted = load_settings(context.home).language
    set_language(wanted or system_language())


def _dispatch(context: Context, arguments: list[str]) -> None:
    if not arguments:  # the console does not wait for the tree of commands
        context.exit_code = context.parts.console(context)
        return
    import typer

    from tui_mail.cli.commands import command
    from tui_mail.cli.usage import sentence

    try:
        result = command().main(
            args=arguments, prog_name="tui-mail", standalone_mode=False, obj=context
        )
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except SystemExit as error:  # how the parser ends when nobody reads any more
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
    except typer.TyperException as error:
        raise WrongUse(sentence(error)) from error
    if isinstance(result, int) and result and not context.exit_code:
        context.exit_code = result

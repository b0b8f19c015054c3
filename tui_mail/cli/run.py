"""The command line as a whole: options that stand anywhere, commands, exit codes.

`--home`, `--as`, `--lang` and `--json` are understood before or after the command's name.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Sequence

from tui_mail.cli.context import Context
from tui_mail.cli.parts import Parts
from tui_mail.config import find_home, load_settings
from tui_mail.errors import CannotWrite, TuiMailError, WrongUse
from tui_mail.i18n import LANGUAGES, _, set_language, system_language

_VALUED = {"--home": "home", "--as": "operator", "--lang": "lang"}
_INTERRUPTED = 130


def run(parts: Parts, arguments: Sequence[str]) -> int:
    """Carry out one command line; its exit code (sysexits.h)."""
    set_language(system_language())
    rest, options, as_json = _hoist(arguments)
    context = Context(parts, find_home(options.get("home")), as_json, options.get("operator", ""))
    try:
        _choose_language(context, options)
        _dispatch(context, rest)
    except TuiMailError as error:
        context.fail(error)
    except BrokenPipeError:
        # Nobody reads any more: let the interpreter's last flush go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        context.exit_code = _INTERRUPTED
    except OSError as error:
        _log(context)
        context.fail(CannotWrite(_("It did not work ({reason}).").format(reason=error.strerror)))
    except Exception:  # noqa: BLE001 — the outermost place: a traceback goes to the log only
        _log(context)
        context.fail(
            TuiMailError(
                _("An error of the program: {log} says more.").format(
                    log=context.home.logs / "tui_mail.log"
                )
            )
        )
    finally:
        context.close()
    return context.exit_code


def _log(context: Context) -> None:
    with contextlib.suppress(TuiMailError, OSError):
        context.start_log()
        logging.getLogger("tui_mail").error("a command failed", exc_info=True)


def _hoist(arguments: Sequence[str]) -> tuple[list[str], dict[str, str], bool]:
    """Take the options out that stand anywhere; everything after `--` is left alone."""
    rest: list[str] = []
    options: dict[str, str] = {}
    as_json = False
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            rest.extend([word, *pending])
            break
        if word == "--json":
            as_json = True
        elif name in _VALUED and (equals or pending):
            options[_VALUED[name]] = value if equals else pending.pop(0)
        else:
            rest.append(word)
    return rest, options, as_json


def _choose_language(context: Context, options: dict[str, str]) -> None:
    wanted = options.get("lang", "")
    if wanted and wanted not in LANGUAGES:
        raise WrongUse(_("--lang takes it or en."))
    if not wanted:
        with contextlib.suppress(
            TuiMailError
        ):  # a command that needs the settings says what is wrong
            wanted = load_settings(context.home).language
    set_language(wanted or system_language())


def _dispatch(context: Context, arguments: list[str]) -> None:
    import typer

    from tui_mail.cli.commands import command

    try:
        result = command().main(
            args=arguments, prog_name="tui-mail", standalone_mode=False, obj=context
        )
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except typer.TyperException as error:
        problem = getattr(error, "message", "") or str(error)
        where = getattr(getattr(error, "ctx", None), "command_path", "tui-mail")
        raise WrongUse(
            _("{problem} See {command} --help.").format(problem=problem, command=where)
        ) from error
    if isinstance(result, int) and result and not context.exit_code:
        context.exit_code = result

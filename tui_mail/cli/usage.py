"""What is wrong with a command line, in the user's language: hides the words of the parser."""

from typing import Any

from tui_mail.i18n import _


def sentence(error: Exception) -> str:
    """One sentence for a parser's error, with the command whose help says more."""
    context = getattr(error, "ctx", None)
    command = str(getattr(context, "command_path", "")) or "tui-mail"
    return _("{problem} See {command} --help.").format(
        problem=_problem(error, context), command=command
    )


def _problem(error: Exception, context: Any) -> str:
    """The parser has a class for each kind of mistake, which are known by their names only."""
    kind = type(error).__name__
    names = sorted(getattr(getattr(context, "command", None), "commands", {}))
    if kind == "NoArgsIsHelpError":
        return _("Name one of its commands: {names}.").format(names=", ".join(names))
    if names and kind == "UsageError":
        return _("There is no such command; the commands are: {names}.").format(
            names=", ".join(names)
        )
    if kind == "NoSuchOption":
        return _("There is no option {option}.").format(option=getattr(error, "option_name", ""))
    if kind == "MissingParameter":
        return _("{parameter} is missing.").format(parameter=_parameter(error))
    if kind == "BadParameter":
        return _("The value of {parameter} is wrong.").format(parameter=_parameter(error))
    if kind == "BadOptionUsage":
        option = getattr(error, "option_name", "")
        return _("The option {option} needs a value behind it, or takes none.").format(
            option=option
        )
    if kind == "UsageError":
        return _("There are more arguments than the command takes.")
    return str(error)


def _parameter(error: Exception) -> str:
    parameter = getattr(error, "param", None)
    options = [one for one in getattr(parameter, "opts", ()) if one.startswith("-")]
    return options[0] if options else str(getattr(parameter, "metavar", "") or "?")

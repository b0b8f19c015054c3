"""How far something long has come, on one line of a terminal: how much, how quick, how long yet."""

import time

from tui_mail.cli.context import Context
from tui_mail.i18n import _, ngettext

_EVERY_SECONDS = 0.2
_SURE_AFTER_SECONDS = 1.0


class Progress:
    """Says something at most five times a second; `total` is in the unit of `done`, 0: not known."""

    def __init__(self, call: Context, total: int) -> None:
        self._call = call
        self._total = total
        self._started = time.monotonic()
        self._said = 0.0

    def show(self, messages: int, done: int) -> None:
        """So many messages and so much of the total are done."""
        now = time.monotonic()
        if now - self._said < _EVERY_SECONDS:
            return
        self._said = now
        seconds = now - self._started
        words = [
            ngettext("{count} message", "{count} messages", messages).format(count=f"{messages:n}")
        ]
        if seconds >= _SURE_AFTER_SECONDS:
            words.append(_("{rate} a second").format(rate=round(messages / seconds)))
        if self._total and 0 < done <= self._total:
            words.append(f"{100 * done // self._total} %")
            if seconds >= _SURE_AFTER_SECONDS:
                words.append(_left(seconds * (self._total - done) / done))
        self._call.progress(" · ".join(words))


def _left(seconds: float) -> str:
    if seconds < 90:
        return ngettext("{n} second left", "{n} seconds left", round(seconds)).format(
            n=round(seconds)
        )
    minutes = round(seconds / 60)
    return ngettext("{n} minute left", "{n} minutes left", minutes).format(n=minutes)

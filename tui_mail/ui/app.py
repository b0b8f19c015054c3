"""The console: shows its screens at once, opens its parts after the first paint, says what went wrong.

Hides how the application starts and ends: no parts before the first paint, no locals in an error,
no toast over what is being read, a clean terminal whatever happens.
"""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.segment import Segments
from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.worker import WorkerFailed

from tui_mail.config import Settings, crm_of
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.ui import formats
from tui_mail.ui.driver import GuardedDriver
from tui_mail.ui.held_keys import HeldKeys
from tui_mail.ui.keys import APP, Command, commands
from tui_mail.ui.pictures import Pictures
from tui_mail.ui.screens.help import HelpScreen
from tui_mail.ui.screens.main import MainScreen
from tui_mail.ui.screens.palette import palette
from tui_mail.ui.theme import Inks, load_colours, textual_theme
from tui_mail.ui.widgets.searchline import SearchInput
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.ui.parts import Parts

_FIRST_LIST_SECONDS = 5.0
_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # of these the last: no terminal any more
_TOGETHER_SECONDS = 0.01  # changes of the database that come within it are told as one
_SWITCH_SECONDS = 0.0005  # a thread that computes gives way to a key after that long, not 5 ms
_COLLECTED_AFTER = 5_000  # values: about a millisecond each time

log = logging.getLogger(__name__)


class Console(App[int]):
    """The application. `open_parts` is called in a thread once the first screen is drawn, and
    `complete`, which puts in the reader and the worker, once the first list is.
    """

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*APP]

    def __init__(
        self,
        settings: Settings,
        open_parts: Callable[[], "Parts"],
        complete: Callable[["Parts"], None] | None = None,
    ) -> None:
        self._inks = Inks(load_colours(settings.theme))
        self._ascii = settings.ascii
        self._crm = not crm_of(settings).unshown
        super().__init__(driver_class=GuardedDriver)
        self.animation_level = "none"
        self._pictures = Pictures(self, settings.pictures, ascii_only=settings.ascii)
        self._open_parts = open_parts
        self._complete = complete
        self._parts: Parts | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._topics: set[str] = set()
        self.held = HeldKeys(self.post_message)
        self._main = MainScreen()
        self.register_theme(textual_theme(self._inks.colours))
        self.theme = self._inks.colours.name
        self.set_keymap(settings.keys)

    @property
    def inks(self) -> Inks:
        return self._inks

    @property
    def ascii(self) -> bool:
        return self._ascii

    @property
    def pictures(self) -> Pictures:
        return self._pictures

    # -- beginning and end

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in _ENDINGS:
                loop.add_signal_handler(number, self._leave_by, number)
        self.app_resume_signal.subscribe(self, lambda _app: self._pictures.send())
        self.push_screen(self._main)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        begin(self, self._start, "start")

    async def _start(self) -> None:
        try:
            self._parts = parts = await asyncio.to_thread(self._opened)
            self._unsubscribe = parts.database.subscribe(self._hear)
            self._main.start(parts)
            with suppress(TimeoutError):  # a list that cannot be read must not keep mail away
                async with asyncio.timeout(_FIRST_LIST_SECONDS):
                    await self._main.first_list.wait()
            self._pictures.begin()
            if self._complete is not None:
                await asyncio.to_thread(self._complete, parts)
            _collect_again()
            self._main.complete()
            await parts.database.start()
            if parts.worker is not None:
                await parts.worker.start()
        except TuiMailError as error:
            self.exit(
                error.exit_code, return_code=error.exit_code, message=Text(safe(error.message))
            )

    def _opened(self) -> "Parts":
        formats.warm_up()
        return self._open_parts()

    async def on_unmount(self) -> None:
        """Every panel is gone: stop fetching, finish what is being written."""
        parts, self._parts = self._parts, None
        if parts is None:
            return
        if self._unsubscribe is not None:
            self._unsubscribe()
        if parts.worker is not None:
            await parts.worker.stop()
        await parts.database.close()

    def on_guarded_driver_named(self, event: GuardedDriver.Named) -> None:
        """The terminal says what it is: pictures may be drawn better."""
        if self._pictures.named(event.name):
            self._main.reader.draw_pictures_anew()

    # -- news of the database

    def _hear(self, topics: frozenset[Any]) -> None:
        """Changes come in bursts: tell the screens of several as of one."""
        if not self._topics:
            self.set_timer(_TOGETHER_SECONDS, self._tell)
        self._topics.update(str(topic) for topic in topics)

    def _tell(self) -> None:
        topics, self._topics = frozenset(self._topics), set()
        for screen in self.screen_stack:
            changed = getattr(screen, "changed", None)
            if changed is not None:
                changed(topics)

    # -- keys

    def _commands(self) -> list[Command]:
        return commands(self.screen.active_bindings.values())

    def action_help(self) -> None:
        searching = isinstance(self.focused, SearchInput)
        self.push_screen(HelpScreen(self._commands(), crm=self._crm, search_first=searching))

    def action_palette(self) -> None:
        self.push_screen(palette(self._commands()), self._run_command)

    def _run_command(self, command: Command | None) -> None:
        if command is not None:
            begin(self, partial(self.run_action, command.action, command.place), "palette")

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and self._parts is not None:
            self._parts.database.defer()
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if typed and self.held.holding:
            self.held.keep(cast("events.Key | events.Paste", event))
        else:
            await super().on_event(event)

    async def _on_key(self, event: events.Key) -> None:
        # A key that no widget took, and that was on its way before the holding began.
        if self.held.holding:
            self.held.keep(event)
        elif self.held.is_late(event):
            self.held.hand_on(event)
        else:
            return
        event.prevent_default()  # Textual's own handler would act on it

    def action_leave(self) -> None:
        self.exit(0)

    def _leave_by(self, number: signal.Signals) -> None:
        """Leave as by the key, letters kept and the terminal clean; the code is a shell's."""
        self.exit(128 + number, return_code=128 + number)

    # -- what Textual would do otherwise

    def notify(self, message: str, **_kwargs: Any) -> None:
        """No toasts: words go to the status line."""
        self._main.status.say(safe(message))

    def _fatal_error(self) -> None:
        """A defect: the traceback to the log, without locals; to the person one sentence."""
        error: BaseException | None = self._exception
        if isinstance(error, WorkerFailed):
            error = error.error  # this one knows where it happened
        log.critical("the console ended by an error", exc_info=error)
        sentence = Text(
            _("The console ended because of an error in the program; nothing is lost. ")
            + _("Details are in the log: run tui-mail doctor, or tui-mail again.")
        )
        self._exit_renderables.append(Segments(self.console.render(sentence, self.console.options)))
        self._close_messages_no_wait()


def _collect_again() -> None:
    """Collect what is thrown away from now on, never looking at what the start has imported."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(_COLLECTED_AFTER)
        gc.enable()


def run_console(
    settings: Settings,
    open_parts: Callable[[], "Parts"],
    complete: Callable[["Parts"], None] | None = None,
) -> int:
    """Run the console until the person leaves; returns the exit code.

    Raises SettingsWrong for a theme that is not there or cannot be read.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    console = Console(settings, open_parts, complete)
    console.run(mouse=settings.mouse)
    return console.return_code or 0

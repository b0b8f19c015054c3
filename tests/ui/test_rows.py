"""The list: only a window in memory, the cursor where the person left it, two lines a move."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.pilot import Pilot

from tests.ui.stage import until
from tui_mail.db.rows import PageKey
from tui_mail.errors import Offline
from tui_mail.safetext import safe
from tui_mail.ui.keys import MOVES
from tui_mail.ui.notices import Said
from tui_mail.ui.theme import Inks, load_colours
from tui_mail.ui.widgets.rows import Place, RowList, Slice
from tui_mail.ui.widgets.text import Line, plain

START = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    key: PageKey
    name: str


class Shelf:
    """Rows in memory, newest first; counts what is asked of it."""

    def __init__(self, count: int, *, both_ways: bool = True, counted: bool = True) -> None:
        self.rows = [row(number) for number in range(count)]
        self.both_ways = both_ways
        self.counted = counted
        self.asked: list[Place] = []
        self.broken = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[Row]:
        self.asked.append(place)
        await self.answers.wait()
        if self.broken:
            raise Offline("The server was not reached.")
        rows: Sequence[Row] = self.rows
        if place is Place.BOTTOM:
            rows = rows[-limit:]
        elif place is Place.OLDER and key is not None:
            rows = [one for one in rows if one.key.at < key.at][:limit]
        elif place is Place.FROM and key is not None:
            rows = [one for one in rows if one.key.at <= key.at][:limit]
        elif place is Place.NEWER and key is not None:
            rows = [one for one in rows if one.key.at > key.at][-limit:]
        return Slice(rows[:limit], len(self.rows) if self.counted else None)

    def same(self, one: Row, other: Row) -> bool:
        return one.name == other.name


def row(number: int) -> Row:
    return Row(PageKey(START - timedelta(minutes=number), number), f"row {number}")


class Rows(RowList[Row]):
    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]

    def draw(self, row: Row, width: int) -> Line:
        return plain(safe(row.name))


class Shop(App[int]):
    ascii = False

    def __init__(self) -> None:
        super().__init__()
        self.inks = Inks(load_colours("dark"))
        self.list = Rows()
        self.said: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.list

    def on_said(self, event: Said) -> None:
        self.said.append(event.text)

    def shown(self) -> list[str]:
        height = self.list.size.height
        return [
            "".join(part.text for part in self.list.render_line(y)).strip() for y in range(height)
        ]


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def _show(shop: Shop, pilot: Pilot[int], shelf: Shelf) -> None:
    shop.list.show(shelf)
    await until(pilot, lambda: shop.list.loaded)
    await pilot.pause()


async def test_only_a_window_is_read_of_a_long_list(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(100_000)
        await _show(shop, pilot, shelf)
        assert shop.list.total == 100_000
        assert len(shop.list.rows) <= 2 * Rows.WINDOW
        assert shop.shown()[:2] == ["row 0", "row 1"]


async def test_a_move_repaints_the_two_rows_it_concerns(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        await _show(shop, pilot, Shelf(1000))
        regions: list[int] = []
        refresh = shop.list.refresh

        def counted(*wanted: object, **options: bool) -> Rows:
            regions.append(len(wanted))
            return refresh(*wanted, **options)  # type: ignore[arg-type] # regions

        monkeypatch.setattr(shop.list, "refresh", counted)
        await pilot.press("j")
        assert shop.list.cursor == 1
        assert regions == [2]


async def test_at_the_edge_the_list_flips_by_half_a_page(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        await _show(shop, pilot, Shelf(1000))
        await pilot.press(*["down"] * 20)
        assert shop.list.cursor == 20
        assert shop.list.top == 11
        assert shop.list.row == row(20)


async def test_the_end_and_the_way_back_are_read_when_they_are_seen(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(5000)
        await _show(shop, pilot, shelf)
        await pilot.press("end")
        await until(pilot, lambda: shop.list.row == row(4999))
        assert shop.shown()[-1] == "row 4999"
        for _page in range(20):
            await pilot.press("pageup")
        await until(pilot, lambda: shop.list.row is not None)
        assert shop.list.row == row(shop.list.cursor)
        await pilot.press("home")
        await until(pilot, lambda: shop.list.row == row(0))
        assert shop.shown()[0] == "row 0"
        assert len(shop.list.rows) <= Rows.KEPT


async def test_paging_through_everything_misses_nothing(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        await _show(shop, pilot, Shelf(567))
        seen: set[str] = set()
        while shop.list.cursor < 566:
            await until(pilot, lambda: shop.list.row is not None)
            seen.update(name for name in shop.shown() if name)
            await pilot.press("pagedown")
        await until(pilot, lambda: shop.list.row is not None)
        seen.update(shop.shown())
        assert seen == {f"row {number}" for number in range(567)}


async def test_news_on_top_leave_the_cursor_on_its_row(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(1000)
        await _show(shop, pilot, shelf)
        await pilot.press(*["j"] * 5)
        shelf.rows[:0] = [row(-2), row(-1)]
        shop.list.read_again()
        await until(pilot, lambda: shop.list.total == 1002)
        assert shop.list.row == row(5)
        assert shop.list.cursor == 7


async def test_news_on_top_while_far_below_leave_the_cursor_on_its_row(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(3000)
        await _show(shop, pilot, shelf)
        await pilot.press("end")
        await until(pilot, lambda: shop.list.row == row(2999))
        await pilot.press("up", "up")
        shelf.rows[:0] = [row(-1)]
        shop.list.read_again()
        await until(pilot, lambda: shop.list.total == 3001)
        assert shop.list.row == row(2997)
        assert shop.list.cursor == 2998


async def test_when_the_row_is_gone_the_next_takes_its_place(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(50)
        await _show(shop, pilot, shelf)
        await pilot.press(*["j"] * 3)
        del shelf.rows[3]
        shop.list.read_again()
        await until(pilot, lambda: shop.list.row == row(4))
        assert shop.list.cursor == 3


async def test_the_last_row_going_leaves_the_cursor_on_the_one_before(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(3)
        await _show(shop, pilot, shelf)
        await pilot.press("end")
        shelf.rows.pop()
        shop.list.read_again()
        await until(pilot, lambda: shop.list.total == 2)
        assert shop.list.row == row(1)
        shelf.rows.clear()
        shop.list.read_again()
        await until(pilot, lambda: shop.list.total == 0)
        assert shop.list.row is None


@pytest.mark.parametrize("counted", [True, False])
async def test_a_source_that_only_goes_down_is_read_to_its_end(shop: Shop, counted: bool) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        await _show(shop, pilot, Shelf(250, both_ways=False, counted=counted))
        for _page in range(20):
            await pilot.press("pagedown")
            await until(pilot, lambda: shop.list.row is not None)
        assert shop.list.row == row(249)
        assert shop.list.total == 250


async def test_what_cannot_be_read_is_said_and_the_list_stays(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(1000)
        await _show(shop, pilot, shelf)
        shelf.broken = True
        shop.list.read_again()
        await until(pilot, lambda: shop.said)
        assert shop.said == ["The server was not reached."]
        assert shop.list.row == row(0)


@pytest.mark.parametrize("size", [(5, 3), (1, 1), (2, 1), (200, 2)])
async def test_any_size_can_be_drawn(shop: Shop, size: tuple[int, int]) -> None:
    async with shop.run_test(size=size) as pilot:
        await _show(shop, pilot, Shelf(30))
        await pilot.press("end", "home", "pagedown", "j")
        await pilot.resize_terminal(40, 10)
        await pilot.resize_terminal(*size)
        assert shop.list.row is not None


async def test_a_row_far_off_that_nobody_waits_for_any_more_holds_up_nothing(shop: Shop) -> None:
    async with shop.run_test(size=(40, 20)) as pilot:
        shelf = Shelf(1000)
        await _show(shop, pilot, shelf)
        shelf.answers.clear()
        reaching = asyncio.create_task(shop.list.reach(700, row(700).key))
        await until(pilot, lambda: Place.FROM in shelf.asked)
        shop.list.read_again()
        reaching.cancel()
        shelf.answers.set()
        await asyncio.wait([reaching])
        shelf.rows.insert(0, row(-1))
        shop.list.read_again()
        await until(pilot, lambda: shop.list.total == 1001)

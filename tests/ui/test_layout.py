"""Which panels are where, at every size."""

from hypothesis import given
from hypothesis import strategies as st

from tui_mail.ui.layout import PANELS, plan


def test_a_narrow_screen_shows_the_panel_in_use() -> None:
    chosen = plan(80, 24, "records")
    assert chosen.shown == {"records"}
    assert not any(chosen.rules.values())


def test_a_medium_screen_shows_all_of_them() -> None:
    chosen = plan(120, 36, "threads")
    assert chosen.shown == set(PANELS)
    assert not chosen.wide


def test_on_a_low_screen_the_reader_takes_the_lists_place() -> None:
    assert "reader" not in plan(120, 24, "threads").shown
    assert "threads" not in plan(120, 24, "reader").shown


def test_a_wide_screen_has_list_and_reader_side_by_side() -> None:
    assert plan(160, 45, "threads").wide
    assert not plan(200, 60, "threads").columns
    assert plan(240, 60, "threads").columns
    assert plan(160, 20, "reader").shown == set(PANELS)


@given(st.integers(1, 400), st.integers(1, 200), st.sampled_from(PANELS))
def test_the_panel_in_use_is_always_shown(width: int, height: int, panel: str) -> None:
    assert panel in plan(width, height, panel).shown

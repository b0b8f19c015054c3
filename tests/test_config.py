"""Settings: defaults, overrides, and mistakes that name file and key."""

from pathlib import Path

import pytest

from tui_mail.config import (
    as_text,
    crm_of,
    find_home,
    load_settings,
    make_home,
    write_default_settings,
)
from tui_mail.errors import CannotWrite, SettingsWrong


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(find_home(str(tmp_path)))
    assert settings.database == f"sqlite:///{tmp_path}/tui_mail.db"
    assert settings.undo_seconds == 10


def test_the_environment_overrides_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_MAIL_DATABASE", "postgresql+psycopg://u:secret@host/db")
    settings = load_settings(find_home(str(tmp_path)))
    assert settings.database == "postgresql+psycopg://u:secret@host/db"
    assert as_text(settings)["database"] == "postgresql+psycopg://u:***@host/db"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ('undo_seconds = "ten"', "undo_seconds"),
        ("undo_seconds = 601", "undo_seconds"),
        ("undo_seconds = true", "undo_seconds"),
        ('language = "de"', "language"),
        ("keys = { quit = 1 }", "keys"),
        ("crm = 1", "crm"),
        ('crm = ["ROSSI", 2]', "crm"),
        ("theme = ", "settings.toml"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsWrong, match=named) as caught:
        load_settings(find_home(str(tmp_path)))
    assert "settings.toml" in caught.value.message


@pytest.mark.parametrize(
    ("text", "rossi", "neri"),
    [
        ("", True, True),
        ("crm = true", True, True),
        ("crm = false", False, False),
        ('crm = ["Rossi"]', True, False),
        ("crm = []", False, False),
    ],
)
def test_each_company_works_with_a_crm_or_without(
    tmp_path: Path, text: str, rossi: bool, neri: bool
) -> None:
    (tmp_path / "settings.toml").write_text(text)
    crm = crm_of(load_settings(find_home(str(tmp_path))))
    assert [crm.shows("lead", "ROSSI"), crm.shows("lead", "NERI")] == [rossi, neri]
    assert crm.shows("customer", "NERI")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsWrong):
        load_settings(find_home(str(tmp_path)))


def test_the_default_file_is_valid_and_written_once(tmp_path: Path) -> None:
    home = find_home(str(tmp_path / "home"))
    make_home(home)
    assert write_default_settings(home)
    assert not write_default_settings(home)
    assert load_settings(home).theme == "dark"
    assert home.settings_file.stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        make_home(find_home(str(tmp_path / "file" / "home")))

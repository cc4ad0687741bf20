"""Numbers and names in words."""

from __future__ import annotations

import pytest

from texgen_desktop.ui import formatting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "1 s"),
        (3.4, "3 s"),
        (9.6, "10 s"),
        (44, "45 s"),
        (57.4, "55 s"),
        (58, "1 min"),
        (89, "1 min"),
        (545, "9 min"),
        (3600, "60 min"),
        (7169, "119 min"),
        (7170, "2 h"),
        (8400, "2 h 20 min"),
        (86400, "24 h"),
    ],
)
def test_a_duration_has_no_more_digits_than_it_deserves(seconds: float, words: str) -> None:
    assert formatting.duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_duration_never_goes_back_when_the_time_grows() -> None:
    def minutes(words: str) -> float:
        parts = words.replace("\N{NO-BREAK SPACE}", " ").split()
        units = {"s": 1 / 60, "min": 1.0, "h": 60.0}
        return sum(float(value) * units[unit] for value, unit in zip(parts[::2], parts[1::2], strict=True))

    shown = [minutes(formatting.duration(seconds / 2)) for seconds in range(20_000)]
    assert shown == sorted(shown)


def test_one_photo_is_not_one_photos() -> None:
    assert formatting.count(1, "photo") == "1 photo"
    assert formatting.count(12_400, "photo") == "12,400 photos"
    assert formatting.count(2, "copy", "copies") == "2 copies"


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(10, "1 KB"), (640_000, "640 KB"), (999_600, "1 MB"), (96e6, "96 MB"), (999.6e6, "1.0 GB"), (1.5e9, "1.5 GB")]
)
def test_a_file_size_moves_on_to_the_next_unit_before_it_shows_a_thousand(size_bytes: float, words: str) -> None:
    assert formatting.file_size(size_bytes).replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_rate_keeps_a_decimal_only_where_it_tells_something() -> None:
    assert formatting.rate(8.31) == "8.3"
    assert formatting.rate(1340.2) == "1,340"


def test_a_time_that_is_no_time_is_shown_as_it_is() -> None:
    assert formatting.when("yesterday") == "yesterday"
    assert formatting.when("2026-11-02T14:05:00").startswith("2 Nov 2026, 14:05")


def test_a_line_break_in_a_file_name_stays_on_one_line_and_can_be_seen() -> None:
    assert formatting.one_line("a\nb\x7f😀<b>.png") == "a↵b\N{REPLACEMENT CHARACTER}😀<b>.png"


def test_a_tooltip_shows_markup_as_text() -> None:
    assert formatting.tooltip("<b>x</b>\n& more") == "<qt>&lt;b&gt;x&lt;/b&gt;<br>&amp; more</qt>"

import pytest

from write_model.kernel.text import fits


@pytest.mark.parametrize("text", ["a", "Niño 2026", "帽子", "x" * 10, "👒", " spaced out "[:10]])
def test_what_can_be_read_fits(text: str) -> None:
    assert fits(text, 10)


@pytest.mark.parametrize("text", ["", " ", "\t", "x" * 11, "nul\0", "two\nlines", "\u202eright", "\ud800", "bell\a"])
def test_what_is_empty_too_long_or_invisible_does_not_fit(text: str) -> None:
    assert not fits(text, 10)


def test_lines_fit_where_they_are_wanted() -> None:
    assert fits("two\nlines", 10, lines=True)
    assert not fits("nul\0", 10, lines=True)
    assert not fits("\n", 10, lines=True)

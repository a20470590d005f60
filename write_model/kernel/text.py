"""Is a text fit to be kept? One rule for every room: something to read, bounded, nothing invisible."""

_LINES = {ord(character): None for character in "\n\r\t"}


def fits(text: str, longest: int, *, lines: bool = False) -> bool:
    """Whether `text` has 1 to `longest` characters, is not blank and has no control characters.

    With `lines` a line break and a tab are allowed, too.
    """
    if not text.strip() or len(text) > longest:
        return False
    return text.isprintable() or (lines and text.translate(_LINES).isprintable())

"""Is a text fit to be kept? One rule for every room: something to read, bounded, nothing invisible."""


def fits(text: str, longest: int, *, lines: bool = False) -> bool:
    """Whether `text` has 1 to `longest` characters, is not blank and has no control characters.

    With `lines` a line break and a tab are allowed, too.
    """
    if not text.strip() or len(text) > longest:
        return False
    return all(character.isprintable() or (lines and character in "\n\r\t") for character in text)

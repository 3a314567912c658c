"""Numbers and names as people read them, and as folders take them."""


def format_duration(seconds: float) -> str:
    """Return a duration for people, such as `1 h 05 min`, `3 min 20 s` or `12 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def safe_name(name: str) -> str:
    """Return a name that every file system takes: what is no letter, digit, `-`, `_` or `.` becomes `_`."""
    text = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    return text.lstrip(".")[:100] or "_"


def printable(text: str) -> str:
    """Return a text on one line: a line break, a control character or an undecodable byte becomes its escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return printable((str(error).strip() or type(error).__name__).splitlines()[0])

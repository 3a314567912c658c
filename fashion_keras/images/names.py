"""Names of files that are pictures, and of those that systems put beside them."""

__all__ = ["OTHER_SUFFIXES", "SUFFIXES", "is_system_file"]

SUFFIXES = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff")
OTHER_SUFFIXES = (".heic", ".heif", ".avif", ".jxl", ".jp2")
"""Of pictures in formats that are not read: who gives a folder with some should hear of them."""

_SYSTEM_NAMES = frozenset(
    ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information")
)


def is_system_file(name: str) -> bool:
    """Whether a file or folder is hidden or a system's own, such as `._a.png` and `__MACOSX`: nobody means it."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES

"""The errors that are a user's to mend: one clear line each, never a traceback."""


class UserError(Exception):
    """What arrived, what was expected and how to mend it, in one line.

    The command line prints the message and exits with status 2; `--debug` shows the traceback.
    """


class ConfigError(UserError, ValueError):
    """A setting has an unknown name or a value out of range."""


class DataError(UserError):
    """A data set is missing, damaged or not what it says it is."""


class StoreError(UserError):
    """The run store cannot be read or written."""


class ExportError(UserError):
    """A model could not be exported, or its export does not agree with it."""


class ImageError(UserError, ValueError):
    """A picture or an array that cannot be classified as it is."""

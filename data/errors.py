"""The errors of preparing and opening a dataset, one class each."""


class DataError(Exception):
    """A dataset cannot be prepared or opened; the message is one sentence.

    Text quoted from names and files cannot control the terminal.
    """

    def __init__(self, sentence: str) -> None:
        """Keep the sentence, with unprintable characters replaced by spaces."""
        super().__init__("".join(c if c.isprintable() else " " for c in sentence))


class UnknownDatasetError(DataError):
    """The name is not in the catalogue of datasets."""


class BadOptionError(DataError):
    """An option after the dataset's name is unknown, repeated or out of range."""


class MissingSourceError(DataError):
    """A file or folder from which a dataset is prepared does not exist."""


class SourceUnreadableError(DataError):
    """A file from which a dataset is prepared exists but cannot be read."""


class WrongSizeError(DataError):
    """A source file is longer than its format says."""


class TruncatedFileError(DataError):
    """A source file is shorter than its format says."""


class WrongHashError(DataError):
    """A file that must be the official one has a different sha256."""


class LabelOutOfRangeError(DataError):
    """A label is not the id of one of the dataset's classes."""


class WrongArraysError(DataError):
    """The names, types, numbers or shapes of a user's arrays do not form a dataset."""


class UserFunctionError(DataError):
    """A user's function raised an error, or returned something other than arrays."""


class UserFunctionTimeoutError(DataError):
    """A user's function exceeded its timeout and was killed."""


class DownloadFailedError(DataError):
    """The official archive could not be downloaded."""


class CacheUnwritableError(DataError):
    """The cache folder cannot be written: no permission, no space, or not a folder."""


class ForeignFileError(DataError):
    """The cache contains, in place of a prepared folder, something that we did not write."""


class PreparedChangedError(DataError):
    """A prepared file differs from the description in its manifest."""


class ManifestUnreadableError(DataError):
    """A prepared folder has no readable manifest."""


class OtherManifestVersionError(DataError):
    """A manifest was written by an older or newer version of this program."""

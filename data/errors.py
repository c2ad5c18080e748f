"""What can go wrong between a dataset's source and its prepared files; one class each."""


class DataError(Exception):
    """A dataset cannot be prepared or opened; told in one sentence.

    What it quotes from names and files cannot steer a terminal.
    """

    def __init__(self, sentence: str) -> None:
        """Keep the sentence, a space in the place of what is not printable."""
        super().__init__("".join(c if c.isprintable() else " " for c in sentence))


class UnknownDatasetError(DataError):
    """The name is not one of the catalogue."""


class BadOptionError(DataError):
    """An option after the dataset's name is unknown, repeated or out of range."""


class MissingSourceError(DataError):
    """A file or folder that a dataset is prepared from is not there."""


class SourceUnreadableError(DataError):
    """A file that a dataset is prepared from is there but cannot be read."""


class WrongSizeError(DataError):
    """A source file is longer than its format says."""


class TruncatedFileError(DataError):
    """A source file is shorter than its format says."""


class WrongHashError(DataError):
    """A file that must be the official one has another sha256."""


class LabelOutOfRangeError(DataError):
    """A label is not the id of one of the dataset's classes."""


class WrongArraysError(DataError):
    """A user's arrays are not those of a dataset: names, types, counts or shapes."""


class UserFunctionError(DataError):
    """A user's function raised, or returned something else than arrays."""


class UserFunctionTimeoutError(DataError):
    """A user's function took longer than it may, and was killed."""


class DownloadFailedError(DataError):
    """The official archive could not be downloaded."""


class CacheUnwritableError(DataError):
    """The cache folder cannot be written: no permission, no space, or not a folder."""


class ForeignFileError(DataError):
    """The cache holds something where a prepared folder belongs that we did not write."""


class PreparedChangedError(DataError):
    """A prepared file is not the one that its manifest describes."""


class ManifestUnreadableError(DataError):
    """A prepared folder has no manifest, or one that cannot be read."""


class OtherManifestVersionError(DataError):
    """A manifest was written by an older or newer version of this program."""

"""What can go wrong between a dataset's source and its prepared files; one class each."""

# ruff: noqa: N818 - each name says what is wrong (MissingSource), as the messages do.


class DataError(Exception):
    """A dataset cannot be prepared or opened; told in one sentence.

    What it quotes from names and files cannot steer a terminal.
    """

    def __init__(self, sentence: str) -> None:
        """Keep the sentence, a space in the place of what is not printable."""
        super().__init__("".join(c if c.isprintable() else " " for c in sentence))


class UnknownDataset(DataError):
    """The name is not one of the catalogue."""


class BadOption(DataError):
    """An option after the dataset's name is unknown, repeated or out of range."""


class MissingSource(DataError):
    """A file or folder that a dataset is prepared from is not there."""


class SourceUnreadable(DataError):
    """A file that a dataset is prepared from is there but cannot be read."""


class WrongSize(DataError):
    """A source file is longer than its format says."""


class TruncatedFile(DataError):
    """A source file is shorter than its format says."""


class WrongHash(DataError):
    """A file that must be the official one has another sha256."""


class LabelOutOfRange(DataError):
    """A label is not the id of one of the dataset's classes."""


class WrongArrays(DataError):
    """A user's arrays are not those of a dataset: names, types, counts or shapes."""


class OwnFunctionFailed(DataError):
    """A user's function raised, or returned something else than arrays."""


class OwnFunctionTimedOut(DataError):
    """A user's function took longer than it may, and was killed."""


class DownloadFailed(DataError):
    """The official archive could not be downloaded."""


class CacheUnwritable(DataError):
    """The cache folder cannot be written: no permission, no space, or not a folder."""


class ForeignFile(DataError):
    """The cache holds something where a prepared folder belongs that we did not write."""


class PreparedChanged(DataError):
    """A prepared file is not the one that its manifest describes."""


class ManifestUnreadable(DataError):
    """A prepared folder has no manifest, or one that cannot be read."""


class OtherManifestVersion(DataError):
    """A manifest was written by an older or newer version of this program."""

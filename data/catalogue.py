"""The catalogue: the names of all datasets."""

from typing import Final

from data.errors import BadOption, UnknownDataset
from data.synthetic import SyntheticSpec, parse_options

#: Name -> one line for `bench list`.
DATASETS: Final[dict[str, str]] = {
    "cifar10": "60,000 colour photos of 10 kinds, 32x32x3 (170 MB download, or --data-dir)",
    "digits": "1,797 handwritten digits of UCI, scaled to 32x32x3 (in the repository, no network)",
    "synthetic": "seeded arrays; synthetic:shape=32x32x3,classes=10,train=2048,test=512,seed=0",
}


def parse_name(name: str) -> tuple[str, SyntheticSpec | None]:
    """Return the dataset's family, a key of DATASETS, and for `synthetic` what to generate.

    Raises UnknownDataset for another family, BadOption for what stands after the colon.
    """
    family, colon, options = name.partition(":")
    if family not in DATASETS:
        raise UnknownDataset(
            f"There is no dataset {family!r}; the allowed ones are {', '.join(DATASETS)}."
        )
    if family == "synthetic":
        return family, parse_options(options) if colon else SyntheticSpec()
    if colon:
        raise BadOption(f"The dataset {family} takes no options, but {name!r} has {options!r}.")
    return family, None

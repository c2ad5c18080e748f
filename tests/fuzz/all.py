"""All targets by name."""

from tests.fuzz.books import BOOK_TARGETS
from tests.fuzz.documents import JSON_TARGETS
from tests.fuzz.files import FILE_TARGETS
from tests.fuzz.names import NAME_TARGETS
from tests.fuzz.tables import TABLE_TARGETS
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (*JSON_TARGETS, *BOOK_TARGETS, *NAME_TARGETS, *FILE_TARGETS, *TABLE_TARGETS)
}

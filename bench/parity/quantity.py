"""One quantity on two backends: its errors and their bound."""

from math import inf, isfinite

import msgspec


class ComparedQuantity(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity on two backends, and whether it is the same on both.

    `function` is the root mean square difference of the two float64 results. `errors` are the root
    mean square errors of the two float32 results against the float64 result of the same backend.
    None of them may be above `allowed`. `size` is the root mean square of the quantity itself. If
    the results cannot be subtracted, `mismatch` is the reason in a phrase.
    """

    backends: tuple[str, str]
    stage: str
    name: str
    size: float = 0.0
    function: float = 0.0
    errors: tuple[float, float] = (0.0, 0.0)
    allowed: float = 0.0
    mismatch: str | None = None

    @property
    def worst(self) -> float:
        """The largest of its errors."""
        return max(self.function, *self.errors)

    @property
    def same(self) -> bool:
        """Whether the quantity is the same on both backends."""
        return self.mismatch is None and self.worst <= self.allowed and isfinite(self.worst)

    @property
    def rounds_alone(self) -> bool:
        """Whether the backends differ only by rounding, because their float64 results agree."""
        return not self.same and self.mismatch is None and self.function <= self.allowed < inf

    @property
    def bound_fraction(self) -> float | None:
        """The largest error as a fraction of its bound; None if it cannot be compared."""
        if self.mismatch is not None or not isfinite(self.worst):
            return None
        if self.allowed == 0.0:
            return None if self.worst else 0.0
        return self.worst / self.allowed

    @property
    def label(self) -> str:
        """Its name without the number that orders it."""
        return self.name.partition(":")[2] or self.name

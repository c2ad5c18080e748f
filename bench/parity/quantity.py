"""One quantity on two backends: how far apart it is, and how far it may be."""

from math import inf, isfinite

import msgspec


class ComparedQuantity(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity on two backends, and whether it is the same on both.

    `function` is the root mean square difference of their float64 results, `errors` are those of
    their float32 results against their own float64 ones; none may be above `allowed`. `size` is
    the root mean square of the quantity itself. Where there is nothing to subtract, `what` says
    why in a phrase.
    """

    backends: tuple[str, str]
    stage: str
    name: str
    size: float = 0.0
    function: float = 0.0
    errors: tuple[float, float] = (0.0, 0.0)
    allowed: float = 0.0
    what: str | None = None

    @property
    def worst(self) -> float:
        """The largest of its errors."""
        return max(self.function, *self.errors)

    @property
    def same(self) -> bool:
        """Whether the quantity is the same on both backends."""
        return self.what is None and self.worst <= self.allowed and isfinite(self.worst)

    @property
    def rounds_alone(self) -> bool:
        """Whether it is not the same, although in float64 it is: what differs is rounding."""
        return not self.same and self.what is None and self.function <= self.allowed < inf

    @property
    def part(self) -> float | None:
        """The part of its bound that the largest error takes; None where nothing compares."""
        if self.what is not None or not isfinite(self.worst):
            return None
        if self.allowed == 0.0:
            return None if self.worst else 0.0
        return self.worst / self.allowed

    @property
    def label(self) -> str:
        """Its name without the number that gives it a place."""
        return self.name.partition(":")[2] or self.name

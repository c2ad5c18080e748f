"""The matched lane's order of batches, and the CPUs that it pins."""

import os
from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.worker.matched_lane import BatchOrder, pin_cpus


def served(order: BatchOrder, epochs: int) -> list[list[int]]:
    """Return the indices of each batch of so many epochs."""
    batches = []
    for epoch in range(epochs):
        order.begin(epoch)
        batches += [order.serve(batch).tolist() for batch in range(len(order))]
    return batches


@given(images=st.integers(1, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_an_epoch_serves_every_image_once(images: int, batch_size: int, seed: int) -> None:
    batches = served(BatchOrder(images, batch_size, seed), 1)
    assert sorted(chain.from_iterable(batches)) == list(range(images))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert 1 <= len(batches[-1]) <= batch_size


def test_the_order_is_numpys_permutation_of_seed_and_epoch() -> None:
    batches = served(BatchOrder(10, 4, 3), 2)
    first = np.random.default_rng([3, 0]).permutation(10).tolist()
    second = np.random.default_rng([3, 1]).permutation(10).tolist()
    assert batches == [
        *(first[:4], first[4:8], first[8:]),
        *(second[:4], second[4:8], second[8:]),
    ]


def digest(images: int = 10, batch_size: int = 4, seed: int = 3, epochs: int = 2) -> str:
    order = BatchOrder(images, batch_size, seed)
    served(order, epochs)
    return order.sha256()


def test_the_digest_tells_every_other_order() -> None:
    digests = [
        digest(),
        digest(images=11),
        digest(batch_size=5),
        digest(seed=4),
        digest(epochs=1),
    ]
    assert len(set(digests)) == len(digests)
    assert digest() == digests[0]


def test_batches_that_are_only_sampled_do_not_count() -> None:
    order = BatchOrder(10, 4, 3)
    sample = order.serve(0)
    assert np.array_equal(sample, np.random.default_rng([3, 0]).permutation(10)[:4])
    served(order, 2)
    assert order.sha256() == digest()


def test_a_batch_that_is_served_twice_or_never_changes_the_digest() -> None:
    twice, never = BatchOrder(10, 4, 3), BatchOrder(10, 4, 3)
    served(twice, 2)
    twice.serve(2)
    served(never, 1)
    never.begin(1)
    assert len({twice.sha256(), never.sha256(), digest()}) == 3


def test_a_process_is_pinned_to_the_cpus_that_it_is_given() -> None:
    before = os.sched_getaffinity(0)
    try:
        assert pin_cpus([min(before)]) == 1
        assert os.sched_getaffinity(0) == {min(before)}
    finally:
        os.sched_setaffinity(0, before)


def test_without_cpus_a_process_keeps_its_own() -> None:
    before = os.sched_getaffinity(0)
    assert pin_cpus([]) == len(before)
    assert os.sched_getaffinity(0) == before

"""The folders and archives that one example each expects, with the names that it looks for."""

import io
from collections.abc import Callable

import numpy as np

from validation.keras_examples import made_tables as tables
from validation.keras_examples import made_texts as texts
from validation.keras_examples.made_images import (
    FileContents,
    folder_of_images,
    image_bytes,
    mask_bytes,
    tar_bytes,
)


def pets() -> FileContents:
    """Return the Oxford pets, images and masks: over 1,000, which the script validates on."""
    names = [f"pet_{n:04}" for n in range(1016)]
    images = {f"images/{n}.jpg": image_bytes(i, (24, 24)) for i, n in enumerate(names)}
    masks = {
        f"annotations/trimaps/{n}.png": mask_bytes(i, 3, (24, 24), first=1)
        for i, n in enumerate(names)
    }
    return images | masks


def part_of(files: FileContents, prefix: str) -> FileContents:
    """Return the files whose path begins with `prefix`."""
    return {name: content for name, content in files.items() if name.startswith(prefix)}


def flickr() -> dict[str, Callable[[], FileContents]]:
    """Return what makes each of the two archives of Flickr8k: images, and their captions."""
    names = [f"{n}.jpg" for n in range(10)]
    paths = [f"Flicker8k_Dataset/{n}" for n in names]
    return {
        "Flickr8k_Dataset.zip": lambda: folder_of_images(paths),
        "Flickr8k_text.zip": lambda: {"Flickr8k.token.txt": texts.captions(names)},
    }


def low_light(train: int, validation: int, size: int) -> FileContents:
    """Return the LoL dataset: dark and bright PNG images, `size` pixels high and wide."""
    parts = [
        f"lol_dataset/{part}/{kind}/{n:04}.png"
        for part, count in (("our485", train + validation), ("eval15", 15))
        for kind in ("low", "high")
        for n in range(count)
    ]
    return folder_of_images(parts, (size, size), "PNG")


def captchas() -> FileContents:
    """Return PNG images that are named by the five letters they would show."""
    letters = "2345678bcdefgmnpwxy"
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice(list(letters), 5)) for _ in range(64)]
    return folder_of_images([f"captcha_images_v2/{n}.png" for n in names], (200, 50), "PNG")


def speeches() -> FileContents:
    """Return the recordings of three speakers and of noise, a second each, below `~/Downloads`."""
    root = "Downloads/16000_pcm_speeches"
    speakers = ("Benjamin_Netanyau", "Jens_Stoltenberg", "Julia_Gillard")
    files = {f"{root}/{name}/{n}.wav": tables.sound(n, 1) for name in speakers for n in range(430)}
    noise = {f"{root}/{n}/noise.wav": tables.sound(9, 3) for n in ("other", "_background_noise_")}
    return files | noise


def imagenette(root: str) -> FileContents:
    """Return ten classes of images below `root`, for training and validation."""
    names = [
        f"{root}/{part}/n0{label}/{n}.JPEG"
        for part, count in (("train", 10), ("val", 4))
        for label in range(10)
        for n in range(count)
    ]
    return folder_of_images(names, (96, 96))


def left_and_right() -> FileContents:
    """Return the pairs of images of Totally Looks Like, where the script unpacks them."""
    return folder_of_images(
        [f".keras/{side}/{n:05}.jpg" for side in ("left", "right") for n in range(10)]
    )


def cats_and_dogs() -> FileContents:
    """Return images of two kinds, with the one that the script shows at its end."""
    names = [f"PetImages/{kind}/{n}.jpg" for kind in ("Cat", "Dog") for n in range(40)]
    return folder_of_images([*names, "PetImages/Cat/6779.jpg"])


def books() -> FileContents:
    """Return the SimpleBooks corpus: a training and a validation text."""
    place = "simplebooks/simplebooks-92-raw"
    return {f"{place}/{n}.txt": texts.book_lines(64, 110) for n in ("train", "valid")}


def moving_digits() -> FileContents:
    """Return Moving MNIST with six videos of 20 frames of 64 by 64."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (20, 6, 64, 64), dtype=np.uint8)
    return {"mnist_test_seq.npy": tables.array_file(frames)}


def caltech() -> FileContents:
    """Return Caltech 101's two inner archives: pictures of airplanes, and a box for each."""
    names = [f"{n:04}" for n in range(1, 31)]
    pictures = {f"101_ObjectCategories/airplanes/image_{n}.jpg": (300, 200) for n in names}
    boxes = {f"Annotations/Airplanes_Side_2/annotation_{n}.mat": _box() for n in names}
    images = {name: image_bytes(seed, size) for seed, (name, size) in enumerate(pictures.items())}
    return {
        "caltech-101/101_ObjectCategories.tar.gz": tar_bytes(images, compressed=True),
        "caltech-101/Annotations.tar": tar_bytes(boxes, compressed=False),
    }


def _box() -> bytes:
    from scipy.io import savemat

    buffer = io.BytesIO()
    savemat(buffer, {"box_coord": np.array([[30, 170, 40, 260]], dtype=np.uint16)})
    return buffer.getvalue()

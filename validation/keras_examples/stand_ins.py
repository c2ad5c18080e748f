"""The folder of small stand-ins that the examples need, in the forms of their real files.

`common` is for every example, a folder of an example's name for it alone: `home` is laid into the
script's home, `work` beside the script, `root` into `/`; other files answer downloads by name.
"""

import json
from collections.abc import Callable
from pathlib import Path

from bench.worker.stand_ins.made_files import (
    cifar10_maker,
    cifar100_maker,
    fashion_makers,
    imdb_maker,
    mnist_maker,
)
from bench.worker.stand_ins.source import RANDOM_WEIGHTS, Maker
from validation.keras_examples import made_folders as folders
from validation.keras_examples import made_tables as tables
from validation.keras_examples import made_texts as texts
from validation.keras_examples.made_images import (
    FileContents,
    folder_of_images,
    image_bytes,
    write_files,
    write_tar,
    write_zip,
)
from validation.keras_examples.made_videos import sports, sports_features

_CACHE = "home/.keras/datasets"
_CYCLEGAN = "cyclegan-keras-core-2.0/model_checkpoints/cyclegan_checkpoints.090.weights.h5"


def write_stand_ins(folder: Path) -> int:
    """Write all stand-ins below `folder`; return the number of files."""
    for name, write in WRITERS.items():
        write(folder / name)
    return sum(path.is_file() for path in folder.rglob("*"))


_SMALL = {
    "imdb.npz": imdb_maker(20, 10),
    "mnist.npz": mnist_maker(20, 10),
    **fashion_makers(20, 10),
    "cifar-10-python.tar.gz": cifar10_maker(30, 10),
    "cifar-100-python.tar.gz": cifar100_maker(20, 10),
}


def _common(folder: Path) -> None:
    _made(_SMALL)(folder)
    picture = image_bytes(1, (320, 240))
    write_files(
        folder,
        {
            "adult.data": tables.census(80, test=False),
            "adult.test": tables.census(40, test=True),
            "heart.csv": tables.heart(60),
            "art_daily_small_noise.csv": tables.daily_series(4, jump=False),
            "art_daily_jumpsup.csv": tables.daily_series(4, jump=True),
            "FordA_TRAIN.tsv": tables.engine_noise(12),
            "FordA_TEST.tsv": tables.engine_noise(12),
            "Bvro0YD.png": image_bytes(2, (320, 240), "PNG"),
            "dog-and-cat-cover.jpg": picture,
            "j9xCCzn.jpeg": picture,
            "9i63gLN.jpg": picture,
            "nietzsche.txt": texts.book_lines(20, 60),
            "ImageNetLabels.txt": "\n".join(f"class {n}" for n in range(1001)).encode(),
        },
    )
    write_zip(folder / "ml-latest-small.zip", tables.ratings(200))
    write_zip(folder / "fra-eng.zip", {"fra.txt": texts.sentence_pairs(48, columns=3)})
    write_zip(folder / "spa-eng.zip", {"spa-eng/spa.txt": texts.sentence_pairs(200)})
    write_zip(
        folder / "jena_climate_2009_2016.csv.zip",
        {"jena_climate_2009_2016.csv": tables.weather(6000)},
    )
    write_tar(folder / "aclImdb_v1.tar.gz", texts.reviews(20))


def _files(**files: Callable[[], FileContents]) -> Callable[[Path], None]:
    """Return a writer of zip archives, tar archives and plain files by their names."""

    def write(folder: Path) -> None:
        for name, make in files.items():
            _write(folder, name, make())

    return write


def _write(folder: Path, name: str, content: FileContents) -> None:
    if name.endswith(".zip"):
        write_zip(folder / name, content)
    elif name.endswith((".tar", ".tar.gz", ".tgz")):
        write_tar(folder / name, content)
    else:
        write_files(folder / name, content)


def _json(name: str, value: object) -> Callable[[], FileContents]:
    return lambda: {name: json.dumps(value).encode()}


def _tfds(**splits: dict[str, int]) -> dict[str, Callable[[], FileContents]]:
    return {"": _json("tfds.json", splits)}


def _made(makers: dict[str, Maker]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in makers.items():
            make(folder / name)

    return write


#: What writes the stand-ins of each folder.
WRITERS: dict[str, Callable[[Path], None]] = {
    "common": _common,
    "text_generation_gpt": _files(
        **{"simplebooks.zip": folders.books, _CACHE: folders.books},
    ),
    "text_generation_with_miniature_gpt": _files(
        **{"aclImdb_v1.tar.gz": lambda: texts.reviews(4, 30)}
    ),
    "neural_machine_translation_with_keras_nlp": _files(
        **{_CACHE: lambda: {"spa-eng/spa.txt": texts.sentence_pairs(200)}}
    ),
    "siamese_contrastive": _made({"mnist.npz": mnist_maker(30_100, 100)}),
    "mixup": _made(fashion_makers(2100, 50)),
    "conv_lstm": _files(**{"": folders.moving_digits}),
    "oxford_pets_image_segmentation": _files(
        **{
            "images.tar.gz": lambda: folders.part_of(folders.pets(), "images"),
            "annotations.tar.gz": lambda: folders.part_of(folders.pets(), "annotations"),
        }
    ),
    "fixres": _files(**_tfds(tf_flowers={"train": 28})),
    "learnable_resizer": _files(**_tfds(cats_vs_dogs={"train": 20})),
    "gradient_centralization": _files(**_tfds(horses_or_humans={"train": 8, "test": 4})),
    "ddim": _files(**_tfds(oxford_flowers102={"train": 80, "validation": 80, "test": 80})),
    "ddpm": _files(**_tfds(oxford_flowers102={"train": 32})),
    "cyclegan": _files(
        **_tfds(
            **{"cycle_gan/horse2zebra": dict.fromkeys(("trainA", "trainB", "testA", "testB"), 4)}
        ),
        **{"2.0.zip": lambda: {_CYCLEGAN: RANDOM_WEIGHTS}},
    ),
    "simsiam": _files(
        **{
            "": lambda: {
                "resnet_cifar10_v2.py": texts.RESNET,
                "names.json": json.dumps(
                    {"https://shorturl.at/QS369": "resnet_cifar10_v2.py"}
                ).encode(),
            }
        }
    ),
    "deit": _files(**_tfds(tf_flowers={"train": 20})),
    "semisupervised_simclr": _files(**_tfds(stl10={"unlabelled": 600, "train": 100, "test": 60})),
    "reptile": _files(**_tfds(omniglot={"train": 4000, "test": 4000})),
    "neural_style_transfer": _files(
        **{"": lambda: {n: image_bytes(3, (160, 120)) for n in ("F28w3Ac.jpg", "9ooB60I.jpg")}}
    ),
    "deep_dream": _files(**{"": lambda: {"aGBdQyK.jpg": image_bytes(4, (160, 120))}}),
    "dcgan_overriding_train_step": _files(
        **{
            "": _json(
                "names.json",
                {
                    "https://drive.google.com/uc?id=1O7m1010EJjLE5QxLZiM9Fpjs7Oj6e684": "data.zip",
                },
            ),
            "data.zip": lambda: folder_of_images(f"img/{n:06}.jpg" for n in range(64)),
        }
    ),
    "torchvision_keras": _files(
        **{
            "imagenette2-320.tgz": lambda: folders.imagenette("imagenette2-320"),
            _CACHE: lambda: folders.imagenette("imagenette2-320_extracted"),
        }
    ),
    "speaker_recognition_using_cnn": _files(home=folders.speeches),
    "eeg_signal_classification": _files(
        **{
            "": lambda: {
                "eeg-data.csv": tables.brain_waves(80),
                "names.json": json.dumps(
                    {"1V5B7Bt6aJm0UHbR7cRKBEK8jx7lYPVuX": "eeg-data.csv"}
                ).encode(),
            }
        }
    ),
    "timeseries_traffic_forecasting": _files(
        **{"PeMSD7_Full.zip": lambda: tables.traffic(400), _CACHE: lambda: tables.traffic(400)}
    ),
    "imbalanced_classification": _files(
        **{
            "": lambda: {
                "creditcard.csv": tables.transactions(600),
                "names.json": json.dumps(
                    {"/Users/fchollet/Downloads/creditcard.csv": "creditcard.csv"}
                ).encode(),
            }
        }
    ),
    "image_captioning": _files(**folders.flickr()),
    "video_transformers": _files(
        **{
            "ucf101_top5.tar.gz": sports,
            "top5_data_prepared.tar.gz": sports_features,
        }
    ),
    "object_detection_using_vision_transformer": _files(
        **{
            "caltech-101.zip": folders.caltech,
            "root/datasets": folders.caltech,
        }
    ),
    "captcha_ocr": _files(**{"captcha_images_v2.zip": folders.captchas}),
    "siamese_network": _files(home=folders.left_and_right),
    "mirnet": _files(**{"lol_dataset.zip": lambda: folders.low_light(300, 4, 128)}),
    "zero_dce": _files(**{"lol_dataset.zip": lambda: folders.low_light(400, 16, 32)}),
    "pretrained_word_embeddings": _files(
        **{
            "news20.tar.gz": lambda: texts.newsgroups("20_newsgroup", 20, 8),
            _CACHE: lambda: (
                texts.newsgroups("20_newsgroup", 20, 8)
                | {"glove.6B.100d.txt": texts.word_vectors(100)}
            ),
        }
    ),
    "ner_transformers": _files(
        **{
            "": lambda: {
                "conlleval.py": texts.CONLLEVAL,
                "conll2003/train.jsonl": texts.named_entities(96),
                "conll2003/validation.jsonl": texts.named_entities(32),
            }
        }
    ),
    "image_classification_from_scratch": _files(
        **{"kagglecatsanddogs_5340.zip": folders.cats_and_dogs}
    ),
}

"""Small texts: reviews, sentence pairs, books, newsgroups, word vectors, named entities."""

import json

import numpy as np

from validation.keras_examples.made_images import FileContents

_TEXT = (
    "the cat sat on a mat and this movie is good bad great plot actor film story long short love "
    "hate time people think never always city night river house green small big open close read "
    "write play music school teacher student window garden summer winter"
)
_WORDS = _TEXT.split()


def sentence(rng: np.random.Generator, words: int) -> str:
    """Return a sentence of `words` known words with a full stop."""
    return " ".join(rng.choice(_WORDS, words)) + "."


def reviews(each: int, words: int = 40) -> FileContents:
    """Return the archive of IMDB reviews: `each` texts in the four folders, and the rest of it."""
    rng = np.random.default_rng(0)
    files = {}
    for part in ("train", "test"):
        for feeling in ("pos", "neg"):
            for index in range(each):
                text = f"{'good' if feeling == 'pos' else 'bad'} {sentence(rng, words)}<br /> End."
                files[f"aclImdb/{part}/{feeling}/{index}_7.txt"] = text.encode()
        files[f"aclImdb/{part}/labeledBow.feat"] = b"9 0:1\n"
        files[f"aclImdb/{part}/urls_pos.txt"] = b"http://example.org\n"
    files["aclImdb/train/unsup/0_0.txt"] = b"unknown feeling."
    files["aclImdb/train/pos/6248_7.txt"] = b"this movie is good."
    return files


def sentence_pairs(count: int, columns: int = 2) -> bytes:
    """Return lines of two sentences with a tab between, a source in a third column if asked for."""
    rng = np.random.default_rng(1)
    lines = []
    for index in range(count):
        pair = [sentence(rng, 3 + index % 5).capitalize(), sentence(rng, 3 + index % 4)]
        lines.append("\t".join([*pair, "CC-BY 2.0 (France)"][:columns]))
    return ("\n".join(lines) + "\n").encode()


def book_lines(count: int, words: int) -> bytes:
    """Return `count` lines of `words` words: a corpus of books, a paragraph in each line."""
    rng = np.random.default_rng(2)
    return ("\n".join(sentence(rng, words) for _ in range(count)) + "\n").encode()


def newsgroups(folder: str, groups: int, each: int) -> FileContents:
    """Return `each` posts of `groups` newsgroups, with headers of ten lines."""
    rng = np.random.default_rng(3)
    names = ["comp.graphics", *(f"group.number{n}" for n in range(1, groups))]
    header = "\n".join(f"Header{n}: value" for n in range(10))
    return {
        f"{folder}/{name}/{38987 + index}": f"{header}\n{name} {sentence(rng, 60)}\n".encode()
        for name in names
        for index in range(each)
    }


def word_vectors(size: int) -> bytes:
    """Return GloVe's text form: a word and `size` numbers in each line."""
    rng = np.random.default_rng(4)
    rows = (
        f"{w} " + " ".join(f"{x:.4f}" for x in rng.normal(size=size)) for w in dict.fromkeys(_WORDS)
    )
    return ("\n".join(sorted(rows)) + "\n").encode()


def captions(images: list[str]) -> bytes:
    """Return Flickr8k's captions: five lines for each image, `name#n<TAB>text`."""
    rng = np.random.default_rng(5)
    lines = [f"{name}#{n}\t{sentence(rng, 8)}" for name in images for n in range(5)]
    return ("\n".join(lines) + "\n").encode()


def named_entities(count: int) -> bytes:
    """Return CoNLL 2003 as JSON lines: tokens and the number of each token's tag."""
    rng = np.random.default_rng(6)
    rows = []
    for index in range(count):
        words = rng.choice(_WORDS, 5 + index % 10).tolist()
        tags = rng.integers(0, 9, len(words)).tolist()
        rows.append(json.dumps({"id": str(index), "tokens": words, "ner_tags": tags}))
    return ("\n".join(rows) + "\n").encode()


#: The one function of sighsmile/conlleval that an example calls, with its arguments.
CONLLEVAL = b'''"""Stand-in for conlleval: prints the share of equal tags."""


def evaluate(true_seqs, pred_seqs, verbose=True):
    true_seqs, pred_seqs = list(true_seqs), list(pred_seqs)
    equal = sum(a == b for a, b in zip(true_seqs, pred_seqs))
    print(f"accuracy: {100 * equal / max(len(true_seqs), 1):.2f}%")
    return 0.0, 0.0, 0.0
'''

#: The two functions of sayakpaul's `resnet_cifar10_v2.py` that an example calls, in fewer layers.
RESNET = b'''"""Stand-in for resnet_cifar10_v2: a stem and residual blocks."""
import keras
from keras import layers


def stem(inputs):
    return layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)


def learner(inputs, num_blocks):
    x = inputs
    for _ in range(num_blocks + 1):
        y = layers.BatchNormalization()(x)
        y = layers.Conv2D(16, 3, padding="same", activation="relu")(y)
        x = layers.Add()([x, layers.Conv2D(16, 3, padding="same")(y)])
    return x
'''

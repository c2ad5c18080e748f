"""Small tables: census, heart disease, ratings, sensors, traffic, weather, brain waves, sound."""

import io
import wave

import numpy as np

from validation.keras_examples.made_images import FileContents

_CENSUS = {
    "workclass": ("Private", "State-gov", "Self-emp-inc"),
    "education": ("Bachelors", "HS-grad", "Masters", "11th"),
    "marital": ("Never-married", "Divorced", "Married-civ-spouse"),
    "occupation": ("Tech-support", "Sales", "Exec-managerial", "Craft-repair"),
    "relationship": ("Husband", "Wife", "Own-child", "Unmarried"),
    "race": ("White", "Black", "Other"),
    "sex": ("Male", "Female"),
    # More than any other column, as in the original: an example relies on it.
    "country": tuple(f"Country-{letter}" for letter in "ABCDEFGHIJKLMNOP"),
}


def census(rows: int, test: bool) -> bytes:
    """Return rows of UCI's Adult, fields after a comma and a blank; a test set has a first line."""
    rng = np.random.default_rng(rows + test)
    lines = ["|1x3 Cross validator"] if test else []
    for _ in range(rows):
        pick = {key: str(rng.choice(values)) for key, values in _CENSUS.items()}
        income = (">50K" if rng.random() < 0.3 else "<=50K") + ("." if test else "")
        fields = [
            *(int(rng.integers(18, 80)), pick["workclass"], int(rng.integers(20_000, 400_000))),
            *(pick["education"], int(rng.integers(5, 16)), pick["marital"], pick["occupation"]),
            *(pick["relationship"], pick["race"], pick["sex"], int(rng.integers(0, 5000)), 0),
            *(int(rng.integers(20, 60)), pick["country"], income),
        ]
        lines.append(", ".join(map(str, fields)))
    return ("\n".join(lines) + "\n").encode()


def heart(rows: int) -> bytes:
    """Return the Cleveland heart disease table."""
    rng = np.random.default_rng(rows)
    names = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal,target"
    lines = [names]
    bounds = ((29, 77), (0, 2), (0, 5), (94, 200), (126, 560), (0, 2), (0, 3), (71, 202), (0, 2))
    for index in range(rows):
        numbers = [int(rng.integers(*b)) for b in bounds]
        thal = ("fixed", "normal", "reversible")[index % 3]
        last = [f"{rng.random() * 6:.1f}", int(rng.integers(0, 3)), int(rng.integers(0, 4)), thal]
        lines.append(",".join(map(str, [*numbers, *last, index % 2])))
    return ("\n".join(lines) + "\n").encode()


def ratings(rows: int) -> FileContents:
    """Return MovieLens: its ratings and its movies."""
    rng = np.random.default_rng(rows)
    lines = ["userId,movieId,rating,timestamp"]
    for index in range(rows):
        rating = (rng.integers(1, 11)) / 2
        lines.append(f"{index % 40 + 1},{rng.integers(1, 61)},{rating},{964982703 + index}")
    movies = ["movieId,title,genres", *(f"{n},Film {n} (1995),Drama|War" for n in range(1, 61))]
    return {
        "ml-latest-small/ratings.csv": ("\n".join(lines) + "\n").encode(),
        "ml-latest-small/movies.csv": ("\n".join(movies) + "\n").encode(),
    }


def daily_series(days: int, jump: bool) -> bytes:
    """Return a value every five minutes, as in the Numenta Anomaly Benchmark."""
    steps = days * 288
    rng = np.random.default_rng(days)
    values = 20 + 15 * np.sin(np.arange(steps) / 288 * 2 * np.pi) + rng.normal(0, 1, steps)
    if jump:
        values[steps // 2 : steps // 2 + 300] += 60
    start = np.datetime64("2014-04-01T00:00:00")
    times = start + np.arange(steps) * np.timedelta64(5, "m")
    rows = [f"{str(t).replace('T', ' ')},{v:.4f}" for t, v in zip(times, values, strict=True)]
    return ("timestamp,value\n" + "\n".join(rows) + "\n").encode()


def engine_noise(rows: int) -> bytes:
    """Return UCR's FordA: a label of -1 or 1 and 500 values in each line, tabs between."""
    rng = np.random.default_rng(rows)
    lines = []
    for index in range(rows):
        values = np.cumsum(rng.normal(size=500)) / 10 + (index % 2)
        lines.append("\t".join([str(1 - 2 * (index % 2)), *(f"{v:.5f}" for v in values)]))
    return ("\n".join(lines) + "\n").encode()


def transactions(rows: int) -> bytes:
    """Return the credit card table: Time, 28 features, Amount and Class, numbers in quotes."""
    rng = np.random.default_rng(rows)
    head = ",".join(['"Time"', *(f'"V{n}"' for n in range(1, 29)), '"Amount"', '"Class"'])
    lines = [head]
    for index in range(rows):
        values = ",".join(f"{v:.5f}" for v in rng.normal(size=29))
        lines.append(f'{index},{values},"{int(index % 20 == 0)}"')
    return ("\n".join(lines) + "\n").encode()


def traffic(steps: int) -> FileContents:
    """Return PeMSD7: distances between 228 stations, and their speeds over time."""
    rng = np.random.default_rng(steps)
    places = rng.uniform(0, 8000, (228, 2))
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    speeds = rng.normal(60, 8, (steps, 228))
    return {"PeMSD7_W_228.csv": _csv(distances), "PeMSD7_V_228.csv": _csv(speeds)}


def weather(rows: int) -> bytes:
    """Return the Jena climate table: 14 quantities every ten minutes."""
    rng = np.random.default_rng(rows)
    names = (
        "p (mbar),T (degC),Tpot (K),Tdew (degC),rh (%),VPmax (mbar),VPact (mbar),VPdef (mbar),"
        "sh (g/kg),H2OC (mmol/mol),rho (g/m**3),wv (m/s),max. wv (m/s),wd (deg)"
    )
    start = np.datetime64("2009-01-01T00:10:00")
    lines = [f"Date Time,{names}"]
    for index in range(rows):
        time = str(start + index * np.timedelta64(10, "m"))
        day, clock = time.split("T")
        year, month, number = day.split("-")
        values = ",".join(f"{v:.2f}" for v in rng.normal(10, 3, 14))
        lines.append(f"{number}.{month}.{year} {clock},{values}")
    return ("\n".join(lines) + "\n").encode()


def brain_waves(rows: int) -> bytes:
    """Return the synchronised brainwave table with 512 raw values in each row."""
    rng = np.random.default_rng(rows)
    labels = ("blink1", "math1", "relax", "music", "video-ver1", "colorRound1-1", "unlabeled")
    lines = [
        ",id,indra_time,browser_latency,reading_time,attention_esense,meditation_esense,"
        "eeg_power,raw_values,signal_quality,createdAt,updatedAt,label"
    ]
    for index in range(rows):
        raw = str([int(v) for v in rng.integers(-200, 200, 512)])
        start = f"{index},{index % 15 + 1},t,1,t,50,50"
        label = labels[index % len(labels)]
        lines.append(f'{start},"[1.0, 2.0]","{raw}",0,t,t,{label}')
    return ("\n".join(lines) + "\n").encode()


def sound(seed: int, seconds: int) -> bytes:
    """Return a WAV file: 16 kHz, one channel, 16 bits."""
    rng = np.random.default_rng(seed)
    samples = rng.integers(-3000, 3000, 16_000 * seconds).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def array_file(array: np.ndarray) -> bytes:
    """Return an array as the bytes of an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _csv(table: np.ndarray) -> bytes:
    return ("\n".join(",".join(f"{v:.2f}" for v in row) for row in table) + "\n").encode()

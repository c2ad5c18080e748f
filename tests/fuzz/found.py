"""Inputs that once got through: each made a parser raise another error, or steer a terminal."""

FOUND: list[tuple[str, bytes]] = [
    # Beside its own errors msgspec raises those of bad UTF-8 and of endless nesting.
    ("progress", b'{"\xff":1}'),
    ("gate-plan", b'{"a":' + b"[" * 3000),
    ("gate-plan", b'{"gate_version":2,"gate_id":"\xff"}'),
    ("gate-pairs", b'{"kind":"\xff"}'),
    ("gate-message", b'{"type":"trouble","reason":"\xff"}'),
    ("proof-context", b'{"session":"\xff"}'),
    ("manifest", b'{"version":1,"arrays":' + b"[" * 3000),
    ("overhead", b'{"train_images":64,"seconds":"\xff"}'),
    # A name that is no field was quoted with its terminal escapes.
    ("record", b'{"record_version":3,"\\u001b[2J":1}'),
    ("certificate", b'{"certificate_version":3,"\\u001b]0;title\\u0007":1}'),
    # pytest-benchmark's file was taken apart before anybody had looked at it.
    ("saved-baseline", b"[]"),
    ("saved-baseline", b'{"benchmarks":[{}]}'),
    ("saved-baseline", b'"\\ud800"'),
    # Paths: control characters, and names that no file system has.
    ("workload", b"\n.py:b"),
    ("workload", b"9" * 400 + b".py:b"),
    ("side", b"python=,src=\x01"),
    ("side", b"src=" + b"9" * 400),
    ("side", b"env.\x18="),
    ("run-id", b"9" * 5000),
    # Readers of others that raise what they do not name.
    ("archive", b"\x1f\x8b\x08"),
    ("pickle", b"(dp0\nc_codecs\nencode\np0\na"),
    ("pickle", b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff"),
    ("npy", b"\x93NUMPY\x01\x00\x0a\x00{'descr': \n"),
    ("weights", b"\x93NUMPY\x01\x00\x0a\x00'''''''''\n"),
]

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The scanner and Python's json agree on random and on broken documents, and on what an example says."""

import base64
import json
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from annotationd_harness import PNG, SOURCE_DIR, Tap, find_program  # noqa: E402

SEED = int(os.environ.get("ANNOT_TEST_SEED", random.randrange(2**32)))
DOCUMENTS = 40000 if os.environ.get("ANNOT_TEST_SLOW") else 6000
DEPTH = 512

# What mutations put in: what means something, and bytes that mean nothing.
BITS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud83d", b"\\ude00", b"\\u0000", b"0", b"-", b"+", b".",
        b"e", b"E9", b"1e400", b"NaN", b"Infinity", b"true", b"null", b" ", b"\n", b"\x00", b"\x1f", b"\x7f", b"\x80",
        b"\xc3\xa4", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"//", b"'"]


class Writer:
    """Writes values as JSON in all the ways that are allowed."""

    def __init__(self, rand):
        self.rand = rand

    def space(self):
        return "".join(self.rand.choices(" \t\r\n", k=self.rand.choice([0, 0, 0, 1, 2])))

    def character(self, character):
        code = ord(character)
        if self.rand.random() < 0.1 or code < 0x20:
            if code > 0xFFFF:
                code -= 0x10000
                return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04X}"
            return f"\\u{code:04x}"
        return {'"': '\\"', "\\": "\\\\"}.get(character, character)

    def string(self, text):
        return '"' + "".join(self.character(c) for c in text) + '"'

    def value(self, value):
        if isinstance(value, dict):
            inside = ",".join(f"{self.space()}{self.string(k)}{self.space()}:{self.value(v)}" for k, v in value.items())
            text = "{" + inside + self.space() + "}"
        elif isinstance(value, list):
            text = "[" + ",".join(self.value(v) for v in value) + self.space() + "]"
        elif isinstance(value, str):
            text = self.string(value)
        else:
            text = json.dumps(value)
        return self.space() + text + self.space()


def random_text(rand):
    alphabet = "abcxyz 019\"\\/\n\t\x00\x7f\u00e4\u20ac\U0001f600\ud7ff\ue000"
    return "".join(rand.choices(alphabet, k=rand.choice([0, 1, 3, 8, 20])))


def random_value(rand, depth):
    kind = rand.randrange(8 if depth else 6)
    if kind == 0:
        return rand.choice([True, False, None])
    if kind == 1:
        return rand.randrange(-(10**rand.randrange(1, 25)), 10**rand.randrange(1, 25))
    if kind in (2, 3):
        return rand.choice([rand.uniform(-1, 1), rand.uniform(-1e6, 1e6), 10.0**rand.randrange(-320, 308), -0.0])
    if kind in (4, 5):
        return random_text(rand)
    if kind == 6:
        return [random_value(rand, depth - 1) for _ in range(rand.randrange(5))]
    return {random_text(rand): random_value(rand, depth - 1) for _ in range(rand.randrange(5))}


def mutate(rand, document):
    for _ in range(rand.choice([1, 1, 2, 4])):
        at = rand.randrange(len(document) + 1)
        to = min(len(document), at + rand.choice([1, 1, 2, 5]))
        kind = rand.randrange(5)
        if kind == 0:
            document = document[:at] + document[to:]
        elif kind == 1:
            document = document[:at] + rand.choice(BITS) + document[at:]
        elif kind == 2:
            document = document[:at] + rand.choice(BITS) + document[to:]
        elif kind == 3:
            document = document[:at] + document[at:to] * 2 + document[to:]
        else:
            document = document[:at]
    return document


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def has_surrogate(text):
    return any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def check_value(value, depth):
    """Raises for what Python takes and RFC 8259 leaves open: lone surrogates, any depth."""
    if isinstance(value, str) and has_surrogate(value):
        raise ValueError("half of a surrogate pair")
    if isinstance(value, list):
        if depth == 0:
            raise ValueError("too deep")
        for inside in value:
            check_value(inside, depth - 1)
    if isinstance(value, tuple):
        if depth == 0:
            raise ValueError("too deep")
        for name, inside in value:
            check_value(name, 0)
            check_value(inside, depth - 1)


def python_accepts(document):
    try:
        value = json.loads(document.decode("utf-8"), parse_constant=refuse_constant, parse_int=float,
                           object_pairs_hook=tuple)
        check_value(value, DEPTH)
    except (ValueError, RecursionError):
        return False
    return True


def ask(documents, *arguments):
    sent = b"".join(len(d).to_bytes(4, "little") + d for d in documents)
    done = subprocess.run([find_program("tests/lib/json-check"), *arguments], input=sent, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"json-check ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    answers = done.stdout.split(b"\n")[:-1]
    if len(answers) != len(documents):
        raise RuntimeError(f"{len(answers)} answers to {len(documents)} documents")
    return answers


def test_agreement(tap):
    rand = random.Random(SEED)
    writer = Writer(rand)
    documents = [b"[" * DEPTH + b"]" * DEPTH, b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), b"", b"{}", b"1e999", b"-0"]
    for _ in range(DOCUMENTS):
        document = writer.value(random_value(rand, 4)).encode()
        documents.append(mutate(rand, document) if rand.random() < 0.7 else document)
    expected = [b"y" if python_accepts(d) else b"n" for d in documents]
    wrong = [d for d, e, a in zip(documents, expected, ask(documents)) if e != a]
    tap.diag(f"{expected.count(b'y')} of {len(expected)} documents are valid")
    tap.ok(0.1 < expected.count(b"y") / len(expected) < 0.9, "the documents are of both kinds")
    tap.ok(not wrong, "the scanner accepts what Python accepts", f"they differ on {wrong[:5]!r}")


def random_box(rand):
    x1, y1 = rand.choice([(rand.uniform(-5, 500), rand.uniform(0, 500)), (rand.randrange(500), rand.randrange(500))])
    corners = [x1, y1, x1 + rand.uniform(0.5, 100), y1 + rand.randrange(1, 100)]
    names = rand.choice([["x1", "y1", "x2", "y2"], ["x_min", "y_min", "x_max", "y_max"], None])
    if not names:
        return corners, corners
    box = list(zip(names, corners))
    rand.shuffle(box)
    return dict(box), corners


def random_example(rand):
    """Returns an example in some accepted shape, and what it means."""
    given, meant = [], []
    for _ in range(rand.randrange(4)):
        box, corners = random_box(rand)
        name, confidence = random_text(rand).replace("\x00", "") or "x", rand.random()
        extra = {"extra": random_value(rand, 2)}
        given.append({rand.choice(["bbox", "bounding_box"]): box, rand.choice(["class_name", "label"]): name,
                      "confidence": confidence, **extra})
        meant.append({"bbox": dict(zip(["x1", "y1", "x2", "y2"], corners)), "class_name": name, "confidence": confidence,
                      **extra})
    head = {"event_id": f"e-{rand.randrange(10**9)}", "camera_id": "cam", "timestamp": "2026-11-23T08:00:00Z"}
    rest = {f"u{n}{random_text(rand)}": random_value(rand, 3) for n in range(rand.randrange(4))}
    if rand.random() < 0.3:
        rest["frame_data"] = base64.b64encode(PNG).decode()
    members = list({**head, **rest, "detections": given}.items())
    rand.shuffle(members)
    return dict(members), {**head, **rest, "detections": meant}


def test_examples(tap):
    rand = random.Random(SEED + 1)
    writer = Writer(rand)
    pairs = [random_example(rand) for _ in range(DOCUMENTS // 10)]
    answers = ask([writer.value(given).encode() for given, _ in pairs], "--example")
    wrong = []
    for (given, meant), answer in zip(pairs, answers):
        if not answer.startswith(b"y ") or json.loads(answer[2:]) != meant:
            wrong.append((given, answer))
    tap.ok(not wrong, "an example that was read and written says the same", f"they differ on {wrong[:2]!r}")


def test_broken_examples(tap):
    """None of them crashes, and each refusal is one line of text."""
    rand = random.Random(SEED + 2)
    writer = Writer(rand)
    documents = [mutate(rand, writer.value(random_example(rand)[0]).encode()) for _ in range(DOCUMENTS // 10)]
    wrong = []
    for document, answer in zip(documents, ask(documents, "--example")):
        if answer.startswith(b"y ") and not python_accepts(document):
            wrong.append((document, answer))
        if answer.startswith(b"n ") and len(answer) < 10:
            wrong.append((document, answer))
    tap.ok(not wrong, "no broken example is accepted", f"they differ on {wrong[:2]!r}")


def find_hard_examples():
    for path in (pathlib.Path(SOURCE_DIR, "..", "shared", "data"), pathlib.Path("/work/shared/data")):
        if (path / "hard-examples.jsonl").is_file():
            return path / "hard-examples.jsonl"
    return None


def test_hard_examples(tap):
    path = find_hard_examples()
    if not path:
        tap.skip("real examples are accepted", "hard-examples.jsonl is not here")
        return
    lines = path.read_bytes().splitlines()
    wrong = []
    for line, answer in zip(lines, ask(lines, "--example")):
        if not answer.startswith(b"y ") or json.loads(answer[2:]) != json.loads(line):
            wrong.append((line[:300], answer[:300]))
    tap.ok(lines and not wrong, "real examples are accepted", f"they differ on {wrong[:2]!r}")


def main():
    tap = Tap()
    tap.diag(f"ANNOT_TEST_SEED={SEED}")
    test_agreement(tap)
    test_examples(tap)
    test_broken_examples(tap)
    test_hard_examples(tap)
    tap.done()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws street scenes and prints them as hard examples, one JSON message a line, as an unsure detector would send them.

    make-demo.py -n 40 >> TOPICS/hard-examples.jsonl

The same seed always gives the same bytes. Only the standard library is used: shapes are filled row by row, noise is
added to whole rows at once as one large number, and the image is a PNG by zlib.
"""

import argparse
import base64
import datetime
import json
import math
import random
import struct
import sys
import time
import uuid
import zlib

CLASSES = ("person", "car", "dog")


class Picture:
    """An RGB image to draw on; every colour is (red, green, blue) within 0 … 255."""

    def __init__(self, width, height):
        self.width = width
        self.height = height
        self.rows = [bytearray(3 * width) for _ in range(height)]

    def span(self, y, x1, x2, colour):
        """One row from x1 up to, not including, x2."""
        if not 0 <= y < self.height:
            return
        left, right = max(0, int(x1)), min(self.width, int(x2))
        if left < right:
            self.rows[y][3 * left : 3 * right] = bytes(colour) * (right - left)

    def box(self, x1, y1, x2, y2, colour, bottom=None):
        """A rectangle, shaded from colour at its top to bottom at its foot."""
        bottom = bottom or colour
        for y in range(int(y1), int(y2)):
            part = (y - y1) / max(1.0, y2 - y1)
            self.span(y, x1, x2, blend(colour, bottom, part))

    def ellipse(self, cx, cy, rx, ry, colour, bottom=None):
        bottom = bottom or colour
        for y in range(int(cy - ry), int(cy + ry) + 1):
            height = 1 - ((y - cy) / max(ry, 0.5)) ** 2
            if height > 0:
                half = rx * math.sqrt(height)
                self.span(y, cx - half, cx + half + 1, blend(colour, bottom, (y - cy + ry) / max(1.0, 2 * ry)))

    def polygon(self, points, colour, bottom=None):
        """A convex polygon."""
        bottom = bottom or colour
        top, foot = min(y for _, y in points), max(y for _, y in points)
        for y in range(int(top), int(foot) + 1):
            crossings = []
            for (xa, ya), (xb, yb) in zip(points, points[1:] + points[:1]):
                if min(ya, yb) <= y < max(ya, yb):
                    crossings.append(xa + (y - ya) * (xb - xa) / (yb - ya))
            if len(crossings) >= 2:
                self.span(
                    y, min(crossings), max(crossings) + 1, blend(colour, bottom, (y - top) / max(1.0, foot - top))
                )

    def tone(self, red, green, blue):
        """Light of another colour: each channel times its factor, kept off both ends so that noise never wraps."""
        tables = [bytes(max(8, min(247, int(value * factor))) for value in range(256)) for factor in (red, green, blue)]
        for row in self.rows:
            for channel, table in enumerate(tables):
                row[channel::3] = row[channel::3].translate(table)

    def noise(self, rng, bits):
        """Sensor noise, the same in the three channels. Wants tone() before it."""
        mask = int.from_bytes(bytes([(1 << bits) - 1]) * self.width, "big")
        for row in self.rows:
            grain = (int.from_bytes(rng.randbytes(self.width), "big") & mask).to_bytes(self.width, "big")
            wide = bytearray(3 * self.width)
            wide[0::3] = wide[1::3] = wide[2::3] = grain
            total = int.from_bytes(row, "big") + int.from_bytes(wide, "big")
            row[:] = total.to_bytes(3 * self.width, "big")

    def png(self):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in self.rows), 6)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def blend(first, second, part):
    """Between two colours; part 0 is the first, 1 the second."""
    return tuple(max(0, min(255, int(a + (b - a) * part))) for a, b in zip(first, second))


def darker(colour, factor):
    return tuple(int(value * factor) for value in colour)


def draw_person(picture, rng, x, foot, height):
    """Answers the box that encloses it: (x1, y1, x2, y2)."""
    skin = rng.choice([(241, 205, 178), (205, 150, 114), (142, 92, 64), (92, 60, 44)])
    shirt = rng.choice(
        [(196, 62, 58), (52, 98, 160), (222, 184, 70), (70, 132, 92), (232, 228, 220), (60, 58, 66), (146, 88, 150)]
    )
    trousers = rng.choice([(44, 52, 78), (58, 54, 52), (110, 96, 78), (36, 36, 40)])
    width = height * 0.34
    stride = rng.uniform(0.12, 0.42) * width
    hip, shoulder, chin = foot - 0.47 * height, foot - 0.83 * height, foot - 0.86 * height
    picture.ellipse(x + 0.1 * width, foot, 0.55 * width, 0.03 * height, (58, 60, 64))
    for side in (-1, 1):
        shoe = x + side * stride
        leg = 0.14 * width
        picture.polygon(
            [
                (x + side * leg * 1.1 - leg, hip),
                (x + side * leg * 1.1 + leg, hip),
                (shoe + leg * 0.8, foot),
                (shoe - leg * 0.8, foot),
            ],
            trousers,
            darker(trousers, 0.7),
        )
        picture.box(shoe - leg, foot - 0.03 * height, shoe + leg * 1.5, foot, (30, 28, 28))
    picture.polygon(
        [
            (x - 0.36 * width, shoulder),
            (x + 0.36 * width, shoulder),
            (x + 0.28 * width, hip + 2),
            (x - 0.28 * width, hip + 2),
        ],
        shirt,
        darker(shirt, 0.72),
    )
    swing = rng.uniform(-0.1, 0.18) * width
    for side in (-1, 1):
        arm = x + side * 0.38 * width
        picture.polygon(
            [
                (arm - 0.09 * width, shoulder),
                (arm + 0.09 * width, shoulder),
                (arm + side * swing + 0.07 * width, hip),
                (arm + side * swing - 0.07 * width, hip),
            ],
            darker(shirt, 0.86),
            darker(shirt, 0.62),
        )
        picture.ellipse(arm + side * swing, hip, 0.07 * width, 0.022 * height, skin)
    picture.box(x - 0.09 * width, chin - 0.02 * height, x + 0.09 * width, shoulder + 2, darker(skin, 0.8))
    picture.ellipse(x, foot - 0.92 * height, 0.2 * width, 0.075 * height, skin, darker(skin, 0.8))
    hair = rng.choice([(40, 30, 24), (92, 64, 36), (196, 168, 110), (120, 120, 122)])
    picture.ellipse(x, foot - 0.955 * height, 0.2 * width, 0.043 * height, hair)
    reach = max(stride + 0.2 * width, 0.48 * width + max(0.0, swing))
    return x - reach, foot - height, x + reach, foot + 0.01 * height


def draw_car(picture, rng, x, foot, height):
    width = height * rng.uniform(2.3, 2.7)
    paint = rng.choice([(176, 44, 44), (38, 76, 132), (214, 216, 220), (70, 74, 80), (34, 92, 78), (206, 160, 58)])
    left, right, top = x - width / 2, x + width / 2, foot - height
    facing = rng.choice((-1, 1))
    waist = foot - 0.58 * height
    picture.ellipse(x, foot, 0.53 * width, 0.09 * height, (52, 54, 58))
    cabin = [
        (x - 0.3 * width, waist + 1),
        (x - 0.2 * width, top),
        (x + 0.17 * width, top),
        (x + 0.31 * width, waist + 1),
    ]
    if facing < 0:
        cabin = [(2 * x - px, py) for px, py in reversed(cabin)]
    picture.polygon(cabin, darker(paint, 0.95), darker(paint, 0.8))
    for side in (-1, 1):
        picture.polygon(
            [
                (x + side * 0.02 * width, waist),
                (x + side * 0.02 * width, top + 0.08 * height),
                (x + side * 0.155 * width, top + 0.08 * height),
                (x + side * 0.235 * width, waist),
            ],
            (150, 176, 192),
            (84, 104, 120),
        )
    picture.polygon(
        [
            (left + 0.02 * width, waist),
            (right - 0.02 * width, waist),
            (right, foot - 0.32 * height),
            (right - 0.01 * width, foot - 0.16 * height),
            (left + 0.01 * width, foot - 0.16 * height),
            (left, foot - 0.32 * height),
        ],
        paint,
        darker(paint, 0.58),
    )
    picture.box(
        left + 0.06 * width, foot - 0.42 * height, right - 0.06 * width, foot - 0.4 * height, darker(paint, 0.6)
    )
    front = right if facing > 0 else left
    rear = left if facing > 0 else right
    picture.ellipse(front - facing * 0.03 * width, foot - 0.42 * height, 0.022 * width, 0.05 * height, (252, 244, 204))
    picture.ellipse(rear + facing * 0.025 * width, foot - 0.42 * height, 0.018 * width, 0.05 * height, (196, 32, 30))
    for side in (-1, 1):
        wheel = x + side * 0.3 * width
        picture.ellipse(wheel, foot - 0.17 * height, 0.18 * height, 0.18 * height, (26, 26, 28))
        picture.ellipse(wheel, foot - 0.17 * height, 0.09 * height, 0.09 * height, (164, 168, 172), (96, 98, 102))
    return left, top, right, foot + 0.02 * height


def draw_dog(picture, rng, x, foot, height):
    coat = rng.choice([(128, 84, 48), (52, 46, 44), (206, 178, 132), (222, 218, 210)])
    length = height * 1.25
    facing = rng.choice((-1, 1))
    belly = foot - 0.42 * height
    picture.ellipse(x, foot, 0.5 * length, 0.06 * height, (58, 60, 64))
    for offset in (-0.3, -0.2, 0.22, 0.32):
        leg = x + offset * length
        picture.box(leg - 0.04 * length, belly, leg + 0.04 * length, foot, coat, darker(coat, 0.7))
    picture.polygon(
        [
            (x - facing * 0.38 * length, belly - 0.2 * height),
            (x - facing * 0.5 * length, foot - 0.86 * height),
            (x - facing * 0.46 * length, foot - 0.86 * height),
            (x - facing * 0.3 * length, belly),
        ],
        coat,
    )
    picture.ellipse(x, belly - 0.08 * height, 0.4 * length, 0.2 * height, coat, darker(coat, 0.62))
    head = x + facing * 0.4 * length
    picture.ellipse(head, foot - 0.74 * height, 0.14 * length, 0.16 * height, coat, darker(coat, 0.75))
    picture.ellipse(
        head + facing * 0.13 * length, foot - 0.69 * height, 0.09 * length, 0.075 * height, darker(coat, 0.85)
    )
    picture.ellipse(head + facing * 0.2 * length, foot - 0.71 * height, 0.022 * length, 0.03 * height, (20, 18, 18))
    picture.polygon(
        [
            (head - facing * 0.12 * length, foot - 0.84 * height),
            (head - facing * 0.03 * length, foot - height),
            (head + facing * 0.03 * length, foot - 0.84 * height),
        ],
        darker(coat, 0.7),
    )
    ends = (x - facing * 0.5 * length, head + facing * 0.23 * length)
    return min(ends), foot - height, max(ends), foot + 0.01 * height


def draw_post(picture, rng, x, foot, height):
    """A lamp post or litter bin: what a detector takes for a person or a dog."""
    if rng.random() < 0.5:
        tall = height * 1.9
        picture.box(x - 0.03 * height, foot - tall, x + 0.03 * height, foot, (96, 100, 104), (58, 60, 64))
        picture.ellipse(x, foot - tall, 0.13 * height, 0.06 * height, (236, 226, 176))
        return "person", (x - 0.13 * height, foot - 1.25 * height, x + 0.13 * height, foot)
    low = height * 0.52
    picture.ellipse(x, foot, 0.24 * height, 0.04 * height, (58, 60, 64))
    picture.polygon(
        [
            (x - 0.2 * height, foot - low),
            (x + 0.2 * height, foot - low),
            (x + 0.16 * height, foot),
            (x - 0.16 * height, foot),
        ],
        (66, 108, 84),
        (34, 62, 50),
    )
    picture.box(x - 0.22 * height, foot - low - 0.05 * height, x + 0.22 * height, foot - low, (44, 78, 62))
    return "dog", (x - 0.22 * height, foot - low - 0.05 * height, x + 0.22 * height, foot)


def draw_tree(picture, rng, x, foot, height):
    picture.box(x - 0.07 * height, foot - height, x + 0.07 * height, foot, (96, 74, 56), (62, 48, 38))
    for _ in range(9):
        green = rng.choice([(74, 116, 62), (90, 134, 70), (62, 100, 58)])
        picture.ellipse(
            x + rng.uniform(-0.45, 0.45) * height,
            foot - height * rng.uniform(1.0, 1.7),
            0.34 * height,
            0.28 * height,
            green,
            darker(green, 0.7),
        )


def draw_street(picture, rng):
    """Sky, houses, pavement and road; answers the row of the horizon and where the road begins."""
    width, height = picture.width, picture.height
    horizon, kerb = int(0.46 * height), int(0.6 * height)
    picture.box(0, 0, width, horizon, (150, 186, 220), (224, 230, 232))
    x = -rng.uniform(0, 60)
    while x < width:
        wide, tall = rng.uniform(0.12, 0.24) * width, rng.uniform(0.24, 0.44) * height
        wall = rng.choice([(186, 160, 136), (168, 110, 92), (206, 198, 184), (140, 146, 152), (196, 176, 132)])
        top = horizon - tall
        picture.box(x, top, x + wide, horizon + 0.03 * height, wall, darker(wall, 0.76))
        picture.box(x - 2, top - 6, x + wide + 2, top, darker(wall, 0.6))
        columns, storeys = max(2, int(wide / 44)), max(2, int(tall / 46))
        for column in range(columns):
            for storey in range(storeys):
                wx, wy = x + (column + 0.28) * wide / columns, top + (storey + 0.25) * tall / storeys
                glass = rng.choice([(92, 112, 130), (120, 142, 158), (70, 84, 98), (238, 214, 150)])
                picture.box(
                    wx - 2, wy - 2, wx + 0.46 * wide / columns + 2, wy + 0.55 * tall / storeys + 2, darker(wall, 1.12)
                )
                picture.box(wx, wy, wx + 0.46 * wide / columns, wy + 0.55 * tall / storeys, glass, darker(glass, 0.8))
        x += wide
    picture.box(0, horizon + 0.03 * height, width, kerb, (176, 174, 170), (158, 156, 152))
    for joint in range(-4, 24):
        picture.polygon(
            [
                (width / 2 + (joint - 10) * 70, horizon + 0.03 * height),
                (width / 2 + (joint - 10) * 70 + 1, horizon + 0.03 * height),
                (width / 2 + (joint - 10) * 112 + 1, kerb),
                (width / 2 + (joint - 10) * 112, kerb),
            ],
            (146, 144, 140),
        )
    picture.box(0, kerb, width, kerb + 5, (206, 204, 198))
    picture.box(0, kerb + 5, width, height, (92, 95, 100), (66, 68, 73))
    for dash in range(9):
        left = dash * width / 7 - 40
        picture.polygon(
            [
                (left, 0.79 * height),
                (left + 70, 0.79 * height),
                (left + 62, 0.79 * height + 8),
                (left - 8, 0.79 * height + 8),
            ],
            (226, 224, 214),
        )
    return horizon, kerb


def place_things(picture, rng, kerb):
    """Answers (truth, decoys): lists of (class, box), things further away drawn first."""
    height = picture.height
    truth, decoys, wanted = [], [], []
    for _ in range(rng.randint(1, 3)):
        wanted.append(("tree" if rng.random() < 0.5 else "post", rng.uniform(0.52, 0.59)))
    for _ in range(rng.choice((1, 2, 2, 3, 4, 5))):
        wanted.append(("person", rng.choice((rng.uniform(0.54, 0.62), rng.uniform(0.66, 0.97)))))
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        wanted.append(("car", rng.choice((0.7, 0.74, 0.9, 0.95))))
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        wanted.append(("dog", rng.uniform(0.56, 0.96)))
    for kind, ground in sorted(wanted, key=lambda item: item[1]):
        foot = ground * height
        scale = 0.13 * height + (foot - 0.5 * height) * 0.72
        x = rng.uniform(0.04, 0.96) * picture.width
        if kind == "tree":
            draw_tree(picture, rng, x, foot, scale * 0.8)
        elif kind == "post":
            decoys.append(draw_post(picture, rng, x, foot, scale))
        elif kind == "person":
            truth.append(("person", draw_person(picture, rng, x, foot, scale * rng.uniform(0.85, 1.1))))
        elif kind == "car":
            truth.append(("car", draw_car(picture, rng, x, max(foot, kerb + 30), scale * 0.82)))
        else:
            truth.append(("dog", draw_dog(picture, rng, x, foot, scale * rng.uniform(0.38, 0.5))))
    return truth, decoys


def clip(box, width, height):
    """The part of a box inside the picture, None when next to nothing is left."""
    x1, y1, x2, y2 = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
    return None if x2 - x1 < 6 or y2 - y1 < 6 else (x1, y1, x2, y2)


def detect(rng, truth, decoys, width, height):
    """What an unsure detector would say: some things missed, some shifted, some called wrongly, some invented."""
    detections = []

    def add(name, box, confidence):
        box = clip(box, width, height)
        if box is not None:
            corners = dict(zip(("x1", "y1", "x2", "y2"), (round(value, 1) for value in box)))
            detections.append({"bbox": corners, "class_name": name, "confidence": round(confidence, 4)})

    for name, (x1, y1, x2, y2) in truth:
        chance = rng.random()
        if chance < 0.12:
            continue
        loose = 0.22 if chance < 0.3 else 0.04
        wide, tall = x2 - x1, y2 - y1
        box = (
            x1 + rng.gauss(0, loose) * wide,
            y1 + rng.gauss(0, loose) * tall,
            x2 + rng.gauss(0, loose) * wide,
            y2 + rng.gauss(0, loose) * tall,
        )
        sure = rng.uniform(0.28, 0.62) if loose > 0.1 else rng.uniform(0.42, 0.93)
        if rng.random() < 0.12:
            name = rng.choice([other for other in CLASSES if other != name])
            sure = rng.uniform(0.24, 0.5)
        add(name, box, sure)
    for name, box in decoys:
        if rng.random() < 0.6:
            add(name, box, rng.uniform(0.21, 0.48))
    return detections


def make_frame(rng, width, height):
    """Answers (PNG, truth, decoys)."""
    picture = Picture(width, height)
    _, kerb = draw_street(picture, rng)
    truth, decoys = place_things(picture, rng, kerb)
    picture.tone(*rng.choice([(1, 1, 1), (1, 1, 1), (1.06, 0.98, 0.86), (0.86, 0.92, 1.02), (0.5, 0.55, 0.72)]))
    picture.noise(rng, 2)
    return picture.png(), truth, decoys


def make_example(seed, index, start, size, with_truth):
    rng = random.Random(f"{seed}/{index}")
    width, height = size
    frame, truth, decoys = make_frame(rng, width, height)
    detections = detect(rng, truth, decoys, width, height)
    scores = {}
    for item in detections:
        scores[item["class_name"]] = min(item["confidence"], scores.get(item["class_name"], 1.0))
    unsure = sorted(name for name, score in scores.items() if score < 0.5)
    example = {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"annotationd-demo/{seed}/{index}")),
        "camera_id": f"street-cam-{rng.randrange(6):03d}",
        "timestamp": (start + datetime.timedelta(seconds=7 * index)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "frame_data": base64.b64encode(frame).decode(),
        "detections": detections,
        "confidence_scores": scores,
        "reason": f"Low confidence detections: {unsure}" if unsure else "No confident detection",
        "anonymized": True,
        "model_version": "demo-1",
    }
    if with_truth:
        boxes = [(name, clip(box, width, height)) for name, box in truth]
        example["metadata"] = {
            "truth": [
                {"class_name": name, "bbox": dict(zip(("x1", "y1", "x2", "y2"), map(round, box)))}
                for name, box in boxes
                if box is not None
            ]
        }
    return example


def read_size(text):
    width, _, height = text.partition("x")
    size = int(width), int(height)
    if not (160 <= size[0] <= 4096 and 120 <= size[1] <= 4096):
        raise argparse.ArgumentTypeError("WIDTHxHEIGHT from 160x120 to 4096x4096 is wanted")
    return size


def read_time(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def main():
    parser = argparse.ArgumentParser(description="Print drawn street scenes as hard examples, one JSON message a line.")
    parser.add_argument("-n", "--count", type=int, default=24, help="how many (default: %(default)s)")
    parser.add_argument("--seed", default="1", help="the same seed gives the same examples (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one, to go on from an earlier run")
    parser.add_argument("--size", type=read_size, default=(960, 540), help="WIDTHxHEIGHT (default: 960x540)")
    parser.add_argument(
        "--start",
        type=read_time,
        default=read_time("2026-01-05T08:00:00Z"),
        help="time of the first frame, as 2026-01-05T08:00:00Z",
    )
    parser.add_argument(
        "--interval", type=float, default=0, help="seconds to wait between two, for a live demonstration"
    )
    parser.add_argument("--truth", action="store_true", help="add what was really drawn as metadata.truth")
    options = parser.parse_args()
    for index in range(options.first, options.first + options.count):
        if index > options.first and options.interval > 0:
            time.sleep(options.interval)
        json.dump(
            make_example(options.seed, index, options.start, options.size, options.truth),
            sys.stdout,
            separators=(",", ":"),
        )
        sys.stdout.write("\n")
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)

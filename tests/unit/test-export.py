#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every export format is what its readers expect: read with Python's own json, csv, zipfile and xml."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from annotationd_harness import Tap, find_program  # noqa: E402

# The rows of export-sample: "pixels" (640 by 480), "parts:1" (normalised, elsewhere), "unsized" (pixels, elsewhere), "empty",
# "text", and "pending", which nobody has annotated. Configured classes: person, car.
PARTS = "parts_1-"


def export(name, filler=0, *arguments):
    return subprocess.run([find_program("tests/lib/export-sample"), name, str(filler), *arguments], capture_output=True,
                          check=True, timeout=120).stdout


def test_unknown(tap):
    done = subprocess.run([find_program("tests/lib/export-sample"), "xls"], capture_output=True, check=False, text=True)
    tap.equal(done.stderr.strip(), "format: must be one of jsonl, csv, coco, yolo, voc, label-studio", "unknown format")


def test_jsonl(tap):
    rows = [json.loads(line) for line in export("jsonl").splitlines()]
    tap.equal([row["event_id"] for row in rows], ["pixels", "parts:1", "unsized", "empty", "text", "pending"], "jsonl: rows")
    first, last = rows[0], rows[-1]
    tap.equal(first["corrected_detections"][0]["corrected_class"], "dog & <b>", "jsonl: correction")
    tap.equal((first["extra"], first["model_version"], first["camera_id"]), ([1.5], "v7", 'cam "1"\uffff'), "jsonl: kept members")
    tap.equal(first["status"], "pending", "jsonl: the store's status, not the producer's")
    tap.ok(first["frame_data"].startswith("iVBOR") and first["frame_url"] == "/api/v1/examples/pixels/frame", "jsonl: frame")
    tap.equal(first["lead_time_ms"], 1500, "jsonl: lead time")
    tap.equal((last["corrected_detections"], last["annotator_id"], last["revision"]), (None, None, None), "jsonl: pending")


def test_csv(tap):
    text = export("csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    tap.equal([row["event_id"] for row in rows], ["pixels"] * 4 + ["parts:1", "unsized", "text"], "csv: one row a detection")
    tap.equal(rows[0]["notes"], "'=1+1 \"quoted\"\nline", "csv: a formula is text")
    tap.equal(rows[-1]["corrected_class"], "'=ham\n,\"x\"", "csv: quotes, commas, line ends")
    tap.equal((rows[0]["label"], rows[0]["is_correct"], rows[0]["x1"], rows[0]["confidence"]),
              ("dog & <b>", "false", "64", "0.25"), "csv: values")
    tap.equal((rows[1]["x1"], rows[2]["label"], rows[3]["x1"]), ("-10", "", ""), "csv: negative, rejected, without a box")
    tap.ok(all(None not in row for row in rows), "csv: no row is too long")
    tap.ok(text.count("\r\n") == len(rows) + 1, "csv: lines end with CR LF")


def test_coco(tap):
    document = json.loads(export("coco"))
    images = {image["id"]: image for image in document["images"]}
    names = {category["id"]: category["name"] for category in document["categories"]}
    tap.equal([i["event_id"] for i in document["images"]], ["pixels", "unsized", "empty"], "coco: images")
    tap.equal((images[1]["width"], images[1]["height"], images[1]["file_name"]), (640, 480, "pixels.png"), "coco: image")
    tap.equal(names, {1: "person", 2: "car", 3: "dog & <b>"}, "coco: configured classes come first")
    found = [(names[a["category_id"]], images[a["image_id"]]["event_id"], a["bbox"], a["area"], a["iscrowd"])
             for a in document["annotations"]]
    tap.equal(found, [("dog & <b>", "pixels", [64, 48, 64, 48], 3072, 0), ("car", "pixels", [-10, -10, 330, 250], 82500, 0),
                      ("car", "unsized", [10, 20, 20, 20], 400, 0)], "coco: objects")
    large = json.loads(export("coco", 3000, "pixels"))
    tap.equal((len(large["images"]), len(large["annotations"])), (3003, 3003), "coco: what was spooled is whole")
    ids = [a["id"] for a in large["annotations"]]
    tap.equal(ids, sorted(set(ids)), "coco: ids are unique")
    tap.ok({"info", "licenses"} <= document.keys(), "coco: info and licenses")


def open_zip(name, filler=0):
    archive = zipfile.ZipFile(io.BytesIO(export(name, filler)))
    return archive, archive.namelist()


def test_yolo(tap):
    archive, names = open_zip("yolo")
    tap.equal(archive.testzip(), None, "yolo: checksums")
    parts = [n for n in names if PARTS in n]
    tap.equal(sorted(set(names) - set(parts)), ["classes.txt", "data.yaml", "images/empty.png", "images/pixels.png",
                                                "labels/empty.txt", "labels/pixels.txt"], "yolo: files")
    tap.equal(archive.read("labels/pixels.txt").decode(),
              "2 0.150000 0.150000 0.100000 0.100000\n1 0.250000 0.250000 0.500000 0.500000\n", "yolo: labels, cut to the image")
    tap.equal(archive.read("labels/empty.txt"), b"", "yolo: background")
    tap.equal([archive.read(n) for n in parts], [b"1 0.500000 0.750000 0.500000 0.500000\n"], "yolo: parts")
    tap.equal(archive.read("classes.txt"), b"person\ncar\ndog & <b>\n", "yolo: classes.txt")
    tap.equal(archive.read("data.yaml").decode(), 'path: .\ntrain: images\nval: images\nnames:\n  0: "person"\n  1: "car"\n'
              '  2: "dog & <b>"\n', "yolo: data.yaml")


def test_voc(tap):
    archive, names = open_zip("voc")
    tap.equal(archive.testzip(), None, "voc: checksums")
    tap.equal(sorted(names), ["Annotations/empty.xml", "Annotations/pixels.xml", "Annotations/unsized.xml",
                              "JPEGImages/empty.png", "JPEGImages/pixels.png"], "voc: files")
    root = ElementTree.fromstring(archive.read("Annotations/pixels.xml"))
    tap.equal((root.findtext("filename"), root.findtext("size/width"), root.findtext("size/height")),
              ("pixels.png", "640", "480"), "voc: image")
    boxes = [(o.findtext("name"), *(int(o.findtext(f"bndbox/{c}")) for c in ("xmin", "ymin", "xmax", "ymax")))
             for o in root.iter("object")]
    tap.equal(boxes, [("dog & <b>", 64, 48, 128, 96), ("car", 0, 0, 320, 240)], "voc: objects, cut to the image")


def test_large_zip(tap):
    """More entries than the plain directory can count: zip64."""
    archive, names = open_zip("yolo", 70000)
    tap.ok(len(names) > 70000 and len(set(names)) == len(names), "zip64: all entries are found")
    tap.equal(archive.read("labels/filler-69999.txt"), b"1 0.500000 0.750000 0.500000 0.500000\n", "zip64: the last is whole")


def test_no_temporary_file(tap):
    for name in ("coco", "yolo", "voc"):
        done = subprocess.run([find_program("tests/lib/export-sample"), name, "1000", "pixels"], capture_output=True, check=False,
                              env=dict(os.environ, TMPDIR="/nonexistent"))
        tap.ok(done.returncode == 2 and b"/nonexistent" in done.stderr, f"{name}: says that there is no room", done.stderr)


def near(got, expected):
    return all(abs(got[key] - value) < 1e-9 for key, value in expected.items())


def test_label_studio(tap):
    tasks = json.loads(export("label-studio"))
    by_id = {task["data"]["event_id"]: task for task in tasks}
    tap.equal(len(by_id), 6, "label-studio: tasks")
    task = by_id["pixels"]
    result = task["annotations"][0]["result"]
    tap.equal([(r["type"], r["value"].get("rectanglelabels") or r["value"]["choices"]) for r in result],
              [("rectanglelabels", ["dog & <b>"]), ("rectanglelabels", ["car"]), ("choices", ["night"])],
              "label-studio: annotation without what was rejected")
    tap.ok(near(result[0]["value"], {"x": 10, "y": 10, "width": 10, "height": 10, "rotation": 0}), "label-studio: percent",
           result[0])
    tap.equal((result[0]["original_width"], result[0]["original_height"]), (640, 480), "label-studio: size")
    tap.equal((task["predictions"][0]["model_version"], task["predictions"][0]["score"],
               len(task["predictions"][0]["result"])), ("v7", 0.25, 2), "label-studio: prediction")
    tap.equal(task["annotations"][0]["lead_time"], 1.5, "label-studio: lead time in seconds")
    tap.ok(task["data"]["image"].startswith("data:image/png;base64,iVBOR"), "label-studio: image")
    tap.equal(by_id["parts:1"]["data"]["image"], "https://example.org/f.jpg", "label-studio: image by its URI")
    tap.ok(near(by_id["parts:1"]["annotations"][0]["result"][0]["value"], {"x": 25, "y": 50, "width": 50, "height": 50}),
           "label-studio: parts in percent")
    tap.equal((by_id["unsized"]["annotations"], by_id["unsized"]["predictions"]), ([], []),
              "label-studio: no percent of an unknown size")
    tap.equal((by_id["text"]["data"]["text"], by_id["text"]["annotations"][0]["result"][0]["to_name"]), ("H\u00e4llo", "text"),
              "label-studio: text")
    tap.equal(by_id["pending"]["annotations"], [], "label-studio: pending")


def main():
    tap = Tap()
    for test in (test_unknown, test_jsonl, test_csv, test_coco, test_yolo, test_voc, test_large_zip,
                 test_no_temporary_file, test_label_studio):
        test(tap)
    tap.done()


if __name__ == "__main__":
    main()

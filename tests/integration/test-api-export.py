#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every export format, read back by somebody else's reader."""

import base64
import csv
import io
import json
import os
import struct
import sys
import xml.etree.ElementTree
import zipfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, Tap, example, is_sanitized  # noqa: E402

PASSWORD = "correct horse battery"
LABELS = ["person", "car"]
COUNT = 9
WIDTH, HEIGHT = 200, 100
tap = Tap()


def png(width, height, shade):
    """A grey picture of that size."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) \
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def is_problem(answer, status):
    return answer.status == status and answer.headers.get_content_type() == "application/problem+json"


def fill(rob, ann):
    """Nine annotated pictures and one that waits."""
    for i in range(COUNT + 1):
        frame = base64.b64encode(png(WIDTH, HEIGHT, i * 20)).decode()
        rob.post("/api/v1/examples", example(f"x-{i}", camera_id=f"cam-{i % 3}", frame_data=frame))
    for i in range(COUNT):
        box = {"x1": 20, "y1": 10, "x2": 120, "y2": 60}
        detections = [{"bbox": box, "class_name": "person", "confidence": 0.4, "is_correct": True,
                       "corrected_class": "car" if i % 2 else None},
                      {"bbox": box, "class_name": "ghost", "confidence": 0.2, "is_correct": False}]
        body = {"corrected_detections": detections, "quality_score": 0.75, "notes": f"Größe, \"{i}\"\n=1+1"}
        answer = ann.post(f"/api/v1/examples/x-{i}/label", body)
        if answer.status != 200:
            tap.ok(False, "annotated", answer)


def export(admin, query):
    answer = admin.get("/api/v1/export?" + query)
    if answer.status != 200:
        tap.ok(False, f"export {query}", answer)
    return answer


def test_jsonl(admin):
    answer = export(admin, "format=jsonl")
    rows = [json.loads(line) for line in answer.body.splitlines()]
    tap.equal([row["event_id"] for row in rows], [f"x-{i}" for i in range(COUNT)], "jsonl: each annotated one, in order")
    tap.ok(all(row["annotator_id"] == "ann" and row["quality_score"] == 0.75 for row in rows), "with its annotation")
    tap.equal(rows[3]["notes"], "Größe, \"3\"\n=1+1", "and any text")
    tap.ok('attachment; filename="annotations-' in answer.headers["Content-Disposition"]
           and answer.headers["Transfer-Encoding"] == "chunked", "as a file, in pieces")
    tap.equal([json.loads(line)["event_id"] for line in export(admin, "camera_id=cam-1").body.splitlines()],
              ["x-1", "x-4", "x-7"], "jsonl unless said otherwise; filters work")
    tap.equal(export(admin, "annotator=nobody").body, b"", "an empty one is empty")
    tap.equal(export(admin, "from=2100-01-01T00:00:00Z").body, b"", "from a time")
    tap.equal(len(export(admin, "to=2100-01-01T00:00:00Z").body.splitlines()), COUNT, "to a time")
    tap.equal(len(export(admin, "status=all").body.splitlines()), COUNT + 1, "of every state")


def test_csv(admin):
    text = export(admin, "format=csv").body.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    tap.ok({row["event_id"] for row in rows} == {f"x-{i}" for i in range(COUNT)} and None not in rows[0],
           "csv: rows of equal length")
    cells = [cell for row in rows for cell in row.values()]
    tap.ok(any("Größe" in cell for cell in cells), "with any text")


def test_coco(admin):
    document = export(admin, "format=coco").json()
    tap.equal([(item["file_name"][:3], item["width"], item["height"]) for item in document["images"]],
              [(f"x-{i}", WIDTH, HEIGHT) for i in range(COUNT)], "coco: images with their size")
    names = {item["id"]: item["name"] for item in document["categories"]}
    images = {item["id"] for item in document["images"]}
    tap.equal(list(names.values())[:2], LABELS, "the configured classes first")
    tap.equal([names[item["category_id"]] for item in document["annotations"]], ["person", "car"] * 4 + ["person"],
              "classes after correction, without the rejected ones")
    tap.ok(all(item["bbox"] == [20, 10, 100, 50] and item["area"] == 5000 and item["image_id"] in images
               for item in document["annotations"]), "boxes as x, y, width, height")


def test_yolo(admin):
    archive = zipfile.ZipFile(io.BytesIO(export(admin, "format=yolo").body))
    tap.equal(archive.testzip(), None, "yolo: a whole zip archive")
    names = archive.namelist()
    labels = sorted(name for name in names if "labels/" in name and name.endswith(".txt"))
    images = [name for name in names if "images/" in name]
    tap.equal((len(labels), len(images)), (COUNT, COUNT), "a label file and an image each")
    rows = [archive.read(name).decode().split() for name in labels]
    tap.ok(all(len(row) == 5 and [round(float(value), 6) for value in row[1:]] == [0.35, 0.35, 0.5, 0.5] for row in rows),
           "normalised boxes", rows[0])
    tap.equal([row[0] for row in rows], [str(i % 2) for i in range(COUNT)], "by class number")
    tap.equal(archive.read(images[2]), png(WIDTH, HEIGHT, int(images[2].split("x-")[1].split(".")[0]) * 20), "the image itself")
    tap.ok(any(name.endswith("data.yaml") for name in names), "and data.yaml")


def test_voc(admin):
    archive = zipfile.ZipFile(io.BytesIO(export(admin, "format=voc").body))
    tap.equal(archive.testzip(), None, "voc: a whole zip archive")
    files = sorted(name for name in archive.namelist() if name.endswith(".xml"))
    tap.equal(len(files), COUNT, "an annotation file each")
    root = xml.etree.ElementTree.fromstring(archive.read(files[1]))
    tap.equal((root.findtext("size/width"), root.findtext("size/height"), root.findtext("object/name"),
               len(root.findall("object"))), (str(WIDTH), str(HEIGHT), "car", 1), "with size and class")


def test_label_studio(admin):
    tasks = export(admin, "format=label-studio").json()
    tap.equal(len(tasks), COUNT, "label-studio: a task each")
    region = tasks[0]["annotations"][0]["result"][0]
    value = region["value"]
    tap.equal(([value[key] for key in ("x", "y", "width", "height")], value["rectanglelabels"], region["type"],
               region["original_width"], region["original_height"]),
              ([10, 10, 50, 50], ["person"], "rectanglelabels", WIDTH, HEIGHT), "regions in percent")
    tap.ok(tasks[0]["predictions"] and tasks[0]["predictions"][0]["result"], "with what the model said")


def test_wrong(admin, ann):
    for query in ("format=odd", "format=%ff%fe", "status=odd", "from=yesterday", "to=1"):
        tap.ok(is_problem(admin.get("/api/v1/export?" + query), 422), f"?{query} is 422")
    tap.ok(is_problem(ann.get("/api/v1/export"), 403), "it is for admins")
    answer = admin.request("HEAD", "/api/v1/export?format=yolo")
    tap.equal((answer.status, answer.body), (200, b""), "HEAD has no body")


def own_memory(daemon):
    """Bytes that are the daemon's own: without files that are mapped."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))


def test_memory(daemon, rob, ann, admin):
    """Eighty frames of half a megabyte: forty megabytes go out, a few are held.

    The first exports fill the page caches of the store's connections, which are bounded by themselves.
    """
    noise = os.urandom(500_000)
    for i in range(80):
        frame = base64.b64encode(png(10, 10, 1) + noise).decode()
        rob.post("/api/v1/examples", example(f"big-{i}", frame_data=frame))
        ann.post(f"/api/v1/examples/big-{i}/label", {"corrected_detections": []})
    for _ in range(4):
        export(admin, "format=yolo")
    before = own_memory(daemon)
    body = export(admin, "format=yolo").body
    grown = own_memory(daemon) - before
    if is_sanitized():
        tap.skip("an export does not grow the service", "the address sanitizer keeps freed memory")
    else:
        tap.ok(len(body) > 40_000_000 and grown < 8_000_000, "an export does not grow the service",
               f"{len(body)} {grown}")
    archive = zipfile.ZipFile(io.BytesIO(body))
    tap.equal(archive.testzip(), None, "and is whole")


def main():
    with Daemon({"annotation": {"labels": LABELS}}) as daemon:
        for name, role in (("ann", "annotator"), ("rob", "producer"), ("admin", "admin")):
            daemon.add_user(name, PASSWORD, [role])
        daemon.start()
        ann, rob, admin = (daemon.login(name, PASSWORD) for name in ("ann", "rob", "admin"))
        fill(rob, ann)
        test_jsonl(admin)
        test_csv(admin)
        test_coco(admin)
        test_yolo(admin)
        test_voc(admin)
        test_label_studio(admin)
        test_wrong(admin, ann)
        test_memory(daemon, rob, ann, admin)
        tap.equal(daemon.stop(), 0, "the daemon ends well")
    tap.done()


main()

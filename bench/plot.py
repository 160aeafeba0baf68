#!/usr/bin/python3
"""Draws the section `curve` of ./realm bench --json: bench/plot.py RESULT.json docs/performance.svg

Speed by length (left) and by the number of sequences (right), of embedding (above) and of training
(below): this library solid, its peer dashed, one colour for each number of threads.
"""
import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

if len(sys.argv) != 3:
    sys.exit("usage: bench/plot.py RESULT.json OUT.svg")
rows = [r for r in json.load(open(sys.argv[1]))["rows"] if r["section"] == "curve"]
if not rows:
    sys.exit(f"{sys.argv[1]}: expected rows of the section curve, found none")


TOKENS = 1024  # as in CurveSection


def size(row):
    """The sequences and the length, from a name such as 'training, 32 x 128, ...'."""
    sequences, length = row["name"].split(", ")[1].split(" x ")
    return int(sequences), int(length)


def series(kind, threads, by_length, key):
    points = {}
    for row in rows:
        sequences, length = size(row)
        chosen = sequences * length == TOKENS if by_length else length == 128
        if row["name"].startswith(kind) and row["threads"] == threads and chosen and row.get(key):
            points[length if by_length else sequences] = row[key]
    return zip(*sorted(points.items())) if points else ((), ())


plt.rcParams["svg.hashsalt"] = "realm4j"  # the same file from the same figures
figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), sharey="row")
for line, kind in zip(axes, ("embedding", "training")):
    for axis, by_length in zip(line, (True, False)):
        for colour, threads in enumerate(sorted({r["threads"] for r in rows})):
            peers = {r["peer_name"] for r in rows if r["name"].startswith(kind) and r["peer_name"]}
            names = (("ours", "realm4j", "-"), ("peer", "/".join(sorted(peers)), "--"))
            for key, name, style in names:
                x, y = series(kind, threads, by_length, key)
                if x:
                    label = f"{name}, {threads} thread{'s' if threads > 1 else ''}"
                    axis.plot(x, y, style, marker="o", color=f"C{colour}", label=label)
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
        axis.grid(alpha=0.3)
        axis.set_xlabel(f"length, {TOKENS:,} tokens in all" if by_length else "sequences of 128 tokens")
    line[0].set_ylabel(f"{kind}, tokens/s")
    line[0].set_ylim(bottom=0)  # both: only now that all lines are there
    line[0].legend(fontsize="small")
figure.tight_layout()
figure.savefig(sys.argv[2], metadata={"Date": None})

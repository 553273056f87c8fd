#!/usr/bin/env python3
"""How time, size and memory grow with the case base, on generated cases. Every figure is from a run in this call.

  cargo build --release                       (LEITMOTIF=PROGRAM measures another program)
  python3 benches/growth.py [SIZES…]          10000 100000 1000000 unless given; prints a Markdown table
  python3 benches/growth.py --plot FILE.svg   the same, and draws it

A case is a title, claim and disproof cut from sentences of training-data/cases.jsonl, in which every fourth word gives
way to a made-up one: of these a few are common and most are rare (Zipf's law), so that the vocabulary grows with the
base as that of real bases does. A query is a claim that lost a third of its words and gained some others. The largest
base takes about 12 GB of memory to build and 5 GB of disk.
"""
import argparse, json, math, os, random, re, resource, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))
QUERIES = 400
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()


def made_up(number):
    word = ""
    while True:
        word += SYLLABLES[number % len(SYLLABLES)]
        number //= len(SYLLABLES)
        if number == 0:
            return word


def sentences():
    with open(os.path.join(ROOT, "training-data/cases.jsonl"), encoding="utf-8") as lines:
        records = [r for r in map(json.loads, lines) if r["language"] == "en"]
    return [s.split() for r in records for f in ("claim", "disproof") for s in re.split(r"(?<=[.!?]) ", r[f]) if s]


def cases(count):
    draw, pool = random.Random(7), sentences()

    def text(words):
        out = []
        while len(out) < words:
            out += draw.choice(pool)
        out = out[:words]
        for i in range(0, words, 4):
            # A word of rank r with probability about 1/r, over as many ranks as ten times the cases.
            out[i] = made_up(int(math.exp(draw.random() * math.log(10.0 * count))))
        return " ".join(out)

    for i in range(count):
        yield {"id": f"c{i}", "title": text(10), "claim": text(22), "disproof": text(118), "language": "en"}


def queries(base, count):
    draw, pool = random.Random(11), sentences()
    for i, case in enumerate(base):
        words = [w for w in case["claim"].split() if draw.random() > 1 / 3]
        yield {"id": f"q{i}", "text": " ".join(words + draw.choice(pool)[:8]), "language": "en"}
        if i + 1 == count:
            return


def timed(*command):
    """Seconds of processor, and peak memory in MB."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([PROGRAM, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env={**os.environ, "RAYON_NUM_THREADS": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(process.stderr.read().decode())
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime, usage.ru_maxrss / 1024


def measure(size, folder):
    path = lambda name: os.path.join(folder, name)
    asked = []
    with open(path("cases.jsonl"), "w", encoding="utf-8") as out:
        for case in cases(size):
            if len(asked) < QUERIES:
                asked.append(case)
            out.write(json.dumps(case) + "\n")
    with open(path("all.jsonl"), "w") as many, open(path("one.jsonl"), "w") as one:
        for i, q in enumerate(queries(asked, QUERIES)):
            many.write(json.dumps(q) + "\n")
            if i == 0:
                one.write(json.dumps(q) + "\n")
    build, room = timed("cases", "index", path("cases.jsonl"), "--output", path("index"))
    os.remove(path("cases.jsonl"))
    ask = lambda name: timed("related", "--cases", path("index"), "--queries", path(name), "--format", "trec")
    ask("all.jsonl")
    (once, _), (all_of_them, served) = ask("one.jsonl"), ask("all.jsonl")
    row = {"cases": size, "ms per query": (all_of_them - once) / (QUERIES - 1) * 1e3, "build s": build,
           "size MB": os.path.getsize(path("index")) / 1e6, "memory MB": served, "memory to build MB": room}
    os.remove(path("index"))
    return row


def plot(rows, path):
    """Every measure as a line over the number of cases, both axes logarithmic."""
    width, height, left, bottom = 640, 400, 60, 50
    names = [n for n in rows[0] if n != "cases"]
    colours = ["#1b6ca8", "#b5541c", "#3b7d4f", "#7a4fa3", "#8a7a1f"]
    low, high = math.log10(rows[0]["cases"]), math.log10(rows[-1]["cases"])
    values = [math.log10(r[n]) for r in rows for n in names]
    bottom_value, top_value = math.floor(min(values)), math.ceil(max(values))
    x = lambda v: left + (math.log10(v) - low) / max(high - low, 1e-9) * (width - left - 170)
    y = lambda v: height - bottom - (math.log10(v) - bottom_value) / (top_value - bottom_value) * (height - bottom - 20)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for power in range(bottom_value, top_value + 1):
        at = y(10.0**power)
        out.append(f'<path d="M{left} {at:.1f}H{width - 170}" stroke="#ddd"/><text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for r in rows:
        out.append(f'<text x="{x(r["cases"]):.1f}" y="{height - bottom + 18}" text-anchor="middle">{r["cases"]:,}</text>')
    out.append(f'<text x="{(left + width - 170) / 2}" y="{height - 8}" text-anchor="middle">cases</text>')
    for name, colour in zip(names, colours):
        points = " ".join(f'{x(r["cases"]):.1f},{y(r[name]):.1f}' for r in rows)
        last = rows[-1]
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{x(last["cases"]) + 6:.1f}" y="{y(last[name]) + 4:.1f}" fill="{colour}">{name}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>\n"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--plot")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sorted(args.sizes):
            rows.append(measure(size, folder))
            if len(rows) == 1:
                print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
            print("| " + " | ".join(f"{v:,.2f}" if isinstance(v, float) and v < 10 else f"{v:,.0f}" for v in rows[-1].values()) + " |", flush=True)
    if args.plot:
        plot(rows, args.plot)


if __name__ == "__main__":
    main()

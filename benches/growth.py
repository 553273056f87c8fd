#!/usr/bin/env python3
"""How time, size and memory grow with the case base. Every figure is from a run in this call.

  python3 benches/growth.py [SIZES…]              10000 100000 1000000 unless given; prints a Markdown table
  python3 benches/growth.py --plot FILE.svg …     the same, and draws it

For each size `cargo bench --bench related` makes a generated base (benches/generated), saves it, and in a second run
opens it and asks 500 queries. Times are of one core.
"""
import argparse, math, os, re, resource, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def bench(**settings):
    """What the bench prints, and the seconds of processor it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["cargo", "bench", "--quiet", "--bench", "related"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "RAYON_NUM_THREADS": "1", **settings})
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(size, folder):
    index = os.path.join(folder, "index")
    # Compiled before anything is timed.
    bench(GENERATED="10", SAVE=index)
    _, build = bench(GENERATED=str(size), SAVE=index)
    asked, _ = bench(GENERATED=str(size), CASES=index)
    number = lambda pattern: float(re.search(pattern, asked)[1])
    row = {"cases": size, "first stage ms": number(r"first stage +([\d.]+)"), "with passages ms": number(r"with passages +([\d.]+)"),
           "build s": build, "size MB": os.path.getsize(index) / 1e6, "memory MB": number(r"at most ([\d.]+) MB")}
    os.remove(index)
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
    # Names at the ends of their lines, moved apart where they would cover each other.
    ends = sorted((y(rows[-1][name]), name) for name in names)
    for i in range(1, len(ends)):
        ends[i] = (max(ends[i][0], ends[i - 1][0] + 15), ends[i][1])
    label = {name: at for at, name in ends}
    for name, colour in zip(names, colours):
        points = " ".join(f'{x(r["cases"]):.1f},{y(r[name]):.1f}' for r in rows)
        last = rows[-1]
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{x(last["cases"]) + 6:.1f}" y="{label[name] + 4:.1f}" fill="{colour}">{name}</text>')
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
            shown = (f"{v:,.2f}" if isinstance(v, float) and v < 10 else f"{v:,.0f}" for v in rows[-1].values())
            print("| " + " | ".join(shown) + " |", flush=True)
    if args.plot:
        plot(rows, args.plot)


if __name__ == "__main__":
    main()

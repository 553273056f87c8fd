#!/usr/bin/env python3
"""How good a ranker is that few cases taught, beside the bundled one and one that they taught alone.

  cargo build --release
  python3 benches/few_cases.py CASES.jsonl QUERIES.jsonl QRELS.tsv [SIZE ...]      LEITMOTIF names the program

Draws bases of SIZE (100 300 1000 3000) of the cases, up to half of them cases that a query is about, trains on each of them
without judgements, and asks all queries. Of the first case of each query: the mean reciprocal rank of a right one among five
(of the queries that have one here), its mean probability beside the share that is right, log loss; and how many queries
without a case here are given one with 0.5 or more.
"""
import json, math, os, random, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))


def run(*args):
    done = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def measure(base, queries, relevant, model):
    here = {json.loads(line)["id"] for line in open(base, encoding="utf-8")}
    found = {}
    for line in run("related", *model, "--cases", base, "--queries", queries, "--format", "trec").splitlines():
        query, _, case, _, score, _ = line.split()
        found.setdefault(query, []).append((case, min(max(float(score), 1e-6), 1 - 1e-6)))
    ranks, first, alarms, without = [], [], 0, 0
    for query in (json.loads(line)["id"] for line in open(queries, encoding="utf-8")):
        right, cases = relevant.get(query, set()) & here, found.get(query, [])
        if right:
            ranks.append(next((1 / (i + 1) for i, (case, _) in enumerate(cases[:5]) if case in right), 0))
        else:
            without += 1
            alarms += bool(cases) and cases[0][1] >= 0.5
        if cases:
            first.append((cases[0][1], cases[0][0] in right))
    mean = lambda values: sum(values) / max(1, len(values))
    loss = mean([-math.log(p if right else 1 - p) for p, right in first])
    return (f"MRR {mean(ranks):.3f} of {len(ranks)}; first: probability {mean([p for p, _ in first]):.2f}, "
            f"right {mean([r for _, r in first]):.2f}, log loss {loss:.3f}; {alarms} of {without} without a case")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    cases, queries, qrels = sys.argv[1:4]
    relevant = {}
    for line in open(qrels, encoding="utf-8"):
        query, _, case, grade = line.split()
        if grade != "0":
            relevant.setdefault(query, set()).add(case)
    wanted = set().union(*relevant.values())
    lines = open(cases, encoding="utf-8").readlines()
    for size in map(int, sys.argv[4:] or (100, 300, 1000, 3000)):
        drawn = lines[:]
        random.Random(size).shuffle(drawn)
        is_wanted = [json.loads(line)["id"] in wanted for line in drawn]
        asked = [line for line, w in zip(drawn, is_wanted) if w][: size // 2]
        rest = [line for line, w in zip(drawn, is_wanted) if not w][: size - len(asked)]
        with tempfile.TemporaryDirectory() as folder:
            base, mixed, own = (os.path.join(folder, name) for name in ("cases.jsonl", "mixed", "own"))
            with open(base, "w", encoding="utf-8") as out:
                out.writelines(sorted(asked + rest))
            run("train", "--cases", base, "--output", mixed)
            run("train", "--own-ranker", "--cases", base, "--output", own)
            for name, model in (("bundled", []), ("mixed", ["--model", mixed]), ("own", ["--model", own])):
                print(f"{len(asked + rest):6} {name:8}{measure(base, queries, relevant, model)}", flush=True)


if __name__ == "__main__":
    main()

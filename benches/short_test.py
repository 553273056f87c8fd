#!/usr/bin/env python3
"""How a model does on the texts of training-data/test.jsonl, from which nothing is learned: of how many claims it finds the
narrative (or its parent), and of how many honest texts it suggests one or is sure of one, by kind of text; short texts
(headlines, lines of a chat) and posts of 42 words and more apart.

  cargo build --release
  python3 benches/short_test.py [MODEL]      LEITMOTIF names the program
"""
import json, os, subprocess, sys
from collections import Counter, defaultdict

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))
DATA = os.path.join(ROOT, "training-data")


def records(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main():
    model = ["--model", sys.argv[1]] if len(sys.argv) > 1 else []
    args = ["batch", f"{DATA}/test.jsonl", *model, "--score-duplicates", "--related", "0", "--no-evidence", "--top", "1000", "--output", "-"]
    out = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    answers = {a["id"]: a["narratives"] for a in map(json.loads, out.splitlines())}
    parent = {n["id"]: n["parent"] for n in records("narratives.jsonl")}
    counts = defaultdict(Counter)
    for text in records("test.jsonl"):
        shown = {n["id"]: n["decision"] for n in answers[text["id"]] if n["decision"] != "weak"}
        sure = {n for n, decision in shown.items() if decision == "match"}
        own = set(text["narratives"])
        right = own | {parent[n] for n in own}
        length = "post" if text["id"].startswith("test-post-") else "short"
        count = counts[f"{length} {text['kind'] or 'claim'}"]
        count["texts"] += 1
        if own:
            count["narrative or parent shown"] += bool(right & set(shown))
            count["narrative shown"] += bool(own & set(shown))
            count["narrative or parent matched"] += bool(right & sure)
            count["only others shown"] += bool(shown) and not right & set(shown)
        else:
            count["suggested or matched"] += bool(shown)
            count["matched"] += bool(sure)
    for kind, count in counts.items():
        shares = (f"{name} {n / count['texts']:.3f}" for name, n in count.items() if name != "texts")
        print(f"{kind:15} {count['texts']:4} texts: {', '.join(shares)}")


if __name__ == "__main__":
    main()

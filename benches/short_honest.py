#!/usr/bin/env python3
"""Of how many short honest texts a narrative is suggested, and of how many the model is sure of one, by kind of text.

  cargo build --release
  python3 benches/short_honest.py [MODEL]      LEITMOTIF names the program
"""
import json, os, subprocess, sys
from collections import Counter

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))
TEXTS = os.path.join(ROOT, "training-data/short.jsonl")


def main():
    model = ["--model", sys.argv[1]] if len(sys.argv) > 1 else []
    args = ["batch", TEXTS, *model, "--score-duplicates", "--related", "0", "--no-evidence", "--top", "1000", "--output", "-"]
    out = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    kind = {r["id"]: r["kind"] for r in map(json.loads, open(TEXTS, encoding="utf-8"))}
    of, decided = Counter(kind.values()), Counter()
    for answer in map(json.loads, out.splitlines()):
        decisions = {n["decision"] for n in answer["narratives"]}
        decided[kind[answer["id"]], "any"] += bool(decisions & {"suggest", "match"})
        decided[kind[answer["id"]], "match"] += "match" in decisions
    for name, texts in of.items():
        print(f"{name:10} {texts:5} texts: suggested or matched {decided[name, 'any'] / texts:.3f}, matched {decided[name, 'match'] / texts:.3f}")


if __name__ == "__main__":
    main()

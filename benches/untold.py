#!/usr/bin/env python3
"""Few words that do not tell their language: is the case found all the same?

  python3 benches/untold.py [TITLES]      LEITMOTIF names the program

Of 700 (or TITLES) random titles of training-data/cases.jsonl the first five words that are no function words, with the language
of the case and without, held against the starter cases: how often the case is first, and how often the first has 0.5 or more.
"""
import json, os, random, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", "leitmotif")
CASES = os.path.join(ROOT, "training-data/cases.jsonl")


def main():
    with open(os.path.join(ROOT, "src/text/function_words.rs"), encoding="utf-8") as source:
        small = set(source.read().lower().replace('"', " ").split())
    with open(CASES, encoding="utf-8") as lines:
        cases = random.Random(4).sample([json.loads(line) for line in lines], int(sys.argv[1]) if len(sys.argv) > 1 else 700)
    for told in (False, True):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as queries:
            for r in cases:
                words = [w for w in re.findall(r"\w+", r["title"]) if w.lower() not in small][:5]
                query = {"id": r["id"], "text": " ".join(words)} | ({"language": r["language"]} if told else {})
                queries.write(json.dumps(query) + "\n")
            queries.flush()
            run = [PROGRAM, "related", "--cases", CASES, "--queries", queries.name, "--top", "1", "--format", "trec"]
            out = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        first = [line.split() for line in out.splitlines()]
        found, sure = sum(a[0] == a[2] for a in first), sum(float(a[4]) >= 0.5 for a in first)
        print(f"language {'stated' if told else 'not stated':10s}  found first {found / len(cases):.3f}  0.5 or more {sure / len(cases):.3f}")


if __name__ == "__main__":
    main()

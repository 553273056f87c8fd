#!/usr/bin/env python3
"""Short texts that repeat no case, and how many of them the related-case search believes to.

  python3 benches/short_texts.py [CASES]      LEITMOTIF names the program; the starter cases without CASES

Of each text of training-data/background.jsonl a random sentence is taken, or its first 3, 5 or 8 words.
"""
import json, os, random, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", "leitmotif")


def main():
    cases = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "training-data/cases.jsonl")
    with open(os.path.join(ROOT, "training-data/background.jsonl"), encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    draw = random.Random(5)
    sentences = {r["id"]: draw.choice(re.split(r"(?<=[.!?])\s+", r["text"])) for r in texts}
    kind = {r["id"]: r["kind"] for r in texts}
    for words in (3, 5, 8, None):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as queries:
            for r in texts:
                text = " ".join(sentences[r["id"]].split()[:words])
                queries.write(json.dumps({"id": r["id"], "text": text, "language": r["language"]}) + "\n")
            queries.flush()
            run = [PROGRAM, "related", "--cases", cases, "--queries", queries.name, "--top", "1", "--format", "trec"]
            out = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        sure = [line.split()[0] for line in out.splitlines() if float(line.split()[4]) >= 0.5]
        everyday = sum(kind[i] == "everyday" for i in sure)
        of = sum(k == "everyday" for k in kind.values())
        what = f"first {words} words" if words else "whole sentences"
        print(f"{what:16s} {len(sure):4d} of {len(texts)}; of everyday news {everyday} of {of}")


if __name__ == "__main__":
    main()

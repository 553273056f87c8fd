#!/usr/bin/env python3
"""How sure the first case in another language is, how often it is right, and what honest texts are told.

  python3 benches/across.py CASES.jsonl QUERIES.jsonl QRELS.tsv [MODEL]      LEITMOTIF names the program

CASES are in one language, QUERIES in others, QRELS say which case is the version of which (TREC). Each background text of
training-data in another language than CASES is asked for as a whole, by a random sentence, and by its first words.
"""
import json, math, os, random, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", "leitmotif")


def records(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def first(cases, queries, model):
    run = [PROGRAM, "related", "--cases", cases, "--queries", queries, "--top", "1", "--format", "trec", *model]
    out = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    return {a[0]: (float(a[4]), a[2]) for a in map(str.split, out.splitlines())}


def main():
    cases, queries, qrels = sys.argv[1:4]
    model = ["--model", sys.argv[4]] if len(sys.argv) > 4 else []
    with open(qrels, encoding="utf-8") as lines:
        right = {(a[0], a[2]) for a in map(str.split, lines) if float(a[3]) > 0}
    said = [(p, (q, case) in right) for q, (p, case) in first(cases, queries, model).items()]
    n = len(said)
    loss = -sum(math.log(max(1e-6, p if ok else 1 - p)) for p, ok in said) / n
    print(f"{n} queries: mean probability {sum(p for p, _ in said) / n:.3f}, right {sum(ok for _, ok in said) / n:.3f}, "
          f"log loss {loss:.2f}")
    bounds = (0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)
    for low, high in zip(bounds, bounds[1:]):
        inside = [ok for p, ok in said if low <= p < high]
        if inside:
            print(f"  {low:.2f} to {min(high, 1):.2f}: {len(inside):4d}, right {sum(inside) / len(inside):.2f}")
    own = {r["language"] for r in records(cases)}
    texts = [r for r in records(os.path.join(ROOT, "training-data/background.jsonl")) if r["language"] not in own]
    draw = random.Random(5)
    sentences = {r["id"]: draw.choice(re.split(r"(?<=[.!?])\s+", r["text"])) for r in texts}
    for words in (1, 3, 8, None, 0):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for r in texts:
                text = r["text"] if words == 0 else " ".join(sentences[r["id"]].split()[:words])
                file.write(json.dumps({"id": r["id"], "text": text, "language": r["language"]}) + "\n")
            file.flush()
            found = [p for p, _ in first(cases, file.name, model).values()]
        what = {0: "whole texts", None: "sentences"}.get(words, f"first {words} words")
        print(f"{what}: of {len(texts)} honest texts {sum(p >= 0.5 for p in found)} with 0.5 or more, "
              f"{sum(p >= 0.1 for p in found)} with 0.1")


if __name__ == "__main__":
    main()

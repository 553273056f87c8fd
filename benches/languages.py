#!/usr/bin/env python3
"""How often the language of a short text that does not state it is told, and told rightly.

  python3 benches/languages.py [CASES]        LEITMOTIF names the program

The headlines of the starter cases and the first nine words of the background texts, whose language is known; or the headlines
of CASES, of each language 400 at most.
"""
import collections, json, os, random, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", "leitmotif")


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def some(cases):
    """400 of each language at most, drawn."""
    random.Random(1).shuffle(cases)
    seen = collections.Counter()
    for case in cases:
        language = case.get("language")
        if language and case.get("title") and seen[language] < 400:
            seen[language] += 1
            yield case["title"], language


def measure(name, texts):
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "in.jsonl"), os.path.join(folder, "out.jsonl")
        with open(path, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"id": str(i), "text": text}) + "\n" for i, (text, _) in enumerate(texts))
        fast = ["--related", "0", "--no-evidence", "--score-duplicates", "--progress", "none"]
        subprocess.run([PROGRAM, "batch", path, "-o", out, *fast], check=True, stderr=subprocess.DEVNULL)
        told = [record["language"] for record in read(out)]
    right = sum(found == stated for found, (_, stated) in zip(told, texts))
    untold = told.count(None)
    print(f"{name:24s} {len(texts):5d}: {right} right, {untold} untold, {len(texts) - right - untold} wrong")


if __name__ == "__main__":
    if sys.argv[1:]:
        measure("headlines", list(some(read(sys.argv[1]))))
    else:
        data = os.path.join(ROOT, "training-data")
        measure("headlines", [(c["title"], c["language"]) for c in read(f"{data}/cases.jsonl")])
        measure("nine words", [(" ".join(t["text"].split()[:9]), t["language"]) for t in read(f"{data}/background.jsonl")])

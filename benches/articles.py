#!/usr/bin/env python3
"""Articles that make a claim in one place, or none: texts of training-data/background.jsonl in English, one after the other.

  python3 benches/articles.py QUERIES.jsonl > articles.jsonl    each query at a random place of 2,700 bytes or more
  python3 benches/articles.py 300 KIND > none.jsonl             so many articles of five texts of a kind (everyday, reporting)
  python3 benches/articles.py each KIND > none.jsonl            each text of a kind by itself

Then, with the judgements of the queries and the cases they speak of:

  leitmotif evaluate --queries articles.jsonl --qrels QRELS --case-base CASES
  leitmotif related --cases CASES --queries none.jsonl --top 1 --format trec | awk '$5 >= 0.5' | wc -l
"""
import json, os, random, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def texts(wanted):
    with open(os.path.join(ROOT, "training-data/background.jsonl"), encoding="utf-8") as lines:
        return [r["text"] for r in map(json.loads, lines) if r["language"] == "en" and wanted(r)]


def show(record, parts):
    print(json.dumps({**record, "language": "en", "text": "\n\n".join(parts)}, ensure_ascii=False))


def main(what, kind="everyday"):
    draw = random.Random(5)
    if what == "each" or what.isdigit():
        some = texts(lambda r: r.get("kind") == kind)
        if len(some) < 5:
            sys.exit(f"no five English texts of the kind {kind!r}")
        articles = [[t] for t in some] if what == "each" else (draw.sample(some, 5) for _ in range(int(what)))
        for i, parts in enumerate(articles):
            show({"id": str(i)}, parts)
        return
    around = texts(lambda r: True)
    with open(what, encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            parts = []
            while sum(map(len, parts)) < 2700:
                parts.append(draw.choice(around))
            parts.insert(draw.randrange(len(parts) + 1), record["text"])
            show(record, parts)


if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
main(*sys.argv[1:])

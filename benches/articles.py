#!/usr/bin/env python3
"""Articles that make a claim in one place, or none, put together from texts of training-data/background.jsonl.

Related cases, in English:

  python3 benches/articles.py QUERIES.jsonl > articles.jsonl    each query at a random place of 2,700 bytes or more
  python3 benches/articles.py 300 KIND > none.jsonl             so many articles of five texts of a kind (everyday, reporting)
  python3 benches/articles.py each KIND > none.jsonl            each text of a kind by itself

Then, with the judgements of the queries and the cases they speak of:

  leitmotif evaluate --queries articles.jsonl --qrels QRELS --case-base CASES
  leitmotif related --cases CASES --queries none.jsonl --top 1 --format trec | awk '$5 >= 0.5' | wc -l

Narratives, in every language, with half of the background to train on and the other half around the claims:

  python3 benches/articles.py half > half.jsonl
  python3 benches/articles.py claims CASES.jsonl [KIND] > articles.jsonl    each claim in an article, and as many without
  leitmotif train --narratives N.jsonl --cases TRAIN.jsonl --background half.jsonl --output MODEL
  leitmotif batch articles.jsonl --model MODEL --related 0 --no-evidence --top 1000 --output out.jsonl  [--no-passages]
  python3 benches/articles.py score N.jsonl articles.jsonl out.jsonl
"""
import json, os, random, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def background():
    return read(os.path.join(ROOT, "training-data/background.jsonl"))


def texts(wanted):
    return [r["text"] for r in background() if r["language"] == "en" and wanted(r)]


def show(record, parts, language="en"):
    print(json.dumps({**record, "language": language, "text": "\n\n".join(parts)}, ensure_ascii=False))


def around(pool, draw, text=None):
    """2,700 bytes or more of the pool, with the text at a random place."""
    parts = []
    while sum(map(len, parts)) < 2700:
        parts.append(draw.choice(pool))
    if text is not None:
        parts.insert(draw.randrange(len(parts) + 1), text)
    return parts


def halves():
    """Half of the background to train on, debunks among it, and the other half."""
    draw = random.Random(3)
    train, rest = [], []
    for r in background():
        (train if r.get("kind") == "debunk" or draw.random() < 0.5 else rest).append(r)
    return train, rest


def claims(path, kind=None):
    rest = [r for r in halves()[1] if kind is None or r.get("kind") == kind]
    draw = random.Random(4)
    for case in read(path):
        pool = [r["text"] for r in rest if r["language"] == case["language"]]
        if not pool:
            sys.exit(f"no background in the language of {case['id']}")
        show({"id": case["id"], "narratives": case["narratives"]}, around(pool, draw, case["claim"]), case["language"])
        show({"id": f"none-{case['id']}", "narratives": []}, around(pool, draw), case["language"])


def score(narratives, articles, out):
    parent = {n["id"]: n.get("parent") for n in read(narratives)}
    leaves, roots = set(parent) - set(parent.values()), {n for n in parent if not parent[n]}
    gold = {r["id"]: set(r["narratives"]) for r in read(articles)}
    right, right_root, told, alarms, best = 0, 0, 0, 0, {True: [], False: []}
    for line in read(out):
        carried, said = gold[line["id"]], {n["id"]: n["probability"] for n in line["narratives"]}
        best[bool(carried)].append(max(said.values(), default=0))
        if not carried:
            alarms += line["outcome"] == "known"
            continue
        told += line["outcome"] == "known"
        right += max(leaves, key=lambda n: said.get(n, 0)) in carried
        right_root += max(roots, key=lambda n: said.get(n, 0)) in {parent[c] or c for c in carried}
    higher = sum((p > n) + (p == n) / 2 for p in best[True] for n in best[False])
    some, none = len(best[True]), len(best[False])
    print(f"{some} articles with a claim: best narrative right {right / some:.3f}, best parent {right_root / some:.3f}, ")
    print(f"suggested or matched {told / some:.3f}; of {none} without {alarms / none:.3f}; AUROC {higher / some / none:.3f}")


def main(what, *more):
    draw = random.Random(5)
    if what == "half":
        for r in halves()[0]:
            print(json.dumps(r, ensure_ascii=False))
    elif what == "claims":
        claims(*more)
    elif what == "score":
        score(*more)
    elif what == "each" or what.isdigit():
        kind = more[0] if more else "everyday"
        some = texts(lambda r: r.get("kind") == kind)
        if len(some) < 5:
            sys.exit(f"no five English texts of the kind {kind!r}")
        articles = [[t] for t in some] if what == "each" else (draw.sample(some, 5) for _ in range(int(what)))
        for i, parts in enumerate(articles):
            show({"id": str(i)}, parts)
    else:
        pool = texts(lambda r: True)
        for record in read(what):
            show(record, around(pool, draw, record["text"]))


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])

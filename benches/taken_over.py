#!/usr/bin/env python3
"""What a model gains from the bundled one: trained on cases in one language, tested on claims in all of them.

    python3 benches/taken_over.py NARRATIVES.jsonl CASES.jsonl... [--language en] [--share 1]

CASES are cases (JSONL) in several languages whose `group` says which are versions of one; LEITMOTIF names the program. Groups
are dealt into five folds. Five models are trained on the cases of four folds in --language (or `all`), of --share of their
groups, and asked about the claims of the fifth in every language; once as `train` does it, once with "transfer_weight": 0.
Prints, by language, how often the most probable narrative without children, and the most probable parent, is one of the case's,
and the mean probability it was given.
"""
import argparse, collections, json, os, random, subprocess, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))
FOLDS = 5


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf-8") if line.strip()]


def write(path, records):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


def run(*args):
    subprocess.run([PROGRAM, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("narratives")
    a.add_argument("cases", nargs="+")
    a.add_argument("--language", default="en")
    a.add_argument("--share", type=float, default=1.0)
    a = a.parse_args()
    parent = {n["id"]: n["parent"] for n in read(a.narratives)}
    above = set(parent.values())
    cases = [c for path in a.cases for c in read(path) if c.get("claim") and c["narratives"]]
    groups = sorted({c["group"] for c in cases})
    random.Random(1).shuffle(groups)
    fold = {g: i % FOLDS for i, g in enumerate(groups)}
    kept = {g for i, g in enumerate(groups) if i // FOLDS < a.share * len(groups) / FOLDS}
    told = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        write(at("none.json"), [{"transfer_weight": 0}])
        for i in range(FOLDS):
            learn = [c for c in cases if fold[c["group"]] != i and c["group"] in kept and a.language in ("all", c["language"])]
            test = {c["id"]: c for c in cases if fold[c["group"]] == i}
            write(at("learn.jsonl"), learn)
            write(at("test.jsonl"), [{"id": c["id"], "language": c["language"], "text": c["claim"]} for c in test.values()])
            for name, settings in (("with", []), ("without", ["--settings", at("none.json")])):
                run("train", "--narratives", a.narratives, "--cases", at("learn.jsonl"), "--output", at("model"), *settings)
                run("batch", at("test.jsonl"), "--output", at("out.jsonl"), "--model", at("model"), "--top", "100000", "--related", "0",
                    "--no-evidence", "--score-duplicates")
                said_of = read(at("out.jsonl"))
                os.remove(at("out.jsonl"))
                for said in said_of:
                    case = test[said["id"]]
                    own = set(case["narratives"])
                    parents = {parent.get(n) or n for n in own}
                    best = lambda which: max((n for n in said["narratives"] if (n["id"] in above) == which), key=lambda n: n["probability"], default=None)
                    leaf, up = best(False), best(True)
                    is_right = lambda n, ids: (bool(n and n["id"] in ids), n["probability"] if n else 0)
                    told[case["language"], name].append((*is_right(leaf, own), *is_right(up, parents)))
    print(f"trained on {len(learn)} cases ({a.language}), the last time; tested on {len(cases)} claims\n")
    print("language            texts   narrative  told   parent  told")
    for (language, name), rows in sorted(told.items()):
        mean = lambda k: sum(r[k] for r in rows) / len(rows)
        print(f"{language:8} {name:8} {len(rows):7}   {mean(0):9.3f} {mean(1):5.3f}  {mean(2):7.3f} {mean(3):5.3f}")


main()

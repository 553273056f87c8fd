#!/usr/bin/env python3
"""Measures how well a model trained on our cases recognises claims that others collected and labelled.

    python3 benches/transfer.py --program target/release/leitmotif --cases theirs.jsonl … \\
        --map benches/transfer-map.tsv [--model models/starter]

The map says which of our narratives corresponds to which of their labels; claims without such a label are left out.
For each language of the cases it prints how many claims were mapped and, as shares of those, how often a right parent is
the first or among the first three parents by probability, how often a right narrative without children is among the
first five, and how often any narrative reaches suggestion or match. The last line says what guessing blindly would
reach. The cases need `id`, `claim` (or `title`), `narratives` and `language`; they are only read. Nothing here is for
tuning: a set looked at often stops being foreign.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path


def read_jsonl(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_map(path):
    """For each foreign label the set of our parents and the set of our narratives without children."""
    out = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or fields[0] in out or not fields[1]:
            sys.exit(f"{path}:{number}: a new label, parents and narratives, separated by tabs, are expected")
        out[fields[0]] = tuple({name for name in field.split(",") if name} for field in fields[1:])
    return out


def assess(program, model, texts):
    """The assessments of the texts by id."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "claims.jsonl"), Path(folder, "assessed.jsonl")
        source.write_text("".join(json.dumps(t, ensure_ascii=False) + "\n" for t in texts), encoding="utf-8")
        command = [program, "batch", "--top", "100", "--related", "0", "--no-evidence", "--output", target, source]
        if model:
            command += ["--model", model]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return {a["id"]: a for a in read_jsonl(target)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the leitmotif binary")
    parser.add_argument("--cases", required=True, nargs="+", help="JSONL files of labelled cases")
    parser.add_argument("--map", required=True, help="their labels and our narratives, separated by tabs")
    parser.add_argument("--model", help="model folder; the bundled starter model without it")
    args = parser.parse_args()

    mapping = read_map(args.map)
    cases = [case for path in args.cases for case in read_jsonl(path)]
    total = Counter(case["language"] for case in cases)
    texts, right = [], {}
    for case in cases:
        found = [mapping[label] for label in case["narratives"] if label in mapping]
        text = case.get("claim") or case.get("title")
        if found and text:
            number = str(len(texts))  # their ids may repeat between files
            right[number] = (case["language"], set().union(*(f[0] for f in found)), set().union(*(f[1] for f in found)))
            texts.append({"id": number, "text": text, "language": case["language"]})
    if not texts:
        sys.exit("no case has a label of the map")
    assessed = assess(args.program, args.model, texts)

    counts = {}
    ours = set()
    for number, (language, parents, leaves) in right.items():
        ranked = sorted(assessed[number]["narratives"], key=lambda n: -n["probability"])
        above = {n["parent"] for n in ranked if n["parent"]}
        top = [n["id"] for n in ranked if n["id"] in above]
        low = [n["id"] for n in ranked if n["id"] not in above]
        ours.update(top, low)
        decisions = {n["decision"] for n in ranked}
        for name in (language, "all"):
            count = counts.setdefault(name, Counter())
            count["mapped"] += 1
            count["first"] += bool(parents & set(top[:1]))
            count["three"] += bool(parents & set(top[:3]))
            count["with leaf"] += bool(leaves)
            count["five"] += bool(leaves & set(low[:5]))
            count["suggest"] += bool(decisions & {"suggest", "match"})
            count["match"] += "match" in decisions
    if ours:
        for label, (parents, leaves) in mapping.items():
            for unknown in sorted((parents | leaves) - ours):
                print(f"{args.map}: {label}: the model knows no {unknown}", file=sys.stderr)

    total["all"] = len(cases)
    row = "{:8} {:>7} {:>7} {:>13} {:>16} {:>15} {:>10} {:>6}".format
    print(row("language", "claims", "mapped", "parent first", "parent in three", "leaf in five", "suggested", "match"))
    for name in [*sorted(set(counts) - {"all"}), "all"]:
        count = counts[name]
        share = [f"{count[key] / max(1, count[base]):.3f}" for key, base in (
            ("first", "mapped"), ("three", "mapped"), ("five", "with leaf"), ("suggest", "mapped"), ("match", "mapped"))]
        print(row(name, total[name], count["mapped"], *share))
    frequent = [parent for parent, _ in Counter(p for _, parents, _ in right.values() for p in parents).most_common(3)]
    blind = sum(bool(parents & set(frequent)) for _, parents, _ in right.values()) / len(right)
    print(f"Whoever always names {', '.join(frequent)} has a right parent in three for {blind:.3f} of all.")


if __name__ == "__main__":
    main()

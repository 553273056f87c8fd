"""Accuracy on the frequent narratives of multi-label cases, where `leitmotif evaluate` counts all narratives.

    python3 benches/frequent.py texts DEV.jsonl [--with-title] > texts.jsonl
    leitmotif batch texts.jsonl --output out.jsonl --model MODEL --top 1000 --related 0 --no-evidence
    python3 benches/frequent.py score TRAIN.jsonl DEV.jsonl out.jsonl [--least 20]

`texts` turns cases into documents: the claim, after the title if asked for. `score` keeps the narratives that at least
`--least` training cases carry, and the dev cases that carry one of them. LRAP and micro-F1 as docs/evaluation.md
defines them; the second best is micro-F1 at the one threshold (in steps of 0.05) that suits the dev cases best. Nothing
but the standard library.
"""

import argparse
import collections
import json


def records(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def texts(args):
    for case in records(args.dev):
        title = case.get("title", "") + "\n" if args.with_title else ""
        text = title + (case.get("claim") or case.get("title") or "")
        print(json.dumps({"id": case["id"], "text": text, "language": case.get("language")}, ensure_ascii=False))


def micro_f1(pairs):
    right, said, carried = (sum(n) for n in zip(*((len(s & g), len(s), len(g)) for s, g in pairs)))
    return 2 * right / max(1, said + carried)


def score(args):
    counts = collections.Counter(n for case in records(args.train) for n in set(case["narratives"]))
    kept = {n for n, count in counts.items() if count >= args.least}
    answers = {a["id"]: a for a in records(args.assessments)}
    lrap, decided, ranked = 0.0, [], []
    cases = [c for c in records(args.dev) if set(c["narratives"]) & kept]
    for case in cases:
        gold = set(case["narratives"]) & kept
        said = sorted((n for n in answers[case["id"]]["narratives"] if n["id"] in kept), key=lambda n: -n["probability"])
        ranks = [rank for rank, n in enumerate(said, 1) if n["id"] in gold]
        lrap += sum(found / rank for found, rank in enumerate(ranks, 1)) / len(gold)
        decided.append(({n["id"] for n in said if n["decision"] != "weak"}, gold))
        ranked.append((said, gold))
    at = lambda t: micro_f1([({n["id"] for n in said if n["probability"] >= t}, gold) for said, gold in ranked])
    best = max(at(step / 20) for step in range(2, 18))
    print(f"{len(kept)} narratives, {len(cases)} cases: LRAP {lrap / len(cases):.4f}, "
          f"micro-F1 of decisions {micro_f1(decided):.4f}, best micro-F1 {best:.4f}")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = args.add_subparsers(required=True)
    t = commands.add_parser("texts")
    t.add_argument("dev")
    t.add_argument("--with-title", action="store_true")
    t.set_defaults(run=texts)
    s = commands.add_parser("score")
    for name in ("train", "dev", "assessments"):
        s.add_argument(name)
    s.add_argument("--least", type=int, default=20)
    s.set_defaults(run=score)
    args = args.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""How fast texts become narratives on one core, beside scikit-learn and fastText with the same features, in one run.

    python3 benches/speed_peers.py texts.jsonl [MODEL]          pip install scikit-learn fasttext-wheel

texts.jsonl has an object with `text` a line, some megabytes of them. MODEL is a folder; without it one of forty narratives of
training-data/ is trained first (LEITMOTIF names the program), as many as the peers have labels.

scikit-learn: TfidfVectorizer fitted on the first 4,000 texts, then transform and a product with forty columns of weights, for
words and pairs and, by itself, for character n-grams of 2 to 5 inside words. fastText: both, 64 dimensions, one prediction at a
time. Leitmotif: `cargo bench --bench throughput`, both blocks with all that belongs to an answer, once before the peers and
once after them; the slower counts. No JSON is read or written on the clock. One thread each.
"""
import json, os, re, subprocess, sys, tempfile, time

for library in ("OMP", "OPENBLAS", "MKL", "RAYON"):
    os.environ[library + "_NUM_THREADS"] = "1"

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))
NARRATIVES = 40


def forty(folder):
    """A model of forty narratives, family by family in the order of the file; the last family may be cut."""
    read = lambda name: [json.loads(line) for line in open(os.path.join(ROOT, "training-data", name), encoding="utf-8")]
    narratives = read("narratives.jsonl")
    families = {}
    for n in narratives:
        families.setdefault(n["parent"] or n["id"], []).append(n)
    kept = [n for family in families.values() for n in family][:NARRATIVES]
    ids = {n["id"] for n in kept}
    of = lambda records: [r for r in records if r["narratives"] and set(r["narratives"]) <= ids]
    for name, records in (("narratives", kept), ("cases", of(read("cases.jsonl"))), ("texts", of(read("texts.jsonl")))):
        with open(os.path.join(folder, name + ".jsonl"), "w", encoding="utf-8") as out:
            out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    f = lambda name: os.path.join(folder, name + ".jsonl")
    model = os.path.join(folder, "model")
    subprocess.run([PROGRAM, "train", "--narratives", f("narratives"), "--cases", f("cases"), "--texts", f("texts"), "--background",
                    os.path.join(ROOT, "training-data/background.jsonl"), "--settings", os.path.join(ROOT, "training-data/settings.json"),
                    "--output", model], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return model


def ours(texts, model):
    env = {**os.environ, "LEITMOTIF_TEXTS": os.path.abspath(texts), "LEITMOTIF_MODEL": os.path.abspath(model)}
    out = subprocess.run(["cargo", "bench", "--quiet", "--bench", "throughput"], cwd=ROOT, env=env, check=True, text=True, stdout=subprocess.PIPE).stdout
    print(out, end="", flush=True)
    return {name: float(rate) for name, rate in re.findall(r"^(\w[\w ]*\w) +([\d.]+) MB/s", out, re.M)}


def peers(path):
    import fasttext
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    texts = [json.loads(line)["text"] for line in open(path, encoding="utf-8")]
    megabytes = sum(len(t.encode()) for t in texts) / 1e6
    rates = {}

    def clock(name, work):
        start = time.perf_counter()
        work()
        rates[name] = megabytes / (time.perf_counter() - start)
        print(f"{name:36} {rates[name]:7.2f} MB/s", flush=True)

    for name, vectorizer in (
        ("scikit-learn, words and pairs", TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)),
        ("scikit-learn, character n-grams", TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5), min_df=2)),
    ):
        vectorizer.fit(texts[:4000])
        weights = np.random.default_rng(0).standard_normal((len(vectorizer.vocabulary_), NARRATIVES)).astype(np.float32)
        clock(name, lambda: vectorizer.transform(texts) @ weights)
    lines = [re.sub(r"\s+", " ", t.lower()) for t in texts]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as out:
        out.writelines(f"__label__{i % NARRATIVES} {line}\n" for i, line in enumerate(lines[:4000]))
        out.flush()
        model = fasttext.train_supervised(out.name, epoch=1, wordNgrams=2, minn=2, maxn=5, dim=64, thread=1, verbose=0)
    clock("fastText, both", lambda: [model.f.predict(line + "\n", 5, 0.0, "strict") for line in lines])
    return rates


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        model = sys.argv[2] if len(sys.argv) == 3 else forty(folder)
        before = ours(sys.argv[1], model)
        rates = peers(sys.argv[1])
        after = ours(sys.argv[1], model)
    for reading in ("narratives", "with passages"):
        rate = min(before[reading], after[reading])
        print(f"{reading}, times as fast as " + ", ".join(f"{name} {rate / peer:.1f}" for name, peer in rates.items()))


if __name__ == "__main__":
    main()

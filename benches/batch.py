#!/usr/bin/env python3
"""How fast `leitmotif batch` is, and how much memory it takes. Every figure is from a run in this call.

  cargo build --release            (LEITMOTIF=PROGRAM measures another program, MODEL=DIR another model)
  python3 benches/batch.py posts [N]             JSONL of N (1,000,000) short posts in and out: one thread, two threads
  python3 benches/batch.py articles [N]          the same with N (40,000) articles of about 3 KB
  python3 benches/batch.py unstated              posts and articles that state their language, and the same that do not
  python3 benches/batch.py memory [GIGABYTES]    peak memory while a stream of so many (10) gigabytes goes through
  python3 benches/batch.py related CASES.jsonl   articles with evidence and five related cases of a case base, over none
  python3 benches/batch.py checkpoints [N]       a run that can be resumed over one to a pipe, and the time to resume

Texts are pieces of training-data/background.jsonl, drawn with a fixed seed. Every measure is the best of ROUNDS (default 3)
runs, taken in turns, with all of them printed; the seconds of processor, which include loading the model, say what a
run costs on a machine that others use at the same time.
"""
import json, os, random, resource, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("LEITMOTIF", os.path.join(ROOT, "target/release/leitmotif"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
FAST = ["--related", "0", "--no-evidence"]
if "MODEL" in os.environ:
    FAST += ["--model", os.environ["MODEL"]]


def pieces():
    """Endless pieces of text: (words, language), from the background texts."""
    draw = random.Random(7)
    with open(os.path.join(ROOT, "training-data/background.jsonl"), encoding="utf-8") as lines:
        texts = [(r["text"].split(), r["language"]) for r in map(json.loads, lines)]
    while True:
        words, language = draw.choice(texts)
        length = draw.randint(8, 24)
        start = draw.randrange(max(1, len(words) - length))
        yield " ".join(words[start : start + length]), language


def posts(count):
    source = pieces()
    for i in range(count):
        text, language = next(source)
        yield json.dumps({"id": f"p{i}", "text": f"{text} {i}", "lang": language}, ensure_ascii=False) + "\n"


def articles(count):
    source = pieces()
    for i in range(count):
        parts, size = [], 0
        while size < 3000:
            text, language = next(source)
            if language == "en":
                parts.append(text)
                size += len(text) + 1
        yield json.dumps({"id": f"a{i}", "text": ". ".join(parts), "language": "en"}, ensure_ascii=False) + "\n"


def write(path, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(lines)
    return os.path.getsize(path)


def run(args, stdin=None):
    """Seconds of processor, summary and peak memory (MB) of a run."""
    with tempfile.NamedTemporaryFile() as summary:
        child = subprocess.Popen(
            [PROGRAM, "batch", *args, "--progress", "none", "--summary", summary.name],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "LEITMOTIF_STORE": "/nonexistent"},
        )
        if stdin:
            for piece in stdin:
                child.stdin.write(piece)
            child.stdin.close()
        error = child.stderr.read().decode()
        _, status, used = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 3):
            sys.exit(error)
        return used.ru_utime + used.ru_stime, json.load(open(summary.name)), used.ru_maxrss / 1024


def best(name, runs):
    """The best of several runs in turns, for each of `runs`."""
    taken = {label: [] for label in runs}
    for _ in range(ROUNDS):
        for label, args in runs.items():
            taken[label].append(run(args))
    out = {}
    for label, results in taken.items():
        # The time the run itself counts: without loading model and cases.
        seconds = [s["seconds"] for _, s, _ in results]
        summary = results[0][1]
        fastest = min(seconds)
        rates = f"{summary['read'] / fastest:10,.0f} records/s {summary['text_bytes'] / 1e6 / fastest:7.1f} MB/s of text"
        memory = max(m for _, _, m in results)
        processor = min(s for s, _, _ in results)
        print(f"{name} {label:40s} {rates} {memory:5.0f} MB peak; seconds {' '.join(f'{s:.2f}' for s in seconds)}; "
              f"of processor {processor:.2f}, {summary['read'] / processor:,.0f} records each", flush=True)
        out[label] = fastest
    return out


def speed(name, lines):
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "in.jsonl"), os.path.join(folder, "out.jsonl")
        print(f"{write(path, lines) / 1e6:.0f} MB of JSONL")
        runs = {f"{t} thread{'s' * (t > 1)}": [path, "-o", out, *FAST, "--threads", str(t)] for t in (1, 2)}
        runs["2 threads, not compared"] = [path, "-o", out, *FAST, "--threads", "2", "--score-duplicates"]
        if name == "articles":
            for t in (1, 2):
                args = ["--threads", str(t), "--score-duplicates", "--no-passages"]
                runs[f"{t} thread{'s' * (t > 1)}, as a whole, not compared"] = [path, "-o", out, *FAST, *args]
        runs["1 thread, not compared"] = [path, "-o", out, *FAST, "--threads", "1", "--score-duplicates"]
        took = best(name, runs)
        print(f"two cores over one: {took['1 thread'] / took['2 threads']:.2f}; "
              f"not compared with each other: {took['1 thread, not compared'] / took['2 threads, not compared']:.2f}")


def unstated():
    def without(lines):
        for line in lines:
            record = json.loads(line)
            yield json.dumps({k: record[k] for k in ("id", "text")}, ensure_ascii=False) + "\n"
    once = ["--threads", "1", "--score-duplicates", "--no-passages"]
    for name, lines in (("posts", list(posts(60_000))), ("articles", list(articles(6000)))):
        with tempfile.TemporaryDirectory() as folder:
            stated, not_stated, out = (os.path.join(folder, n) for n in ("stated.jsonl", "not.jsonl", "out.jsonl"))
            write(stated, lines)
            write(not_stated, without(lines))
            best(name, {
                "as a whole, language stated": [stated, "-o", out, *FAST, *once],
                "as a whole, language not stated": [not_stated, "-o", out, *FAST, *once],
            })


def memory(gigabytes):
    sample = "".join(articles(2000)).encode()
    def stream():
        # The same articles with other numbers, so that none repeats another and yet the pipe is fed fast enough.
        sent, turn = 0, 0
        while sent < gigabytes * 1e9:
            piece = sample.replace(b'"id": "a', b'"id": "%d-' % turn)
            sent, turn = sent + len(piece), turn + 1
            yield piece
    _, summary, peak = run(["-", "-o", "/dev/null", *FAST, "--score-duplicates"], stream())
    print(f"{gigabytes} GB through standard input, not compared: {summary['read']:,} articles, {summary['seconds']:.0f} s, peak {peak:.0f} MB", flush=True)
    _, summary, peak = run(["-", "-o", "/dev/null", *FAST, "--skip-duplicates"], stream())
    print(f"{gigabytes} GB, repetitions passed over: {summary['repeated']:,} repeated, {summary['seconds']:.0f} s, peak {peak:.0f} MB", flush=True)
    count = 150_000
    _, summary, peak = run(["-", "-o", "/dev/null", *FAST], (a.encode() for a in articles(count)))
    print(f"{count:,} different articles, the memory of duplicates full: {summary['seconds']:.0f} s, peak {peak:.0f} MB")


def related(cases):
    with tempfile.TemporaryDirectory() as folder:
        path, out, index = (os.path.join(folder, n) for n in ("in.jsonl", "out.jsonl", "cases.index"))
        write(path, articles(3000))
        subprocess.run([PROGRAM, "cases", "index", cases, "--output", index], check=True)
        base = [path, "-o", out, "--threads", "1", "--cases", index, "--score-duplicates", *FAST[3:]]
        took = best("articles", {
            "no evidence, none related": [*base, *FAST],
            "evidence, none related": [*base, "--related", "0"],
            "evidence, 5 related": base,
        })
        print(f"with evidence and related cases over without: {took['no evidence, none related'] / took['evidence, 5 related']:.2f}")


def checkpoints(count):
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "in.jsonl"), os.path.join(folder, "out.jsonl")
        write(path, posts(count))
        often = [path, "-o", out, *FAST]
        never = [path, "-o", "/dev/stdout", *FAST]
        taken = {"with checkpoints": [], "without (a pipe)": []}
        for _ in range(ROUNDS):
            taken["with checkpoints"].append(run(often)[1]["seconds"])
            begun = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            with tempfile.NamedTemporaryFile() as summary:
                subprocess.run([PROGRAM, "batch", *never, "--progress", "none", "--summary", summary.name], stdout=begun.stdin,
                               stderr=subprocess.DEVNULL, env={**os.environ, "LEITMOTIF_STORE": "/nonexistent"}, check=True)
                taken["without (a pipe)"].append(json.load(open(summary.name))["seconds"])
            begun.communicate()
        for label, seconds in taken.items():
            print(f"{label:20s} best {min(seconds):.2f} s of {' '.join(f'{s:.2f}' for s in seconds)}")
        # Killed in the last quarter, then resumed.
        whole = min(taken["with checkpoints"])
        os.remove(out)
        child = subprocess.Popen([PROGRAM, "batch", *often, "--resume", "--progress", "none"], stderr=subprocess.DEVNULL)
        time.sleep(whole * 0.9)
        child.kill()
        child.wait()
        _, summary, _ = run([*often, "--resume"])
        print(f"killed after {whole * 0.9:.1f} s, resumed after {summary['resumed_from']:,} of {summary['read']:,} records: {summary['seconds']:.2f} s")


if __name__ == "__main__":
    what, argument = (sys.argv + ["", ""])[1:3]
    match what:
        case "posts":
            speed("posts", posts(int(argument or 1_000_000)))
        case "articles":
            speed("articles", articles(int(argument or 40_000)))
        case "unstated":
            unstated()
        case "memory":
            memory(float(argument or 10))
        case "related" if argument:
            related(argument)
        case "checkpoints":
            checkpoints(int(argument or 400_000))
        case _:
            sys.exit(__doc__)

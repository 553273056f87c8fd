#!/usr/bin/env python3
"""Prints what the starter set covers, as Markdown tables; with --check, checks the house rules of this set.

What is wrong in any set (ids, labels, dates, copies, languages) is found by `leitmotif check training-data`.

    python3 training-data/coverage.py           print the tables
    python3 training-data/coverage.py --write   put them into README.md, between the coverage markers
    python3 training-data/coverage.py --check   exit 1 with file:line messages if a record breaks a rule of this set
"""

import argparse
import json
import math
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
START, END = "<!-- coverage -->", "<!-- /coverage -->"

LANGUAGES = ["en", "ru", "uk", "de", "fr", "es", "it", "pl"]
KINDS = ["reporting", "debunk", "opinion", "everyday"]

# The fields of each file in the order they are written, with their type.
FIELDS = {
    "narratives.jsonl": {"id": str, "name": str, "parent": (str, type(None)), "description": str, "names": dict},
    "cases.jsonl": {
        "id": str, "title": str, "claim": str, "disproof": str, "narratives": list, "keywords": list,
        "language": str, "languages": list, "countries": list, "outlets": list, "published": str, "url": str,
        "group": str,
    },
    "background.jsonl": {
        "id": str, "text": str, "title": str, "narratives": list, "language": str, "published": str,
        "source": str, "group": str, "kind": str,
    },
}

# Words a field may have, from and to.
LENGTHS = {"title": (5, 15), "claim": (20, 160), "disproof": (40, 120), "text": (15, 180)}
LEAST_BACKGROUND = 10  # background texts on the topic of each parent


class Problems(list):
    """Broken rules, each with the place of the record."""

    def add(self, file, line, text):
        self.append(f"training-data/{file}:{line}: {text}")


def read(problems):
    """The records of all files as {file: [(line number, record)]}; a line that does not parse is a problem."""
    files = {}
    for file, fields in FIELDS.items():
        files[file] = []
        raw = (HERE / file).read_bytes().decode("utf-8")
        if not raw.endswith("\n"):
            problems.add(file, raw.count("\n") + 1, "the last line is not ended")
        for number, line in enumerate(raw.removesuffix("\n").split("\n"), 1):
            try:
                record = json.loads(line)
            except ValueError as error:
                problems.add(file, number, f"not JSON: {error}")
                continue
            if not isinstance(record, dict) or list(record) != list(fields):
                problems.add(file, number, f"the fields should be {', '.join(fields)}, in this order")
                continue
            wrong = [name for name, kind in fields.items() if not isinstance(record[name], kind)]
            wrong += [n for n, v in record.items() if isinstance(v, list) and not all(isinstance(x, str) and x for x in v)]
            if wrong:
                problems.add(file, number, f"wrong type of {', '.join(wrong)}")
                continue
            files[file].append((number, record))
    return files


def words(text):
    """The words of a text: what stands between blanks and has a letter or digit."""
    return [w for w in text.split() if re.search(r"\w", w)]


def grams(text):
    text = " ".join(text.lower().split())
    return frozenset(text[i : i + 5] for i in range(len(text) - 4))


def background_topics(files):
    """For each parent, how many background texts other than everyday ones are about its topic: a text belongs to the
    parent of the case it is most like, by the rare character 5-grams the two share."""
    parent_of = {r["id"]: r["parent"] or r["id"] for _, r in files["narratives.jsonl"]}
    cases = [r for _, r in files["cases.jsonl"]]
    sets = [grams(" ".join([r["title"], r["claim"], r["disproof"], *r["keywords"]])) for r in cases]
    cases_with = {}
    for i, found in enumerate(sets):
        for gram in found:
            cases_with.setdefault(gram, []).append(i)
    weight = {gram: math.log(len(cases) / len(having)) for gram, having in cases_with.items()}
    norms = [math.sqrt(sum(weight[gram] ** 2 for gram in found)) for found in sets]
    count = Counter()
    for _, r in files["background.jsonl"]:
        if r["kind"] == "everyday":
            continue
        scores = Counter()
        for gram in grams(f"{r['title']} {r['text']}"):
            for i in cases_with.get(gram, ()):
                scores[i] += weight[gram] ** 2 / norms[i]
        best = max(scores, key=lambda i: (scores[i], -i), default=None)
        if best is not None:
            count.update({parent_of.get(n, n) for n in cases[best]["narratives"]})
    return count


def check_narratives(records, problems):
    file = "narratives.jsonl"
    parents = {r["id"]: r["parent"] for _, r in records}
    for number, r in records:
        if r["parent"] is not None and parents.get(r["parent"], r["id"]) is not None:
            problems.add(file, number, f"parent {r['parent']} is missing or has a parent itself")
        if list(r["names"]) != LANGUAGES or not all(isinstance(n, str) and n for n in r["names"].values()):
            problems.add(file, number, f"names should be given in {', '.join(LANGUAGES)}")
        if r["names"].get("en") != r["name"]:
            problems.add(file, number, "name and names.en differ")
        if not 3 <= len(words(r["name"])) <= 9:
            problems.add(file, number, "the name should have 3 to 9 words")
        if not 2 <= len(re.findall(r"[.!?](?:\s|$)", r["description"])) <= 4:
            problems.add(file, number, "the description should have 2 to 4 sentences")


def check_texts(file, records, leaves, problems):
    for number, r in records:
        for field, (least, most) in LENGTHS.items():
            if field not in r or (file == "background.jsonl" and field == "title"):
                continue
            if not least <= len(words(r[field])) <= most:
                problems.add(file, number, f"{field} has {len(words(r[field]))} words, not {least} to {most}")
        for narrative in r["narratives"]:
            if narrative not in leaves:
                problems.add(file, number, f"{narrative} is no narrative without children")
        if r["language"] not in LANGUAGES:
            problems.add(file, number, f"unknown language {r['language']}")
        for field in ("title", "claim", "disproof", "text"):
            text = r.get(field, "")
            if re.search(r"https?://|www\.", text, re.I):
                problems.add(file, number, f"{field} holds a web address")
            if text != text.strip():
                problems.add(file, number, f"{field} begins or ends with blanks")
        if file == "cases.jsonl":
            if not r["narratives"]:
                problems.add(file, number, "a case names at least one narrative")
            if not 2 <= len(r["keywords"]) <= 5:
                problems.add(file, number, "a case has 2 to 5 keywords")
            for name in r["countries"] + r["languages"]:
                if not name[0].isupper() or name in ("US", "UK", "EU"):
                    problems.add(file, number, f"write the full English name, not {name}")
        else:
            if r["narratives"]:
                problems.add(file, number, "a background text carries no narrative")
            if r["kind"] not in KINDS:
                problems.add(file, number, f"unknown kind {r['kind']}")


def check(files, problems):
    for file, records in files.items():
        for number, r in records:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", r["id"]):
                problems.add(file, number, f"id {r['id']!r} should be lower-case words joined by hyphens")
    narratives = files["narratives.jsonl"]
    check_narratives(narratives, problems)
    leaves = {r["id"] for _, r in narratives} - {r["parent"] for _, r in narratives}
    for file in ("cases.jsonl", "background.jsonl"):
        check_texts(file, files[file], leaves, problems)
    on_topic = background_topics(files)
    for number, r in narratives:
        if r["id"] not in leaves and on_topic[r["id"]] < LEAST_BACKGROUND:
            problems.add("narratives.jsonl", number, f"{on_topic[r['id']]} background texts on {r['id']}, not {LEAST_BACKGROUND}")


def table(head, rows):
    align = ["---"] + ["---:"] * (len(head) - 1)
    lines = [head, align, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def tables(files):
    narratives = [r for _, r in files["narratives.jsonl"]]
    cases = [r for _, r in files["cases.jsonl"]]
    background = [r for _, r in files["background.jsonl"]]
    used = [code for code in LANGUAGES if any(r["language"] == code for r in cases)]

    def line(name, chosen, also, about):
        count = Counter(r["language"] for r in chosen)
        return [name, len(chosen), *(count[code] or "" for code in used), also, about]

    rows = []
    on_topic = background_topics(files)
    for parent in (n for n in narratives if n["parent"] is None):
        children = [n["id"] for n in narratives if n["parent"] == parent["id"]]
        under = [r for r in cases if set(children) & set(r["narratives"])]
        rows.append(line(f"**{parent['name']}** (`{parent['id']}`)", under, "", on_topic[parent["id"]]))
        for child in (n for n in narratives if n["parent"] == parent["id"]):
            chosen = [r for r in cases if child["id"] in r["narratives"]]
            second = sum(len(r["narratives"]) > 1 for r in chosen)
            rows.append(line(f"{child['name']} (`{child['id']}`)", chosen, second, ""))
    rows.append(line("all", cases, sum(len(r["narratives"]) > 1 for r in cases), sum(r["kind"] != "everyday" for r in background)))
    out = ["### Narratives and cases", ""]
    out += [
        "*two*: cases that carry a second narrative as well. *background*: reports, debunks and opinions on the topic,"
        " judged roughly, by the case a text is most like; a text like a case with two narratives may count twice.",
        "",
        table(["narrative", "cases", *used, "two", "background"], rows),
    ]

    rows = []
    for code in LANGUAGES:
        texts = [r for r in background if r["language"] == code]
        count = Counter(r["kind"] for r in texts)
        mine = sum(r["language"] == code for r in cases)
        rows.append([code, mine, *(count[k] for k in KINDS), len(texts), mine + len(texts)])
    rows.append(["all", *(sum(row[i] for row in rows) for i in range(1, len(rows[0])))])
    out += ["", "### Languages and kinds of background", ""]
    out += [table(["language", "cases", *KINDS, "background", "together"], rows)]

    rows = []
    for name, records, field in (
        ("case: title", cases, "title"), ("case: claim", cases, "claim"), ("case: disproof", cases, "disproof"),
        ("background: text", background, "text"),
    ):
        n = [len(words(r[field])) for r in records]
        rows.append([name, len(n), min(n), int(statistics.median(n)), max(n)])
    out += ["", "### Lengths in words", "", table(["text", "number", "shortest", "median", "longest"], rows)]

    count = Counter(c for r in cases for c in r["countries"])
    top = sorted(count.items(), key=lambda x: (-x[1], x[0]))[:15]
    out += ["", "### Countries most often concerned", "", table(["country", "cases"], [list(x) for x in top])]
    out += ["", f"{len(count)} countries and territories in all; {sum(not r['countries'] for r in cases)} cases name none."]
    return "\n".join(out)


def readme_parts():
    """README.md before, between and after the markers; None if it has no markers."""
    if not README.exists():
        return None
    before, start, rest = README.read_text(encoding="utf-8").partition(START)
    between, end, after = rest.partition(END)
    return (before, between, after) if start and end else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="check the records, print nothing else")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    args = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    problems = Problems()
    files = read(problems)
    if problems and not args.check:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    parts = readme_parts()
    if args.check:
        if not problems:
            check(files, problems)
            if parts is None or parts[1] != f"\n{tables(files)}\n":
                problems.add("README.md", 1, "the coverage tables are not current: run coverage.py --write")
        print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
        return 1 if problems else 0
    if args.write:
        if parts is None:
            print(f"{README} has no {START} and {END}", file=sys.stderr)
            return 1
        README.write_text(f"{parts[0]}{START}\n{tables(files)}\n{END}{parts[2]}", encoding="utf-8", newline="\n")
        return 0
    print(tables(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())

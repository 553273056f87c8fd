#!/usr/bin/env python3
"""Prints what the starter set covers, as Markdown tables; with --check, checks its records.

    python3 training-data/coverage.py           print the tables
    python3 training-data/coverage.py --write   put them into README.md, between the coverage markers
    python3 training-data/coverage.py --check   exit 1 with file:line messages if a record breaks a rule
    python3 training-data/coverage.py --stories FILE   the cases with their story as group, to hold out whole stories
"""

import argparse
import datetime
import itertools
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

LANGUAGES = ["en", "ru", "uk", "de", "fr", "es", "it", "pl"]  # every narrative has a name in each of these
OTHERS = ["cs", "ar", "ro", "bg", "ka"]  # a few records each
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
# `kind` is empty where a text carries a narrative.
FIELDS["texts.jsonl"] = FIELDS["test.jsonl"] = FIELDS["background.jsonl"]
POSTED = ("texts.jsonl", "test.jsonl")  # headlines and posts

# Words a field may have, from and to.
LENGTHS = {"title": (5, 18), "claim": (20, 160), "disproof": (30, 120), "text": (15, 180)}
POSTED_WORDS = (3, 120)  # words of a text in texts.jsonl and test.jsonl
TELLING = 30  # words from which on a text tells its language
SPREAD = 20  # the middle half of the claims, and of the background texts, spans at least so many words
LEAST_CASES = 8  # for each narrative without children
LEAST_POSTED = 35  # texts in texts.jsonl that carry each of them
LEAST_LANGUAGE = 40  # cases in each of LANGUAGES
LEAST_TEXTS = 900  # background texts in all
LEAST_BACKGROUND = 10  # background texts on the topic of each parent
DUPLICATE = 0.5  # Jaccard similarity of character 5-grams
ALIKE = 0.06  # the same, averaged over the pairs of claims of a narrative that share a language
RARE = 12  # a 5-gram found in more cases than this tells nothing of a topic

# Frequent small words; the language with the most of them in a text should be the one its record names.
STOP_WORDS = {
    "en": "the of and to in is that it for was on with as by from at this are not have be or an their which has its my you"
    " who they we our i before after where what anyone".split(),
    "de": "der die das und ist nicht von mit den dem ein eine zu auf für im es sich des auch als aus wird war bei wer hat"
    " wir bitte ich noch wenn sie".split(),
    "fr": "le la les des et est une dans que qui pour pas sur du au plus ne se ce avec par son ou sont aux il elle je tu"
    " nous en de un à quelqu".split(),
    "es": "el la los las de que y en es un una por con para no se del al lo su más como pero o sin si ha a alguien mañana"
    " las mis".split(),
    "it": "il la le di che e in è un una per con non si del al lo gli i della alla più come ma o chi ho dei delle nel da"
    " davanti stasera".split(),
    "pl": "i w na z do się nie jest że to o po przez dla ze są jak za od przy można tylko oraz a by było"
    " co kogo który która które jego ich ale czy".split(),
    "cs": "a v na se je že to z s do o i ve si jsou by jako za po který která které už ale když co pro není nebo tak"
    " byl byla jen podle od k až před ho jeho jí není své".split(),
    "ro": "și de la în cu nu că pe din o un este sunt care pentru mai au fost sau prin cum dar a ai ale se le când"
    " după fără unei unui lui să s-a nici iar ce".split(),
}
STOP_WORDS = {code: frozenset(stops) for code, stops in STOP_WORDS.items()}
SCRIPTS = {"ar": ("\u0600", "\u06ff"), "ka": ("\u10a0", "\u10ff")}


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


def language_of(text):
    """The language a text seems to be written in; '' if that is not clear."""
    letters = [c for c in text.lower() if c.isalpha()]
    for code, (first, last) in SCRIPTS.items():
        if sum(first <= c <= last for c in letters) > 0.5 * len(letters):
            return code
    cyrillic = [c for c in letters if "\u0400" <= c <= "\u04ff"]
    if len(cyrillic) > 0.5 * len(letters):
        count = Counter(cyrillic)
        scores = {"uk": sum(count[c] for c in "іїєґ"), "ru": sum(count[c] for c in "ыэё"), "bg": count["ъ"]}
        if scores["ru"]:
            scores["bg"] = 0  # Russian has ъ as well, Bulgarian has none of its vowels
    else:
        found = re.findall(r"[^\W\d_]+", text.lower())
        scores = {code: sum(w in stops for w in found) for code, stops in STOP_WORDS.items()}
    best, next_best = sorted(scores, key=scores.get, reverse=True)[:2]
    return best if scores[best] > scores[next_best] else ""


def grams(text):
    text = " ".join(text.lower().split())
    return frozenset(text[i : i + 5] for i in range(len(text) - 4))


def background_topics(files):
    """For each parent, how many background texts other than everyday ones are about its topic: a text belongs to the
    parent of the case it is most like, by the rare character 5-grams the two share."""
    parent_of = {r["id"]: r["parent"] or r["id"] for _, r in files["narratives.jsonl"]}
    cases = [r for _, r in files["cases.jsonl"]]
    sets = [grams(" ".join([r["title"], r["claim"], r["disproof"], *r["keywords"]])) for r in cases]
    found_in = Counter(itertools.chain.from_iterable(sets))
    weight = [0.0, *(math.log(len(cases) / n) ** 2 for n in range(1, len(cases) + 1))]
    norms = [math.sqrt(sum(map(weight.__getitem__, map(found_in.__getitem__, found)))) for found in sets]
    cases_with = {}
    for i, found in enumerate(sets):
        for gram in found:
            if found_in[gram] <= RARE:
                cases_with.setdefault(gram, []).append(i)
    count = Counter()
    for _, r in files["background.jsonl"]:
        if r["kind"] == "everyday":
            continue
        scores = Counter()
        for gram in grams(f"{r['title']} {r['text']}"):
            for i in cases_with.get(gram, ()):
                scores[i] += weight[found_in[gram]]
        best = max(scores, key=lambda i: (scores[i] / norms[i], -i), default=None)
        if best is not None:
            count.update({parent_of.get(n, n) for n in cases[best]["narratives"]})
    return count


def jaccard(a, b):
    common = len(a & b)
    return common / (len(a) + len(b) - common)


def likeness(files):
    """For each narrative without children, how alike two of its claims in the same language are on average."""
    found = {}
    for _, r in files["cases.jsonl"]:
        for narrative in r["narratives"]:
            found.setdefault(narrative, []).append((r["language"], grams(r["claim"])))
    out = {}
    for narrative, claims in found.items():
        pairs = [jaccard(a, b) for (x, a), (y, b) in itertools.combinations(claims, 2) if x == y]
        out[narrative] = statistics.fmean(pairs) if pairs else 0.0
    return out


def is_date(text):
    try:
        return text == "" or datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


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
        if not 3 <= len(words(r["name"])) <= 13:
            problems.add(file, number, "the name should have 3 to 13 words")
        if not 2 <= len(re.findall(r"[.!?](?:\s|$)", r["description"])) <= 4:
            problems.add(file, number, "the description should have 2 to 4 sentences")


def check_texts(file, records, leaves, problems):
    for number, r in records:
        for field, (least, most) in LENGTHS.items():
            if field not in r or (file != "cases.jsonl" and field == "title"):
                continue
            if file in POSTED:
                least, most = POSTED_WORDS
            if not least <= len(words(r[field])) <= most:
                problems.add(file, number, f"{field} has {len(words(r[field]))} words, not {least} to {most}")
        for narrative in r["narratives"]:
            if narrative not in leaves:
                problems.add(file, number, f"{narrative} is no narrative without children")
        if len(set(r["narratives"])) != len(r["narratives"]):
            problems.add(file, number, "a narrative is named twice")
        if not is_date(r["published"]):
            problems.add(file, number, f"published should be YYYY-MM-DD or empty, not {r['published']}")
        if r["language"] not in LANGUAGES + OTHERS:
            problems.add(file, number, f"unknown language {r['language']}")
        for field in ("title", "claim", "disproof", "text"):
            text = r.get(field, "")
            if re.search(r"https?://|www\.", text, re.I):
                problems.add(file, number, f"{field} holds a web address")
            if text != text.strip():
                problems.add(file, number, f"{field} begins or ends with blanks")
            tells = field != "title" and len(words(text)) >= TELLING
            if tells and language_of(text) not in ("", r["language"]):
                problems.add(file, number, f"{field} looks like {language_of(text)}, not {r['language']}")
        if file == "cases.jsonl":
            if not r["narratives"]:
                problems.add(file, number, "a case names at least one narrative")
            if not 2 <= len(r["keywords"]) <= 5:
                problems.add(file, number, "a case has 2 to 5 keywords")
            for name in r["countries"] + r["languages"]:
                if not name[0].isupper() or name in ("US", "UK", "EU"):
                    problems.add(file, number, f"write the full English name, not {name}")
        else:
            if r["narratives"] and file not in POSTED:
                problems.add(file, number, "a background text carries no narrative")
            if r["kind"] not in ([""] if r["narratives"] else KINDS):
                problems.add(file, number, f"unknown kind {r['kind']!r}")


def check_duplicates(files, problems):
    texts = []
    fields_of = {"cases.jsonl": ("claim", "disproof")}
    for file in ("cases.jsonl", "background.jsonl", *POSTED):
        fields = fields_of.get(file, ("text",))
        texts += [(grams(r[f]), file, n, r["id"], f) for n, r in files[file] for f in fields]
    # Two texts that share half of their grams share at least ten among the rarer half (and ten more) of each, so only
    # pairs that do are compared. Grams of a single text, the rarest of all, lead nowhere.
    count = Counter(itertools.chain.from_iterable(text[0] for text in texts))
    shared = sorted((gram for gram in count if count[gram] > 1), key=count.get)
    rank = {gram: i for i, gram in enumerate(shared)}
    having = {}
    for i, (a, file, number, _, field) in enumerate(texts):
        common = sorted(rank[gram] for gram in a if gram in rank)
        rarer = common[: max(0, len(common) - math.ceil(DUPLICATE * len(a)) + 10)]
        found = Counter(itertools.chain.from_iterable(having.get(gram, ()) for gram in rarer))
        for j in sorted(j for j, n in found.items() if n >= 10):
            b, _, _, other, other_field = texts[j]
            if jaccard(a, b) > DUPLICATE:
                problems.add(file, number, f"{field} is nearly the {other_field} of {other}")
        for gram in rarer:
            having.setdefault(gram, []).append(i)


def check(files, on_topic, problems):
    seen = {}
    for file, records in files.items():
        for number, r in records:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", r["id"]):
                problems.add(file, number, f"id {r['id']!r} should be lower-case words joined by hyphens")
            if r["id"] in seen:
                problems.add(file, number, f"id {r['id']} is already in {seen[r['id']]}")
            seen.setdefault(r["id"], f"{file}:{number}")
    narratives = files["narratives.jsonl"]
    check_narratives(narratives, problems)
    leaves = {r["id"] for _, r in narratives} - {r["parent"] for _, r in narratives}
    for file in ("cases.jsonl", "background.jsonl", *POSTED):
        check_texts(file, files[file], leaves, problems)
    labelled = Counter(n for _, r in files["cases.jsonl"] for n in r["narratives"])
    posted = Counter(n for _, r in files["texts.jsonl"] for n in r["narratives"])
    alike = likeness(files)
    for number, r in narratives:
        if r["id"] not in leaves:
            if on_topic[r["id"]] < LEAST_BACKGROUND:
                text = f"{on_topic[r['id']]} background texts on {r['id']}, not {LEAST_BACKGROUND}"
                problems.add("narratives.jsonl", number, text)
        elif labelled[r["id"]] < LEAST_CASES:
            problems.add("narratives.jsonl", number, f"{labelled[r['id']]} cases carry {r['id']}, not {LEAST_CASES}")
        elif posted[r["id"]] < LEAST_POSTED:
            problems.add("narratives.jsonl", number, f"{posted[r['id']]} texts carry {r['id']}, not {LEAST_POSTED}")
        elif alike[r["id"]] > ALIKE:
            problems.add("narratives.jsonl", number, f"the claims of {r['id']} are too alike: {alike[r['id']]:.3f}")
    languages = Counter(r["language"] for _, r in files["cases.jsonl"])
    for code in LANGUAGES:
        if languages[code] < LEAST_LANGUAGE:
            problems.add("cases.jsonl", 1, f"{languages[code]} cases in {code}, not {LEAST_LANGUAGE}")
    if len(files["background.jsonl"]) < LEAST_TEXTS:
        problems.add("background.jsonl", 1, f"{len(files['background.jsonl'])} texts, not {LEAST_TEXTS}")
    for file, field in (("cases.jsonl", "claim"), ("background.jsonl", "text")):
        first, _, third = statistics.quantiles([len(words(r[field])) for _, r in files[file]], n=4)
        if third - first < SPREAD:
            problems.add(file, 1, f"the middle half of the lengths of {field} spans {third - first:.0f} words, not {SPREAD}")
    check_duplicates(files, problems)


def table(head, rows):
    align = ["---"] + ["---:"] * (len(head) - 1)
    lines = [head, align, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def tables(files, on_topic):
    narratives = [r for _, r in files["narratives.jsonl"]]
    cases = [r for _, r in files["cases.jsonl"]]
    background = [r for _, r in files["background.jsonl"]]

    def line(name, chosen, also, about):
        count = Counter(r["language"] for r in chosen)
        others = sum(count[code] for code in OTHERS)
        return [name, len(chosen), *(count[code] or "" for code in LANGUAGES), others or "", also, about]

    rows = []
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
        table(["narrative", "cases", *LANGUAGES, "other", "two", "background"], rows),
    ]

    rows = []
    for code in LANGUAGES + OTHERS:
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
        quarters = [round(q) for q in statistics.quantiles(n, n=4)]
        rows.append([name, len(n), min(n), *quarters, max(n)])
    out += ["", "### Lengths in words", ""]
    out += [table(["text", "number", "shortest", "first quarter", "median", "third quarter", "longest"], rows)]

    alike = likeness(files)
    most = max(alike, key=alike.get)
    out += ["", "### Likeness of claims", ""]
    out += [
        "Jaccard similarity of the character 5-grams of two claims with the same narrative and language, on average:"
        f" {statistics.fmean(alike.values()):.3f} over all narratives, at most {alike[most]:.3f} (`{most}`);"
        f" the check allows {ALIKE}. No two texts of the set reach {DUPLICATE}."
    ]

    count = Counter(c for r in cases for c in r["countries"])
    top = sorted(count.items(), key=lambda x: (-x[1], x[0]))[:15]
    out += ["", "### Countries most often concerned", "", table(["country", "cases"], [list(x) for x in top])]
    out += ["", f"{len(count)} countries and territories in all; {sum(not r['countries'] for r in cases)} cases name none."]
    return "\n".join(out)


def stories(files, problems):
    """The story of each case, from stories.tsv: one line a case, at least two cases a story."""
    known = {record["id"] for _, record in files["cases.jsonl"]}
    story_of, size = {}, Counter()
    for number, text in enumerate((HERE / "stories.tsv").read_text(encoding="utf-8").splitlines(), 1):
        story, tab, case = text.partition("\t")
        if not tab or case not in known or case in story_of:
            problems.add("stories.tsv", number, "a story and the id of a case that has none yet, separated by a tab, are expected")
            continue
        story_of[case] = story
        size[story] += 1
    for story in sorted(s for s, n in size.items() if n < 2):
        problems.add("stories.tsv", 1, f"the story {story} has one case only")
    return story_of


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
    parser.add_argument("--stories", metavar="FILE", help="write the cases with their story as group, to hold out whole stories")
    args = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    problems = Problems()
    files = read(problems)
    if problems and not args.check:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    story_of = stories(files, problems)
    if args.stories:
        print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
        with open(args.stories, "w", encoding="utf-8", newline="\n") as out:
            for _, record in files["cases.jsonl"]:
                out.write(json.dumps({**record, "group": story_of.get(record["id"], "")}, ensure_ascii=False) + "\n")
        return 1 if problems else 0
    parts = readme_parts()
    on_topic = background_topics(files) if not problems else Counter()
    if args.check:
        if not problems:
            check(files, on_topic, problems)
            if parts is None or parts[1] != f"\n{tables(files, on_topic)}\n":
                problems.add("README.md", 1, "the coverage tables are not current: run coverage.py --write")
        print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
        return 1 if problems else 0
    if args.write:
        if parts is None:
            print(f"{README} has no {START} and {END}", file=sys.stderr)
            return 1
        README.write_text(f"{parts[0]}{START}\n{tables(files, on_topic)}\n{END}{parts[2]}", encoding="utf-8", newline="\n")
        return 0
    print(tables(files, on_topic))
    return 0


if __name__ == "__main__":
    sys.exit(main())

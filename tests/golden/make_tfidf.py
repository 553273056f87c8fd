#!/usr/bin/env python3
"""Writes tfidf.json, the weights that tests/agreement_with_scikit_learn.rs compares with.

  pip install scikit-learn==1.9.1
  python3 tests/golden/make_tfidf.py > tests/golden/tfidf.json

The texts were written for this test. They hold lower-case words, digits and single spaces only, so that
scikit-learn's way of finding words (kept as simple as possible here) and UAX #29 agree on the tokens.
"""
import json
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer

TEXTS = [
    "the harbour master closed the old harbour after the storm",
    "a storm in a teacup said the baker",
    "вітер зламав старий дуб біля школи і старий дуб упав",
    "the baker bakes bread and the bread is good good good",
    "größere schiffe meiden den alten hafen seit 2019",
    "i",
    "el viento rompió el viejo roble",
    "x y z x y x",
]


def block(vectorizer):
    rows = vectorizer.fit_transform(TEXTS).tocsr()
    names = vectorizer.get_feature_names_out()
    return [
        {names[j]: v for j, v in zip(rows[i].indices, rows[i].data)}
        for i in range(rows.shape[0])
    ]


options = dict(sublinear_tf=True, smooth_idf=True, norm="l2", lowercase=True)
print(json.dumps({
    "scikit_learn": sklearn.__version__,
    "texts": TEXTS,
    "words": block(TfidfVectorizer(ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, **options)),
    "chars": block(TfidfVectorizer(ngram_range=(2, 5), analyzer="char_wb", min_df=2, **options)),
}, ensure_ascii=False, indent=1, sort_keys=True))

//! What has been assessed here: a digest of each text with its day, language, outlet and narratives, never the text.
//!
//! A text assessed again counts once; its last time moves. Texts without a known narrative also leave their most
//! telling words and a sketch (a short min-hash), so that an editor sees when many unknown texts speak of one thing.

use rusqlite::params;
use serde::Serialize;

use super::{Store, now, store_error};
use crate::error::Result;
use crate::features::minhash::VALUES;

/// Bytes of a sketch: one of each value of a min-hash signature. Unequal values agree on a byte once in 256, which the
/// similarity takes into account (Li and König, "b-bit minwise hashing", 2010).
pub const SKETCH: usize = VALUES;

/// How far back near-duplicates and clusters are looked for, in texts.
const RECENT: u32 = 20_000;

/// `weekday 1` is the Monday on or after a day; six days earlier it is the Monday on or before.
const WEEK: &str = "date(a.day, '-6 days', 'weekday 1')";
/// The days of a [`Period`] bound to 1 and 2.
const WITHIN: &str = "(?1 = '' OR a.day >= ?1) AND (?2 = '' OR a.day <= ?2)";

/// One assessed text, as it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AssessedText {
    /// SHA-256 of the text.
    pub hash: String,
    /// Day it was published, or assessed where that is not known.
    pub day: String,
    /// ISO 639 code, empty when unknown.
    pub language: String,
    /// Who published it.
    pub outlet: String,
    /// Its headline.
    pub title: String,
    /// How the assessment came out.
    pub outcome: String,
    /// Narratives suggested or matched: id, decision, probability.
    pub narratives: Vec<(String, String, f64)>,
    /// Its most telling words.
    pub terms: Vec<String>,
    /// Its sketch.
    pub sketch: Option<[u8; SKETCH]>,
}

/// Days from and to, inclusive; empty is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// How many texts carry a narrative, by day, language and outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Count {
    /// First day of the week (a Monday).
    pub week: String,
    /// ISO 639 code, empty when unknown.
    pub language: String,
    /// Outlet, empty when unknown.
    pub outlet: String,
    /// Id of the narrative; empty for all texts, whatever they carry.
    pub narrative: String,
    /// Texts.
    pub texts: u32,
    /// Of those with any narrative suggested or matched.
    pub carrying: u32,
    /// Of those with a match.
    pub matches: u32,
}

/// A text assessed before that is much like one at hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Seen {
    /// SHA-256 of the text.
    pub hash: String,
    /// Estimated share of wording they have in common, 0 to 1.
    pub similarity: f64,
    /// When it was first assessed.
    pub first_at: String,
    /// How often.
    pub times: u32,
    /// Its outlet.
    pub outlet: String,
    /// Its headline.
    pub title: String,
    /// Its language.
    pub language: String,
}

/// A text without a known narrative.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownText {
    /// Its day.
    pub day: String,
    /// Its language.
    pub language: String,
    /// Its outlet.
    pub outlet: String,
    /// Its headline.
    pub title: String,
    /// Its most telling words.
    pub terms: Vec<String>,
}

impl Store {
    /// Writes down assessed texts, all or none.
    pub fn record_assessed(&mut self, texts: &[AssessedText]) -> Result<()> {
        let path = self.path.clone();
        let mut run = || -> rusqlite::Result<()> {
            let at = now();
            let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            {
                let mut put = transaction.prepare_cached(
                    "INSERT INTO assessed (hash, first_at, last_at, times, day, language, outlet, title, outcome, terms, sketch)
                     VALUES (?1, ?2, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                     ON CONFLICT (hash) DO UPDATE SET last_at = excluded.last_at, times = times + 1,
                         language = excluded.language, outcome = excluded.outcome,
                         outlet = CASE excluded.outlet WHEN '' THEN outlet ELSE excluded.outlet END,
                         title = CASE excluded.title WHEN '' THEN title ELSE excluded.title END
                     RETURNING number",
                )?;
                let mut clear = transaction.prepare_cached("DELETE FROM assessed_narratives WHERE number = ?1")?;
                let mut carry =
                    transaction.prepare_cached("INSERT OR REPLACE INTO assessed_narratives VALUES (?1, ?2, ?3, ?4)")?;
                for t in texts {
                    let sketch = t.sketch.as_ref().map(|s| &s[..]);
                    let terms = t.terms.join(" ");
                    let number: i64 = put.query_row(
                        params![t.hash, at, t.day, t.language, t.outlet, t.title, t.outcome, terms, sketch],
                        |r| r.get(0),
                    )?;
                    clear.execute([number])?;
                    for (narrative, decision, probability) in &t.narratives {
                        carry.execute(params![number, narrative, decision, probability])?;
                    }
                }
            }
            transaction.commit()
        };
        run().map_err(store_error(&path))
    }

    /// Counts per week, language, outlet and narrative.
    pub fn counts(&self, period: &Period) -> Result<Vec<Count>> {
        if self.version()? < 2 {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {WEEK} w, a.language, a.outlet, '', count(*), count(n.number), coalesce(sum(n.matched), 0)
             FROM assessed a LEFT JOIN
                 (SELECT number, max(decision = 'match') matched FROM assessed_narratives GROUP BY number) n USING (number)
             WHERE {WITHIN} GROUP BY 1, 2, 3
             UNION ALL
             SELECT {WEEK} w, a.language, a.outlet, n.narrative, count(*), count(*), sum(n.decision = 'match')
             FROM assessed a JOIN assessed_narratives n USING (number) WHERE {WITHIN} GROUP BY 1, 2, 3, 4
             ORDER BY 1, 2, 3, 4"
        );
        let run = || -> rusqlite::Result<Vec<Count>> {
            let mut statement = self.connection.prepare(&sql)?;
            let read = |r: &rusqlite::Row<'_>| {
                Ok(Count {
                    week: r.get::<_, Option<String>>(0)?.unwrap_or_default(),
                    language: r.get(1)?,
                    outlet: r.get(2)?,
                    narrative: r.get(3)?,
                    texts: r.get(4)?,
                    carrying: r.get(5)?,
                    matches: r.get(6)?,
                })
            };
            statement.query_map(params![period.from, period.to], read)?.collect()
        };
        run().map_err(store_error(&self.path))
    }

    /// Recent texts whose wording is at least `least` like that of the sketch, most alike first; `but` is left out.
    pub fn seen_like(&self, sketch: &[u8; SKETCH], but: &str, least: f64, most: usize) -> Result<Vec<Seen>> {
        if self.version()? < 2 {
            return Ok(Vec::new());
        }
        let run = || -> rusqlite::Result<Vec<Seen>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT hash, first_at, times, outlet, title, language, sketch FROM assessed
                 WHERE sketch IS NOT NULL ORDER BY number DESC LIMIT ?1",
            )?;
            let mut rows = statement.query([RECENT])?;
            let mut out = Vec::new();
            while let Some(r) = rows.next()? {
                let similarity = similarity(sketch, r.get_ref(6)?.as_blob().unwrap_or(&[]));
                let hash: String = r.get(0)?;
                if similarity >= least && hash != but {
                    let (first_at, times, outlet) = (r.get(1)?, r.get(2)?, r.get(3)?);
                    let (title, language) = (r.get(4)?, r.get(5)?);
                    out.push(Seen { hash, similarity, first_at, times, outlet, title, language });
                }
            }
            out.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.first_at.cmp(&b.first_at)));
            out.truncate(most);
            Ok(out)
        };
        run().map_err(store_error(&self.path))
    }

    /// Recent texts without a known narrative, newest first.
    pub fn unknown_texts(&self, period: &Period) -> Result<Vec<UnknownText>> {
        if self.version()? < 2 {
            return Ok(Vec::new());
        }
        let run = || -> rusqlite::Result<Vec<UnknownText>> {
            let mut statement = self.connection.prepare(
                "SELECT day, language, outlet, title, terms FROM assessed a
                 WHERE outcome = 'unknown' AND (?1 = '' OR a.day >= ?1) AND (?2 = '' OR a.day <= ?2)
                 ORDER BY number DESC LIMIT ?3",
            )?;
            let read = |r: &rusqlite::Row<'_>| {
                let terms: String = r.get(4)?;
                Ok(UnknownText {
                    day: r.get(0)?,
                    language: r.get(1)?,
                    outlet: r.get(2)?,
                    title: r.get(3)?,
                    terms: terms.split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect(),
                })
            };
            statement.query_map(params![period.from, period.to, RECENT], read)?.collect()
        };
        run().map_err(store_error(&self.path))
    }

    /// How many texts were assessed.
    pub fn assessed_texts(&self) -> Result<u32> {
        if self.version()? < 2 {
            return Ok(0);
        }
        self.connection.query_row("SELECT count(*) FROM assessed", [], |r| r.get(0)).map_err(store_error(&self.path))
    }
}

/// The similarity that two sketches suggest, 0 to 1: the share of equal bytes, less what agrees by chance.
fn similarity(a: &[u8; SKETCH], b: &[u8]) -> f64 {
    if b.len() != SKETCH {
        return 0.0;
    }
    let equal = a.iter().zip(b).filter(|(x, y)| x == y).count() as f64 / SKETCH as f64;
    ((equal - 1.0 / 256.0) / (1.0 - 1.0 / 256.0)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_count_once_and_by_week() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::create(&folder.path().join("s.db")).unwrap();
        let text = |hash: &str, day: &str, narrative: &str| AssessedText {
            hash: hash.into(),
            day: day.into(),
            language: "en".into(),
            outcome: if narrative.is_empty() { "unknown" } else { "known" }.into(),
            narratives: [(narrative.to_owned(), "match".to_owned(), 0.9)]
                .into_iter()
                .filter(|n| !n.0.is_empty())
                .collect(),
            terms: vec!["moon".into(), "cheese".into()],
            sketch: Some([hash.as_bytes()[0]; SKETCH]),
            ..AssessedText::default()
        };
        // 2026-01-05 is a Monday.
        let texts = [text("a", "2026-01-05", "n"), text("b", "2026-01-11", "n"), text("c", "2026-01-12", "")];
        store.record_assessed(&texts).unwrap();
        store.record_assessed(&texts[..1]).unwrap();
        let counts = store.counts(&Period::default()).unwrap();
        let said: Vec<_> = counts.iter().map(|c| (c.week.as_str(), c.narrative.as_str(), c.texts, c.matches)).collect();
        assert_eq!(said, [("2026-01-05", "", 2, 2), ("2026-01-05", "n", 2, 2), ("2026-01-12", "", 1, 0)]);
        let late = Period { from: "2026-01-12".into(), to: String::new() };
        assert_eq!(store.counts(&late).unwrap().len(), 1);
        assert_eq!(store.unknown_texts(&Period::default()).unwrap()[0].terms, ["moon", "cheese"]);
        let seen = store.seen_like(&[b'a'; SKETCH], "", 0.5, 9).unwrap();
        assert_eq!((seen.len(), seen[0].times), (1, 2));
        assert_eq!(store.seen_like(&[b'a'; SKETCH], "a", 0.5, 9).unwrap(), []);
        assert_eq!(store.assessed_texts().unwrap(), 3);
    }
}

//! Two rankers on the same queries and the same cases.

use serde::Serialize;

use super::paired::{Differences, Direction, Pair, differences};
use crate::evaluate::ranking::{FIGURES, Ranked, Scored, means};
use crate::evaluate::worst::LISTED;

/// A query that the new model answers worse.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LostQuery {
    /// Its id.
    pub query: String,
    /// Average precision at five of each model.
    #[serde(flatten)]
    pub map: Pair<f64>,
}

/// Related cases, beside those of another model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RelatedAgainst {
    /// Queries with a relevant case.
    pub queries: usize,
    /// The figures of both, by the names of [`FIGURES`].
    pub figures: Differences,
    /// Queries of a higher, a lower and the same average precision at five.
    pub won: usize,
    /// See `won`.
    pub lost: usize,
    /// See `won`.
    pub same: usize,
    /// Those that lost most.
    pub most_lost: Vec<LostQuery>,
    /// Queries whose text the old model's ranker learned from: it knows the answers.
    pub learned_by_old: usize,
}

/// Compares rankings of the same queries. Both were asked in the same order.
pub fn related(new: &Ranked, old: &Ranked, seed: u64) -> RelatedAgainst {
    let pairs: Vec<Pair<Scored>> =
        new.scored.iter().zip(&old.scored).map(|(new, old)| Pair { new: new.clone(), old: old.clone() }).collect();
    let gain = |p: &Pair<Scored>| p.new.values[0] - p.old.values[0];
    let mut lost: Vec<&Pair<Scored>> = pairs.iter().filter(|p| gain(p) < 0.0).collect();
    lost.sort_by(|a, b| gain(a).total_cmp(&gain(b)).then_with(|| a.new.id.cmp(&b.new.id)));
    let (losses, won) = (lost.len(), pairs.iter().filter(|p| gain(p) > 0.0).count());
    lost.truncate(LISTED);
    let most_lost = lost
        .into_iter()
        .map(|p| LostQuery { query: p.new.id.clone(), map: Pair { new: p.new.values[0], old: p.old.values[0] } });
    let more_is_better: [Direction; FIGURES.len()] = FIGURES.map(|f| (f.0, false));
    RelatedAgainst {
        queries: pairs.len(),
        figures: differences(&pairs, |s| &s.id, seed, &more_is_better, means),
        won,
        lost: losses,
        same: pairs.len() - won - losses,
        most_lost: most_lost.collect(),
        learned_by_old: old.ranking.learned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::ranking::summarise;

    fn ranked(maps: &[f64]) -> Ranked {
        let scored: Vec<Scored> = maps
            .iter()
            .enumerate()
            .map(|(i, &map)| Scored {
                id: format!("q{i}"),
                language: "en".into(),
                values: [map; FIGURES.len()],
                plain: [0.0; FIGURES.len()],
                without: None,
                first: Some(0.5),
            })
            .collect();
        Ranked { ranking: summarise(&scored, 1), scored }
    }

    #[test]
    fn five_queries_worked_by_hand() {
        let found = related(&ranked(&[1.0, 0.5, 0.0, 0.2, 1.0]), &ranked(&[0.5, 0.5, 0.8, 0.4, 1.0]), 1);
        assert_eq!((found.queries, found.won, found.lost, found.same), (5, 1, 2, 2));
        let map = found.figures["map@5"];
        // 2.7 and 3.2 of 5.
        assert!((map.new - 0.54).abs() < 1e-12 && (map.old - 0.64).abs() < 1e-12);
        assert!((map.difference.value + 0.1).abs() < 1e-12);
        assert_eq!(map.groups, 3);
        // The one that lost 0.8 stands before the one that lost 0.2.
        assert_eq!(found.most_lost.iter().map(|l| l.query.as_str()).collect::<Vec<_>>(), ["q2", "q3"]);
    }
}

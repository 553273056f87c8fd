//! Whether training will fit into memory, said before it starts.
//!
//! A process that outgrows its memory is killed without a word, after minutes or hours. The large parts of a training
//! run are few and their sizes are known beforehand, so the sum is estimated twice: from the records alone, before
//! anything is computed, and again when the features are counted. Both are estimates of what is held at the worst
//! moment, on the safe side.

use std::path::Path;

use super::data::TrainingData;
use super::long_texts;
use crate::error::TrainingProblem;

/// Bytes that reading a byte of text takes: its raw counts, the terms seen so far, its row. Whole runs on corpora of 2 to
/// 22 MB with up to 365 narratives peaked at 24 to 43.
const PER_TEXT_BYTE: u64 = 64;

/// Bytes per text and narrative while the views are joined: a score, a vote, the inputs of the fusion and its output.
const PER_CELL: u64 = 144;

/// Of those, the bytes still held when the final models are fitted.
const PER_CELL_LATER: u64 = 64;

/// Bytes per feature and narrative: the weights of all models as fitted, side by side, and quantised.
const PER_WEIGHT: u64 = 9;

/// Bytes per value of a row: in the matrix and in the index of neighbours.
const PER_NONZERO: u64 = 16;

/// Bytes per feature and thread: the vectors of the solver.
const PER_SOLVER: u64 = 64;

/// Bytes per narrative above a record's own, in each of its rows.
const PER_LABEL: u64 = 16;

/// Passages scored besides, at most: none without background.
fn passages(data: &TrainingData) -> u64 {
    let scored = |records: usize| (records.min(long_texts::MOST) * 3) as u64;
    if data.background.is_empty() {
        0
    } else {
        scored(data.cases.len() + data.texts.len()) + scored(data.background.len())
    }
}

/// The numbers the memory of a training run depends on; 0 for what is not known yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of all training texts.
    pub text: u64,
    /// Texts that are held out and scored, and passages of some.
    pub probes: u64,
    /// Narratives, with their parents.
    pub narratives: u64,
    /// Labels of all rows, with those of all ancestors.
    pub labels: u64,
    /// Features.
    pub features: u64,
    /// Values in all rows.
    pub nonzeros: u64,
    /// Threads that fit models.
    pub threads: u64,
}

impl Size {
    /// What the records alone tell.
    pub fn of(data: &TrainingData) -> Self {
        let taxonomy = &data.taxonomy;
        let mut depth = vec![0u64; taxonomy.len()];
        for n in taxonomy.numbers() {
            // Walks up to the first ancestor whose depth is known; each narrative is walked once.
            let unknown: Vec<_> =
                std::iter::once(n).chain(taxonomy.ancestors(n)).take_while(|a| depth[a.index()] == 0).collect();
            for &a in unknown.iter().rev() {
                depth[a.index()] = 1 + taxonomy.parent(a).map_or(0, |p| depth[p.index()]);
            }
        }
        let carried = data.cases.iter().map(|c| &c.1).chain(data.texts.iter().map(|t| &t.1));
        let descriptions = taxonomy.records().iter().map(|n| n.description.len() + n.name.len());
        let cases = data.cases.iter().map(|c| c.0.title.len() + c.0.claim.len() + c.0.disproof.len());
        let texts = data.texts.iter().map(|t| &t.0).chain(&data.background).map(|t| t.title.len() + t.text.len());
        Self {
            text: cases.chain(texts).chain(descriptions).map(|n| n as u64).sum(),
            probes: (data.cases.len() + data.texts.len() + data.background.len()) as u64 + passages(data),
            narratives: taxonomy.len() as u64,
            // Three rows of a case carry its labels, and one or more of each narrative its ancestors.
            labels: 3 * carried.flatten().map(|n| depth[n.index()]).sum::<u64>() + 2 * depth.iter().sum::<u64>(),
            threads: rayon::current_num_threads() as u64,
            ..Self::default()
        }
    }

    /// Bytes held at the worst moment.
    pub fn bytes(&self) -> u64 {
        let columns = self.narratives.saturating_add(1);
        let cells = self.probes.saturating_mul(columns);
        let joined = cells.saturating_mul(PER_CELL);
        let fitted = cells.saturating_mul(PER_CELL_LATER).saturating_add(self.weights());
        self.reading().saturating_add(joined.max(fitted)).saturating_add(self.threads * self.features * PER_SOLVER)
    }

    fn weights(&self) -> u64 {
        self.features.saturating_mul(self.narratives.saturating_add(1)).saturating_mul(PER_WEIGHT)
    }

    /// Texts, rows and labels. Once the features are counted, what counting took is free again.
    fn reading(&self) -> u64 {
        let rows = if self.nonzeros == 0 {
            self.text.saturating_mul(PER_TEXT_BYTE)
        } else {
            self.text * 2 + self.nonzeros * PER_NONZERO
        };
        rows.saturating_add(self.labels.saturating_mul(PER_LABEL))
    }

    /// Refuses what will not fit. Without a known limit everything passes.
    pub fn check(&self, available: Option<u64>) -> Result<(), TrainingProblem> {
        let needed = self.bytes();
        let Some(available) = available.filter(|&a| needed > a) else { return Ok(()) };
        let cells = self.probes.saturating_mul(self.narratives.saturating_add(1)).saturating_mul(PER_CELL);
        let (what, mend) = if self.weights() > cells.max(self.reading()) {
            (
                format!("{} features for {} narratives", self.features, self.narratives),
                "raise features.min_df_words and features.min_df_chars or set features.max_terms (--settings), or leave narratives out",
            )
        } else if cells > self.reading() {
            (
                format!("{} texts, each scored for {} narratives", self.probes, self.narratives),
                "leave out narratives that have no or few cases, or train on fewer texts",
            )
        } else {
            (
                format!("{} bytes of text", self.text),
                "train on fewer or shorter texts, or set features.word_pairs to false (--settings)",
            )
        };
        Err(TrainingProblem::Memory { needed, available, what, mend })
    }
}

/// Memory that may still be used, in bytes: what the system calls available, and what is left of the limit of this
/// process's control group. `None` where neither can be read.
pub fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).ok();
    let system = read("/proc/meminfo").as_deref().and_then(mem_available);
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let limit = number("/sys/fs/cgroup/memory.max");
    let group = limit.map(|l| l.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    system.into_iter().chain(group).min()
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size =
        Size { text: 1 << 20, probes: 3000, narratives: 80, labels: 9000, features: 0, nonzeros: 0, threads: 2 };

    #[test]
    fn a_hundred_thousand_narratives_are_refused_and_eighty_are_not() {
        let laptop = Some(8 << 30);
        SMALL.check(laptop).unwrap();
        let said = |size: Size| size.check(laptop).unwrap_err().to_string();
        let many = Size { narratives: 100_000, ..SMALL };
        assert!(said(many).contains("3000 texts, each scored for 100000 narratives"), "{}", said(many));
        let counted = Size { probes: 10, features: 200_000, nonzeros: 1_000_000, ..many };
        assert!(said(counted).contains("features for 100000 narratives") && said(counted).contains("max_terms"));
        let text = Size { text: 1 << 34, ..SMALL };
        assert!(said(text).contains("bytes of text"));
        many.check(None).unwrap();
        assert!(Size { probes: u64::MAX, narratives: u64::MAX, ..SMALL }.check(laptop).is_err(), "no overflow");
    }

    #[test]
    fn what_is_available_is_read_from_the_system() {
        assert_eq!(mem_available("MemTotal:  9 kB\nMemAvailable:   23518928 kB\n"), Some(23_518_928 * 1024));
        assert_eq!(mem_available("MemTotal: 1 kB"), None);
    }
}

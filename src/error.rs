//! Every way the library can fail, each with the remedy in its message.
//!
//! One enum for the whole crate: a caller matches on it, a person reads it. Variants carry the place (file and line,
//! record id) and the cause as values; nothing is a bare string that another layer formatted. Boxed untyped errors
//! were rejected because a server has to tell "your input is wrong" from "my model is broken".

mod place;

use std::path::PathBuf;

pub use self::place::{BadRecord, Place};
use crate::json_problem::json_problem;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong with one record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordProblem {
    /// The line is not one JSON object of the expected shape.
    #[error("not a valid record: {}; each line must be one complete JSON object (see docs/formats.md)", json_problem(.0))]
    Json(#[from] serde_json::Error),
    /// The line is not valid UTF-8.
    #[error(
        "the line is not UTF-8 from byte {0} on; mend it or, if the whole file is in another encoding, convert that to UTF-8 first (for example with iconv)"
    )]
    NotUtf8(usize),
    /// Bytes of the record are no characters of the encoding that the file is in.
    #[error(
        "a character of the record could not be read as {encoding}; mend it, or convert the file to UTF-8 first (for example with iconv)"
    )]
    Unreadable {
        /// The encoding.
        encoding: &'static str,
    },
    /// `id` is absent or blank.
    #[error("the record has no `id`; give every record its own")]
    NoId,
    /// The same `id` stood on an earlier line.
    #[error("the id \"{id}\" was already used at {first}; ids must be unique, rename or remove one of the two")]
    DuplicateId {
        /// The id seen twice.
        id: String,
        /// Where it stood first.
        first: Place,
    },
    /// Two narratives have ids that people take for one.
    #[error(
        "the id \"{id}\" differs from \"{other}\" at {first} only in case, spaces or hyphens; rename or remove one of the two"
    )]
    SimilarId {
        /// The later id.
        id: String,
        /// The earlier one.
        other: String,
        /// Where that stands.
        first: Place,
    },
    /// Without a taxonomy, two spellings of one label would be two narratives.
    #[error(
        "the record \"{id}\" is labelled \"{narrative}\", others \"{usual}\": they differ only in case, spaces or hyphens; write the label in one way"
    )]
    LabelSpelling {
        /// The record.
        id: String,
        /// Its label.
        narrative: String,
        /// The spelling of most records.
        usual: String,
    },
    /// A case needs a title or a claim.
    #[error("{} has neither `title` nor `claim`; give at least one of them", the_case(.0))]
    CaseWithoutClaim(String),
    /// The id of a case is the end of its address.
    #[error(
        "\"{}\" cannot be the id of a case, since no address leads to it; an id has at most 200 bytes and no slash or control character, and is not `export`, `import`, `.` or `..`: give the case another one",
        .0.chars().take(60).collect::<String>()
    )]
    CaseId(String),
    /// A case was published on a day.
    #[error("`published` of {} is \"{published}\"; write it as YYYY-MM-DD, or leave it empty", the_case(.id))]
    CaseDate {
        /// The case.
        id: String,
        /// What stands there.
        published: String,
    },
    /// A case can be read on the web.
    #[error("`url` of {} is \"{url}\"; it must begin with https:// or http://, or be empty", the_case(.id))]
    CaseUrl {
        /// The case.
        id: String,
        /// What stands there.
        url: String,
    },
    /// A query needs text.
    #[error("the query \"{0}\" has no `text`; fill it or remove the line")]
    QueryWithoutText(String),
    /// A text needs text.
    #[error("the record \"{0}\" has no `text`; a labelled text without words teaches nothing, fill it or remove it")]
    EmptyText(String),
    /// The parent of a narrative is not in the taxonomy.
    #[error(
        "the narrative \"{id}\" names the parent \"{parent}\", which is not in the taxonomy{}; add it or correct the id", meant(.near.as_ref())
    )]
    MissingParent {
        /// The child.
        id: String,
        /// What it names as its parent.
        parent: String,
        /// The id that was probably meant.
        near: Option<String>,
    },
    /// Following parents from this narrative leads back to it.
    #[error("the narrative \"{0}\" is its own ancestor; set `parent` of one of the narratives on the way to null")]
    ParentCycle(String),
    /// A record is labelled with a narrative that is not in the taxonomy.
    #[error("the record \"{id}\" is labelled \"{narrative}\", which is not in the taxonomy{}; add the narrative or correct the label", meant(.near.as_ref()))]
    UnknownNarrative {
        /// The record.
        id: String,
        /// Its label.
        narrative: String,
        /// The id that was probably meant.
        near: Option<String>,
    },
    /// A background text must not carry a label.
    #[error("the background record \"{0}\" carries narratives; move it to the texts, or empty its `narratives`")]
    LabelledBackground(String),
    /// The record could not be read from its input.
    #[cfg(feature = "batch")]
    #[error(transparent)]
    Input(#[from] crate::ingest::problem::InputProblem),
    /// A judgement names a query or case that does not exist, or is malformed.
    #[error("not a relevance judgement; expected `query 0 case relevance`, separated by tabs or spaces")]
    Judgement,
    /// A line that should say which cases make one claim does not.
    #[error("not a version; expected the name of a story and the id of a case, separated by a tab, each case once")]
    Version,
    /// A version names a case that is not there.
    #[error("there is no case \"{0}\" in the case files; remove the line or add the case")]
    NoSuchCase(String),
}

/// Names a case, which may not have an id yet.
fn the_case(id: &str) -> String {
    if id.trim().is_empty() { "the case".to_owned() } else { format!("the case \"{id}\"") }
}

fn meant(id: Option<&String>) -> String {
    id.map_or_else(String::new, |id| format!(" (did you mean \"{id}\"?)"))
}

fn memory_size(bytes: u64) -> String {
    let gib = bytes as f64 / f64::from(1 << 30);
    if gib < 1.0 { format!("{:.1} MiB", gib * 1024.0) } else { format!("{gib:.1} GiB") }
}

/// What is wrong with a model folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelProblem {
    /// No `model.json`.
    #[error("there is no model.json in it; give the folder that `leitmotif train --output` wrote")]
    NotAModel,
    /// A file listed in `model.json` is absent.
    #[error("the file {0} is missing; copy the whole folder again or retrain")]
    MissingFile(String),
    /// Written by another version of the format.
    #[error("it has format version {found}, this program reads version {supported}; retrain it with this program")]
    Version {
        /// The version in the folder.
        found: u64,
        /// The version this program reads.
        supported: u64,
    },
    /// A file's SHA-256 is not the one in `model.json`.
    #[error("the file {0} was altered or cut short (its checksum differs); copy the folder again or retrain")]
    Checksum(String),
    /// The files do not fit together or hold values that cannot be.
    #[error("the file {file} is inconsistent ({what}); copy the folder again or retrain")]
    Inconsistent {
        /// The file.
        file: String,
        /// What does not fit.
        what: &'static str,
    },
    /// `model.json` cannot be read as such.
    #[error("model.json is damaged ({0}); copy the folder again or retrain")]
    Json(#[source] serde_json::Error),
    /// The folder holds no narrative model, and one was asked for.
    #[error("it holds no narratives, only a ranker for related cases; train it with labelled cases or texts")]
    NoNarratives,
    /// The folder holds no ranker of its own, and its ranker was to be compared.
    #[error(
        "it holds no ranker for related cases, so there is none to compare; train it with cases that have a title and a claim, or leave --queries out"
    )]
    NoRanker,
}

/// What is wrong with a saved case index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexProblem {
    /// Not such a file.
    #[error("it is no saved case index; make one with `leitmotif cases index`")]
    NotAnIndex,
    /// It ends before its contents do.
    #[error("it was cut short; copy it again, or make it again with `leitmotif cases index`")]
    CutShort,
    /// Written by another version.
    #[error(
        "its format is \"{found}\", this program reads \"{supported}\"; make it again with `leitmotif cases index`"
    )]
    Version {
        /// The format in the file.
        found: String,
        /// The format this program reads.
        supported: &'static str,
    },
    /// A checksum differs.
    #[error(
        "it was altered or is damaged at byte {at} (a checksum differs); copy it again, or make it again with `leitmotif cases index`"
    )]
    Checksum {
        /// Where the damaged part begins.
        at: u64,
    },
    /// Its parts do not fit together.
    #[error("its parts do not fit together; make it again with `leitmotif cases index`")]
    Inconsistent,
}

/// Why a set of records cannot be trained on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingProblem {
    /// No labelled record at all.
    #[error("no record carries a narrative; give labelled cases (--cases) or texts (--texts)")]
    NoLabels,
    /// No text carries anything but the one narrative, so nothing tells it from the rest.
    #[error(
        "every training text carries the narrative \"{0}\", so nothing shows what its absence looks like; add texts that carry another narrative or none (--background)"
    )]
    OneClass(String),
    /// Every setting that could be tuned is fixed.
    #[error(
        "there is no setting left to tune: all that --tune tries are named in the settings (--settings); take some out of the file, or train without --tune"
    )]
    NothingToTune,
    /// Nothing survived `min_df`.
    #[error("no feature occurs in enough texts; give more text, or lower min_df")]
    NoFeatures,
    /// A setting is out of its range.
    #[error("the setting {name} must be {range}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// The values it may take.
        range: &'static str,
    },
    /// Two settings exclude each other.
    #[error("the settings {first} and {second} contradict each other: {why}")]
    Contradiction {
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// Why not both, and what to change.
        why: &'static str,
    },
    /// One file stands for two things.
    #[error("the file {} is given twice; its records would count twice or contradict each other, give it once", .0.display())]
    FileTwice(PathBuf),
    /// All records are versions of one article.
    #[error(
        "all labelled and background records form one group, so that none can be held out; add records, or give records that are no versions of one article different `group`s"
    )]
    OneGroup,
    /// Training would not fit into memory.
    #[error("training would need about {} of memory, and {} is available ({what}); {mend}", memory_size(*.needed), memory_size(*.available))]
    Memory {
        /// Bytes needed, estimated.
        needed: u64,
        /// Bytes there are.
        available: u64,
        /// What makes it so large.
        what: String,
        /// What to change.
        mend: &'static str,
    },
    /// Shapes of rows and targets differ.
    #[error("{rows} rows but {targets} targets; every row needs its target")]
    Shape {
        /// Rows given.
        rows: usize,
        /// Targets given.
        targets: usize,
    },
    /// The model to start from looks at texts in another way.
    #[error(
        "the model to start from counts other features (its `settings.features` differ); train with its settings (--settings) or without --warm-start"
    )]
    OtherFeatures,
    /// No pair to learn the ranker from.
    #[error("no query with a judged case, and no case with both a title and a claim; give --queries and --qrels")]
    NoPairs,
}

/// Why something cannot be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationProblem {
    /// No test record carries a narrative, and none carries none.
    #[error(
        "there is no record to test; give labelled cases (--cases) or texts (--texts), or background (--background)"
    )]
    NoRecords,
    /// No query has a relevant case.
    #[error("no query has a relevant case; give judgements (--qrels) with a relevance above 0")]
    NoJudgements,
    /// Too few to deal into folds.
    #[error("there are {found} {what} for {folds} folds; give more records or fewer --folds")]
    TooFew {
        /// What is dealt.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many folds were asked for.
        folds: usize,
    },
    /// A part of the split has no record to train on.
    #[error("a split by {by} leaves a part without records to train on; give more records, or split by group")]
    NothingToTrain {
        /// What keeps the parts apart.
        by: &'static str,
    },
    /// Nothing to order by time.
    #[error("the records have fewer than two dates; a split by time needs `published` (YYYY-MM-DD)")]
    NoDates,
    /// A setting is out of its range.
    #[error("{name} must be {range}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// The values it may take.
        range: &'static str,
    },
}

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading a file or stream failed.
    #[error("cannot read {path}: {source}; check that it exists and that you may read it", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Writing a file or folder failed.
    #[error("cannot write {path}: {source}; check the free space and that you may write there", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Something else stands where a file or folder is to be written.
    #[error("nothing was written to {path}: {what}", path = .path.display())]
    Taken {
        /// The file or folder.
        path: PathBuf,
        /// What is there, and what to do.
        what: &'static str,
    },
    /// One or more records are bad; all of them are listed.
    #[error("{} bad record{}:\n{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, list(.0))]
    Records(Vec<BadRecord>),
    /// A model folder cannot be used.
    #[error("the model in {path} cannot be used: {problem}", path = .path.display())]
    Model {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        problem: ModelProblem,
    },
    /// A saved case index cannot be used.
    #[error("the case index {path} cannot be used: {problem}", path = .path.display())]
    CaseIndex {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: IndexProblem,
    },
    /// Training cannot start or go on.
    #[error("cannot train: {0}")]
    Training(#[from] TrainingProblem),
    /// An evaluation cannot start.
    #[error("cannot evaluate: {0}")]
    Evaluation(#[from] EvaluationProblem),
    /// A small dense model (fusion, ranker) failed in linfa-logistic.
    #[error("fitting a dense logistic model failed: {0}; check the training data for constant or infinite values")]
    Logistic(#[from] linfa_logistic::error::Error),
    /// A linfa operation failed.
    #[error("linfa refused the data: {0}; check that rows and targets have the same length")]
    Linfa(#[from] linfa::Error),
    /// The language given is not a code.
    #[error("\"{0}\" is not a language code; use an ISO 639 code of two or three letters such as en, uk or pt")]
    Language(String),
    /// HTML that cannot be reduced to an article.
    #[error("the page has more than {limit} elements or is nested too deeply; save its article text and give that")]
    PageTooComplex {
        /// The largest number of elements read.
        limit: usize,
    },
    /// The SQLite store failed.
    #[cfg(feature = "store")]
    #[error("the case store {path} cannot be used: {source}; check that it is a leitmotif store, not locked, and writable", path = .path.display())]
    Store {
        /// The database file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// There is no store to read.
    #[error(
        "there is no store at {path} yet; `leitmotif serve` makes one, and so does `leitmotif cases import`; or name another with --store", path = .path.display()
    )]
    NoStore {
        /// Where it would lie.
        path: PathBuf,
    },
    /// The store was written by another version.
    #[error("the case store {path} has schema version {found}, this program knows up to {supported}; use a newer leitmotif", path = .path.display())]
    StoreVersion {
        /// The database file.
        path: PathBuf,
        /// Version found.
        found: i64,
        /// Highest version known.
        supported: i64,
    },
    /// No verdict with this number.
    #[error("there is no verdict number {0}; `leitmotif verdicts list` shows them")]
    NoSuchVerdict(i64),
    /// A batch cannot start or go on.
    #[cfg(feature = "batch")]
    #[error(transparent)]
    Batch(#[from] crate::batch::problem::BatchProblem),
    /// No case with this id.
    #[error("there is no case with the id \"{0}\"; `leitmotif cases list` shows the ids")]
    NoSuchCase(String),
}

/// How many bad records are printed in full before the rest is only counted.
const LISTED: usize = 50;

fn list(bad: &[BadRecord]) -> String {
    let mut out = bad.iter().take(LISTED).map(|b| format!("  {b}")).collect::<Vec<_>>().join("\n");
    if bad.len() > LISTED {
        out += &format!("\n  … and {} more", bad.len() - LISTED);
    }
    out
}

impl Error {
    /// Wraps a failure to read `path`.
    pub fn read(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }

    /// Wraps a failure to write `path`.
    pub fn write(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { path, source }
    }

    /// Wraps what is wrong with the model folder `path`.
    pub fn model(path: impl Into<PathBuf>, problem: ModelProblem) -> Self {
        Self::Model { path: path.into(), problem }
    }
}

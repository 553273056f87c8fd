//! The one place where a document becomes an assessment. Every surface calls it and prints what it gives.

use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;

use crate::cases::candidates::Query;
use crate::cases::related::{CaseBase, Related};
use crate::document::{Document, Language};
use crate::learn::thresholds::Thresholds;
use crate::model::classifier::{Classifier, Decision, Scratch};
use crate::model::explain::Column;
use crate::model::folder::Model;
use crate::model::stance::Stance;
use crate::model::taxonomy::NarrativeNo;
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::{Sentence, Token, TokenKind};
use crate::text::words::is_unspaced;

/// What the assessment comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// At least one narrative is suggested or matched.
    Known,
    /// No narrative reaches its review threshold.
    Unknown,
    /// Too few words to say anything.
    TooShort,
    /// The model knows next to nothing of the text: another language or no language at all.
    Unsupported,
}

impl Outcome {
    /// As JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unknown => "unknown",
            Self::TooShort => "too_short",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Which model answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct ModelName {
    /// Name of its folder.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
}

/// A word of the document and what it contributes to a narrative's linear score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Term {
    /// Start in the text, in code points.
    pub start: u32,
    /// End, exclusive.
    pub end: u32,
    /// The word as it stands there.
    pub text: String,
    /// Its exact share of the linear score.
    pub contribution: f64,
}

/// A sentence that carries a narrative.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Start in the text, in code points.
    pub start: u32,
    /// End, exclusive.
    pub end: u32,
    /// The sentence.
    pub text: String,
    /// Sum over all its words.
    pub contribution: f64,
    /// The words that contribute most, in the order of the text.
    pub terms: Vec<Term>,
}

/// A part of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Span {
    /// Start in the text, in code points.
    pub start: u32,
    /// End, exclusive.
    pub end: u32,
}

/// The passage of a long text that a narrative was told from. The words of its evidence lie inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct ToldFrom {
    /// Where it stands.
    #[serde(flatten)]
    pub span: Span,
    /// The thresholds the probability was held against: those of the narrative are for short texts.
    pub thresholds: Thresholds,
}

/// A narrative the document may carry.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct NarrativeAssessment {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Id of its parent.
    pub parent: Option<Arc<str>>,
    /// Calibrated probability that the document carries it.
    pub probability: f64,
    /// What that means.
    pub decision: Decision,
    /// The passage of a long text that it was told from; absent where it was told from the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<ToldFrom>,
    /// The sentences that show it, strongest first.
    pub evidence: Vec<Evidence>,
}

/// Whether the document spreads the narratives it speaks of, or reports on them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct StanceAssessment {
    /// What it does.
    pub label: Stance,
    /// Calibrated probability that it spreads.
    pub probability: f64,
    /// The passage of a long text that was asked: the one its most probable narrative that reaches its thresholds was told from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<Span>,
    /// The sentences that speak for the label, strongest first, with contributions counted in its favour; none for
    /// `unclear`.
    pub evidence: Vec<Evidence>,
}

/// The answer for one document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Assessment {
    /// Id of the document.
    pub id: String,
    /// Who answers.
    pub model: ModelName,
    /// Language given or detected.
    #[cfg_attr(feature = "web", schemars(with = "Option<String>"))]
    pub language: Option<Language>,
    /// What it comes to.
    pub outcome: Outcome,
    /// The best narratives and the parents of those, most probable first.
    pub narratives: Vec<NarrativeAssessment>,
    /// Whether it spreads or reports; `None` if the model has not learned it or the text cannot be assessed. It changes
    /// nothing about the narratives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<StanceAssessment>,
    /// Debunked cases the document may repeat, most probable first.
    pub related: Vec<Related>,
    /// Id of an earlier document with the same text, where a batch looks for them.
    pub near_duplicate_of: Option<String>,
    /// What the reader should know about this answer.
    pub warnings: Vec<String>,
}

/// How much to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Narratives without children.
    pub top: usize,
    /// Related cases.
    pub related: usize,
    /// Whether to show evidence.
    pub evidence: bool,
    /// Whether to read the passages of long texts, too; without them they are read as a whole only, which is faster and
    /// finds less.
    pub passages: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { top: 5, related: 5, evidence: true, passages: true }
    }
}

/// A model and a case base, ready to assess. Immutable; share it and give each thread a [`Worker`].
pub struct Assessor {
    classifier: Classifier,
    model: ModelName,
    /// Ids and names of the narratives, shared with all answers.
    names: Vec<(Arc<str>, Arc<str>)>,
    /// Codes of the training languages.
    languages: Vec<String>,
    /// The cases.
    pub cases: CaseBase,
}

/// A thread's working memory for one [`Assessor`].
pub struct Worker {
    scratch: Scratch,
    query: Query,
}

/// Fewest words of two letters or more for an answer.
const FEWEST_WORDS: usize = 3;
/// In a script without spaces, where words are not told apart, fewest letters: those of about three words.
const FEWEST_UNSPACED: usize = 6;
/// Least share of words the model must know something of.
const LEAST_KNOWN: f64 = 0.1;
/// Most sentences shown as evidence of a narrative, and most words marked in one.
const SENTENCES: usize = 3;
const TERMS: usize = 12;
/// A sentence is shown if it contributes at least this share of the strongest one.
const LEAST_SHARE: f64 = 0.15;

impl Assessor {
    /// Joins a model and a case base; `None` if the model has no narratives.
    pub fn new(model: Model, cases: CaseBase) -> Option<Self> {
        let name = ModelName { name: model.name.into(), version: model.manifest.version.clone().into() };
        let languages = model.manifest.data.languages.keys().cloned().collect();
        let classifier = model.classifier?;
        let narratives = classifier.taxonomy.numbers().map(|n| classifier.taxonomy.narrative(n));
        let names = narratives.map(|n| (n.id.as_str().into(), n.name.as_str().into())).collect();
        Some(Self { classifier, model: name, names, languages, cases })
    }

    /// Which model answers.
    pub fn model_name(&self) -> &ModelName {
        &self.model
    }

    /// The narrative model.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Working memory for a thread.
    pub fn worker(&self) -> Worker {
        Worker { scratch: self.classifier.scratch(), query: Query::default() }
    }

    /// Assesses one document.
    pub fn assess(&self, worker: &mut Worker, document: &Document, options: Options) -> Assessment {
        let Worker { scratch, query } = worker;
        scratch.featuriser.run(&self.classifier.space, &document.text, document.language);
        let language = scratch.featuriser.analysis.language;
        let mut warnings = Vec::new();
        let long = options.passages && self.classifier.is_long(scratch);
        let needed = options.evidence || options.related > 0 || long;
        let marked = if needed { sentences(&document.text) } else { Vec::new() };
        let (outcome, narratives, stance) = if let Some(unreadable) = unreadable(scratch) {
            (unreadable, Vec::new(), None)
        } else {
            self.classifier.score(scratch);
            if long {
                self.classifier.score_passages(scratch, &document.text, &marked);
            }
            self.narratives(scratch, &document.text, &marked, options)
        };
        self.warn(scratch, outcome, &mut warnings);
        let related =
            self.cases.related_to(query, &document.text, (&mut scratch.featuriser.analysis, &marked), options.related);
        Assessment {
            id: document.id.clone(),
            model: self.model.clone(),
            language,
            outcome,
            narratives,
            stance,
            related,
            near_duplicate_of: None,
            warnings,
        }
    }

    fn warn(&self, scratch: &Scratch, outcome: Outcome, warnings: &mut Vec<String>) {
        let analysis = &scratch.featuriser.analysis;
        if let Some(language) = analysis.language
            && matches!(outcome, Outcome::Known | Outcome::Unknown)
            && !self.languages.iter().any(|l| l == language.code())
        {
            warnings.push(format!("the model was not trained on texts in this language ({language})"));
        }
        if analysis.cut_words > 0 {
            warnings.push(format!("{} over-long words were read only at their beginning", analysis.cut_words));
        }
    }

    fn narratives(
        &self,
        scratch: &mut Scratch,
        text: &str,
        marked: &[Sentence],
        options: Options,
    ) -> (Outcome, Vec<NarrativeAssessment>, Option<StanceAssessment>) {
        let taxonomy = &self.classifier.taxonomy;
        let p = &scratch.probabilities;
        let known = taxonomy.numbers().any(|n| self.classifier.decide(scratch, n) >= Decision::Suggest);
        let leaves = self.classifier.most_probable(scratch, options.top);
        let mut shown: Vec<(NarrativeNo, Decision)> = Vec::new();
        for &leaf in &leaves {
            let mut decision = self.classifier.decide(scratch, leaf);
            shown.push((leaf, decision));
            // A parent is at least as sure as its best child.
            for ancestor in taxonomy.ancestors(leaf) {
                decision = decision.max(self.classifier.decide(scratch, ancestor));
                match shown.iter_mut().find(|s| s.0 == ancestor) {
                    Some(s) => s.1 = s.1.max(decision),
                    None => shown.push((ancestor, decision)),
                }
            }
        }
        let depth = |n: NarrativeNo| taxonomy.ancestors(n).count();
        shown.sort_by(|a, b| {
            let order = p[b.0.index()].total_cmp(&p[a.0.index()]);
            order.then(depth(a.0).cmp(&depth(b.0))).then(a.0.cmp(&b.0))
        });
        let probabilities: Vec<f64> = shown.iter().map(|s| p[s.0.index()]).collect();
        let stance = self.classifier.stance(scratch);
        let contributions = options.evidence.then(|| {
            let narratives = shown.iter().map(|s| Column::Narrative(s.0));
            let explained: Vec<Column> = narratives.chain(stance.map(|_| Column::Spreads)).collect();
            self.classifier.contributions(scratch, &explained)
        });
        let tokens = &scratch.featuriser.analysis.tokens;
        let passage = |column: Column| Some(span(tokens, &self.classifier.passage(scratch, column)?, marked));
        let stance = stance.map(|(label, probability)| {
            let of = contributions.as_ref().map(|c| c.of(shown.len()));
            let evidence = of.map_or_else(Vec::new, |of| stance_evidence(label, tokens, of, text, marked));
            StanceAssessment { label, probability, passage: passage(Column::Spreads), evidence }
        });
        let narratives = shown
            .into_iter()
            .zip(probabilities)
            .enumerate()
            .map(|(i, ((n, decision), probability))| {
                let (id, name) = &self.names[n.index()];
                let evidence = contributions.as_ref().map_or_else(Vec::new, |contributions| {
                    let of: Vec<f64> = contributions.of(i).collect();
                    evidence(tokens, &of, text, marked)
                });
                NarrativeAssessment {
                    id: Arc::clone(id),
                    name: Arc::clone(name),
                    parent: taxonomy.parent(n).map(|p| Arc::clone(&self.names[p.index()].0)),
                    probability,
                    decision,
                    passage: passage(Column::Narrative(n))
                        .map(|span| ToldFrom { span, thresholds: self.classifier.thresholds_for(scratch, n) }),
                    evidence,
                }
            })
            .collect();
        (if known { Outcome::Known } else { Outcome::Unknown }, narratives, stance)
    }
}

/// The sentences that speak for a stance, given the contribution of every token to the score of spreading. None for an
/// unclear one: both sides would have some, and showing one of them would take sides.
fn stance_evidence(
    label: Stance,
    tokens: &[Token],
    contributions: impl Iterator<Item = f64>,
    text: &str,
    marked: &[Sentence],
) -> Vec<Evidence> {
    let sign = match label {
        Stance::Spreads => 1.0,
        Stance::Reports => -1.0,
        Stance::Unclear => return Vec::new(),
    };
    let signed: Vec<f64> = contributions.map(|c| c * sign).collect();
    evidence(tokens, &signed, text, marked)
}

/// The sentences that contribute most to a narrative's linear score, and the words in them, given the contribution of
/// every token.
fn evidence(tokens: &[Token], contributions: &[f64], text: &str, marked: &[Sentence]) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut next = 0;
    for sentence in marked {
        let from = next + tokens[next..].partition_point(|t| t.start < sentence.start);
        next = from + tokens[from..].partition_point(|t| t.start < sentence.end);
        let sum: f64 = contributions[from..next].iter().sum();
        if sum > 0.0 {
            found.push((sum, sentence, from..next));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)));
    let least = found.first().map_or(0.0, |f| f.0 * LEAST_SHARE);
    found.retain(|f| f.0 >= least);
    found.truncate(SENTENCES);
    found
        .into_iter()
        .map(|(contribution, sentence, range)| {
            let mut strongest: Vec<usize> = range.filter(|&i| contributions[i] > 0.0).collect();
            strongest.sort_by(|&a, &b| contributions[b].total_cmp(&contributions[a]).then(a.cmp(&b)));
            strongest.truncate(TERMS);
            strongest.sort_unstable();
            let words = &text[sentence.bytes.clone()];
            // From the sentence to the end of the text: a word may reach over a boundary of sentences.
            let mut cut = Cut::new(text, sentence);
            let terms = strongest
                .into_iter()
                .map(|i| {
                    let (start, end) = (tokens[i].start.0, tokens[i].end.0);
                    let word = cut.slice(start, end).to_owned();
                    Term { start, end, text: word, contribution: contributions[i] }
                })
                .collect();
            Evidence { start: sentence.start.0, end: sentence.end.0, text: words.to_owned(), contribution, terms }
        })
        .collect()
}

/// Where some tokens stand, with what else belongs to their sentences, except where one was cut in two.
fn span(tokens: &[Token], range: &Range<usize>, marked: &[Sentence]) -> Span {
    let (first, last) = (&tokens[range.start], &tokens[range.end - 1]);
    let of = |token: &Token| {
        let before = marked.partition_point(|s| s.start <= token.start).checked_sub(1)?;
        Some(&marked[before]).filter(|s| token.start < s.end)
    };
    let begins = |s: &&Sentence| range.start == 0 || tokens[range.start - 1].start < s.start;
    let ends = |s: &&Sentence| tokens.get(range.end).is_none_or(|next| next.start >= s.end);
    let start = of(first).filter(begins).map_or(first.start, |s| s.start.min(first.start));
    let end = of(last).filter(ends).map_or(last.end, |s| s.end.max(last.end));
    Span { start: start.0, end: end.0 }
}

/// Why the text cannot be assessed, if it cannot.
fn unreadable(scratch: &Scratch) -> Option<Outcome> {
    let f = &scratch.featuriser;
    let words = f.analysis.tokens.iter().filter(|t| t.kind == TokenKind::Word && t.end.0 - t.start.0 >= 2);
    if words.take(FEWEST_WORDS).count() < FEWEST_WORDS && !is_unspaced_text(&f.analysis) {
        return Some(Outcome::TooShort);
    }
    let known = f.reading.known_words as f64;
    (known == 0.0 || known < LEAST_KNOWN * f.reading.words as f64).then_some(Outcome::Unsupported)
}

/// A text of a script without spaces has few, long tokens; enough letters in them are enough text.
fn is_unspaced_text(analysis: &Analysis) -> bool {
    analysis.tokens.iter().flat_map(|t| analysis.text(t).chars()).filter(|&c| is_unspaced(c)).count() >= FEWEST_UNSPACED
}

/// Cuts words out of a sentence by code-point offsets.
struct Cut<'t> {
    text: &'t str,
    chars: u32,
    byte: usize,
    /// Before which offset every character is a byte.
    plain: u32,
}

impl<'t> Cut<'t> {
    fn new(text: &'t str, sentence: &Sentence) -> Self {
        let (start, end) = (sentence.start.0, sentence.end.0);
        let is_ascii = sentence.bytes.len() == (end - start) as usize;
        Self { text: &text[sentence.bytes.start..], chars: start, byte: 0, plain: if is_ascii { end } else { start } }
    }

    /// Words come in order of their start, but the words of a hashtag lie inside it, so only the start is remembered.
    fn slice(&mut self, start: u32, end: u32) -> &'t str {
        let skip = |from: usize, chars: u32| {
            if end <= self.plain {
                return from + chars as usize;
            }
            let rest = &self.text[from..];
            from + rest.char_indices().nth(chars as usize).map_or(rest.len(), |(i, _)| i)
        };
        let from = skip(self.byte, start.saturating_sub(self.chars));
        let to = skip(from, end - start);
        (self.byte, self.chars) = (from, start);
        &self.text[from..to]
    }
}

//! Verdicts for training and for annotation tools.
//!
//! A text's labels are the narratives accepted and those named instead of a rejected one. Text records are trained on, and
//! one without labels says "none of the known ones", which no verdict says: a rejection is about the one narrative it names,
//! and the text may carry any other. So a text is left out of the text records if only its related cases were judged, or if
//! all that was judged was rejected. Training on rejections was left out, too: a model that suggests little is rejected
//! where it errs, and such texts alone would teach it to suggest less still. An annotation tool gets rejections as work to
//! be done. Verdicts on related cases teach the ranker: as queries and their judgements.
//!
//! Copies of one text get one `group`, so that none is tested that was learned. Which texts are translations of each other
//! is not known here.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::verdicts::{Decided, JudgedText, Subject, Verdict};
use crate::features::minhash::{NEAR, near_duplicates};
use crate::record::TextRecord;

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum ExportFormat {
    /// Text records for `train --texts`, one a line
    Jsonl,
    /// Tasks with annotations for Label Studio, one array
    LabelStudio,
    /// Multiple-choice examples for Prodigy, one a line
    Prodigy,
    /// Texts whose related cases were judged, one a line, for `train --queries`
    Queries,
    /// Judgements of those cases, for `train --qrels` (TREC qrels)
    Qrels,
}

impl ExportFormat {
    /// Whether it is about related cases instead of narratives.
    pub fn is_of_cases(self) -> bool {
        matches!(self, Self::Queries | Self::Qrels)
    }
}

/// What a text carries by its standing verdicts.
struct Labels {
    yes: BTreeSet<String>,
    no: BTreeSet<String>,
}

impl Labels {
    /// `None` when no narrative was judged.
    fn of(verdicts: &[Verdict]) -> Option<Self> {
        let mut labels = Self { yes: BTreeSet::new(), no: BTreeSet::new() };
        for v in verdicts.iter().filter(|v| v.subject == Subject::Narrative) {
            match v.decision {
                Decided::Accepted => labels.yes.insert(v.target.clone()),
                Decided::Rejected | Decided::Relabelled => labels.no.insert(v.target.clone()),
            };
            if v.decision == Decided::Relabelled {
                labels.yes.extend(v.instead.iter().cloned());
            }
        }
        labels.no.retain(|n| !labels.yes.contains(n));
        (!labels.yes.is_empty() || !labels.no.is_empty()).then_some(labels)
    }
}

/// Texts that an export leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// For want of a judged narrative, or of a judged case where the format is of cases.
    pub unjudged: usize,
    /// Because narratives were only rejected, which does not say what the text carries.
    pub only_rejected: usize,
}

/// The standing verdicts in the given format, and how many texts were left out.
pub fn export(judged: &[(JudgedText, Vec<Verdict>)], format: ExportFormat) -> (String, LeftOut) {
    let lines = |values: &[Value]| values.iter().map(|v| v.to_string() + "\n").collect();
    match format {
        ExportFormat::Jsonl => of_training(judged),
        ExportFormat::LabelStudio => of_narratives(judged, label_studio, &|tasks| format!("{}\n", json!(tasks))),
        ExportFormat::Prodigy => of_narratives(judged, prodigy, &lines),
        ExportFormat::Queries => of_cases(judged, |id, text, _| {
            json!({ "id": id, "text": text.text, "language": text.language }).to_string() + "\n"
        }),
        ExportFormat::Qrels => of_cases(judged, |id, _, cases| {
            let line = |(case, right): &(&str, bool)| format!("{id}\t0\t{case}\t{}\n", u8::from(*right));
            cases.iter().map(line).collect::<Vec<_>>().concat()
        }),
    }
}

/// What `record` makes of each text with a judged narrative, put together by `join`.
fn of_narratives(
    judged: &[(JudgedText, Vec<Verdict>)],
    record: impl Fn(&JudgedText, &Labels, &[Verdict]) -> Value,
    join: &dyn Fn(&[Value]) -> String,
) -> (String, LeftOut) {
    let labelled = judged.iter().filter_map(|(text, verdicts)| Some(record(text, &Labels::of(verdicts)?, verdicts)));
    let values: Vec<Value> = labelled.collect();
    (join(&values), LeftOut { unjudged: judged.len() - values.len(), only_rejected: 0 })
}

/// The text records: of each text that is known to carry a narrative.
fn of_training(judged: &[(JudgedText, Vec<Verdict>)]) -> (String, LeftOut) {
    let mut left_out = LeftOut::default();
    let mut records = Vec::new();
    for (text, verdicts) in judged {
        match Labels::of(verdicts) {
            None => left_out.unjudged += 1,
            Some(labels) if labels.yes.is_empty() => left_out.only_rejected += 1,
            Some(labels) => records.push(text_record(text, &labels, verdicts)),
        }
    }
    group_copies(&mut records);
    let line = |record: &TextRecord| json!(record).to_string() + "\n";
    (records.iter().map(line).collect(), left_out)
}

/// Gives nearly equal texts the id of the first of them as `group`.
fn group_copies(records: &mut [TextRecord]) {
    let mut first: Vec<usize> = (0..records.len()).collect();
    let pairs = near_duplicates(&records.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), NEAR);
    for pair in &pairs {
        let (a, b) = (first[pair.first], first[pair.second]);
        let (earlier, later) = (a.min(b), a.max(b));
        first.iter_mut().filter(|f| **f == later).for_each(|f| *f = earlier);
    }
    for i in pairs.iter().flat_map(|p| [p.first, p.second]) {
        let group = records[first[i]].id.clone();
        records[i].group = group;
    }
}

/// What `write` makes of the id, the text and the judged cases of each text that has such.
fn of_cases(
    judged: &[(JudgedText, Vec<Verdict>)],
    write: impl Fn(&str, &JudgedText, &[(&str, bool)]) -> String,
) -> (String, LeftOut) {
    let with_cases = judged.iter().map(|(text, verdicts)| (id(verdicts), text, case_judgements(verdicts)));
    let written: Vec<String> =
        with_cases.filter(|j| !j.2.is_empty()).map(|(id, text, cases)| write(&id, text, &cases)).collect();
    (written.concat(), LeftOut { unjudged: judged.len() - written.len(), only_rejected: 0 })
}

/// The judged cases of a text, and whether it makes their claim. What was named instead of a case is right.
fn case_judgements(verdicts: &[Verdict]) -> Vec<(&str, bool)> {
    let mut out: BTreeMap<&str, bool> = BTreeMap::new();
    for v in verdicts.iter().filter(|v| v.subject == Subject::Case) {
        out.insert(&v.target, v.decision == Decided::Accepted);
    }
    for v in verdicts.iter().filter(|v| v.subject == Subject::Case && v.decision == Decided::Relabelled) {
        out.extend(v.instead.iter().map(|case| (case.as_str(), true)));
    }
    out.into_iter().collect()
}

/// Id of a judged text in what is exported.
fn id(verdicts: &[Verdict]) -> String {
    format!("verdict-{}", &hash(verdicts)[..16.min(hash(verdicts).len())])
}

fn hash(verdicts: &[Verdict]) -> &str {
    verdicts.first().map_or("", |v| &v.text_hash)
}

fn notes(verdicts: &[Verdict]) -> Vec<&str> {
    verdicts.iter().map(|v| v.note.as_str()).filter(|n| !n.is_empty()).collect()
}

fn text_record(text: &JudgedText, labels: &Labels, verdicts: &[Verdict]) -> TextRecord {
    let mut record = TextRecord {
        id: id(verdicts),
        text: text.text.clone(),
        title: text.title.clone(),
        narratives: labels.yes.iter().cloned().collect(),
        language: text.language.clone(),
        published: text.published.clone(),
        source: text.outlet.clone(),
        ..TextRecord::default()
    };
    let mut keep = |name: &str, value: Value| record.extra.insert(name.into(), value);
    keep("rejected", json!(labels.no));
    keep("url", json!(text.url));
    keep("notes", json!(notes(verdicts)));
    let cases = |d: Decided| -> Vec<&str> {
        (verdicts.iter()).filter(|v| v.subject == Subject::Case && v.decision == d).map(|v| v.target.as_str()).collect()
    };
    keep("cases", json!(cases(Decided::Accepted)));
    keep("rejected_cases", json!(cases(Decided::Rejected)));
    record
}

/// Fits `<Choices name="narratives" toName="text" choice="multiple">` over `<Text name="text" value="$text"/>`. An
/// annotation without a choice would say that the text carries none; where narratives were only rejected, there is none yet.
fn label_studio(text: &JudgedText, labels: &Labels, verdicts: &[Verdict]) -> Value {
    let last = verdicts.last();
    let annotation = json!({
        "result": [{
            "from_name": "narratives", "to_name": "text", "type": "choices",
            "value": { "choices": labels.yes },
        }],
        "was_cancelled": false,
        "created_at": last.map(|v| v.at.as_str()),
        "meta": { "person": last.map(|v| v.person.as_str()), "rejected": labels.no, "notes": notes(verdicts) },
    });
    let annotations = if labels.yes.is_empty() { Vec::new() } else { vec![annotation] };
    json!({
        "data": {
            "text": text.text, "title": text.title, "language": text.language, "outlet": text.outlet,
            "published": text.published, "url": text.url, "text_hash": hash(verdicts), "rejected": labels.no,
        },
        "annotations": annotations,
        "predictions": [{
            "model_version": last.map(|v| v.model_version.as_str()),
            "result": [{
                "from_name": "narratives", "to_name": "text", "type": "choices",
                "value": { "choices": shown(verdicts) },
            }],
        }],
    })
}

/// The `choice` interface.
fn prodigy(text: &JudgedText, labels: &Labels, verdicts: &[Verdict]) -> Value {
    let options: Vec<Value> = (labels.yes.iter().chain(&labels.no)).map(|n| json!({ "id": n, "text": n })).collect();
    json!({
        "text": text.text,
        "options": options,
        "accept": labels.yes,
        "answer": "accept",
        "config": { "choice_style": "multiple" },
        "meta": {
            "language": text.language, "source": text.outlet, "published": text.published,
            "text_hash": hash(verdicts), "notes": notes(verdicts).join("; "),
        },
    })
}

/// The narratives the model had named.
fn shown(verdicts: &[Verdict]) -> Vec<&str> {
    let said = verdicts.iter().filter(|v| v.subject == Subject::Narrative && v.probability.is_some());
    said.map(|v| v.target.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(subject: Subject, target: &str, decision: Decided, instead: &[&str]) -> Verdict {
        Verdict {
            number: 1,
            text_hash: "0123456789abcdef0123".into(),
            subject,
            target: target.into(),
            decision,
            instead: instead.iter().map(|s| (*s).to_owned()).collect(),
            note: String::new(),
            person: "ana".into(),
            model: "m".into(),
            model_version: "1".into(),
            probability: Some(0.5),
            at: "2026-01-01T00:00:00Z".into(),
            undone_at: None,
        }
    }

    #[test]
    fn labels_are_what_was_accepted_or_named_instead() {
        let text = JudgedText { text: "x".into(), ..JudgedText::default() };
        let narrative = |t, d, i: &[&str]| verdict(Subject::Narrative, t, d, i);
        let judged = vec![
            (text.clone(), vec![narrative("a", Decided::Accepted, &[]), narrative("b", Decided::Relabelled, &["c"])]),
            (text.clone(), vec![narrative("a", Decided::Rejected, &[])]),
            (text, vec![verdict(Subject::Case, "k", Decided::Accepted, &[])]),
        ];
        let (jsonl, left_out) = export(&judged, ExportFormat::Jsonl);
        let records: Vec<TextRecord> = jsonl.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!((records.len(), left_out), (1, LeftOut { unjudged: 1, only_rejected: 1 }));
        assert_eq!(
            (records[0].id.as_str(), &*records[0].narratives),
            ("verdict-0123456789abcdef", &["a".into(), "c".into()][..])
        );
        assert_eq!((&records[0].extra["rejected"], records[0].group.as_str()), (&json!(["b"]), ""));
        let (queries, left_out) = export(&judged, ExportFormat::Queries);
        assert_eq!((queries.lines().count(), left_out), (1, LeftOut { unjudged: 2, only_rejected: 0 }));
        assert_eq!(export(&judged, ExportFormat::Qrels).0, "verdict-0123456789abcdef\t0\tk\t1\n");
        let of =
            [("k", Decided::Rejected), ("l", Decided::Relabelled)].map(|(t, d)| verdict(Subject::Case, t, d, &["k"]));
        assert_eq!(case_judgements(&of), [("k", true), ("l", false)]);
        let tasks: Vec<Value> = serde_json::from_str(&export(&judged, ExportFormat::LabelStudio).0).unwrap();
        assert_eq!(tasks[0]["annotations"][0]["result"][0]["value"]["choices"], json!(["a", "c"]));
        // A rejection is no annotation: the text may carry another narrative.
        assert_eq!((&tasks[1]["annotations"], &tasks[1]["data"]["rejected"]), (&json!([]), &json!(["a"])));
        let line: Value =
            serde_json::from_str(export(&judged, ExportFormat::Prodigy).0.lines().next().unwrap()).unwrap();
        assert_eq!((line["accept"].clone(), line["options"].as_array().unwrap().len()), (json!(["a", "c"]), 3));
    }
    #[test]
    fn copies_of_one_text_share_a_group() {
        let lines = [
            "The tides are made by pumps under the sea, says a diver who was there.",
            "Clouds are cotton, sprayed by planes before dawn.",
            "The tides are made by pumps under the sea, said a diver who was there!",
        ];
        let judged: Vec<(JudgedText, Vec<Verdict>)> = (0..3)
            .map(|i| {
                let mut v = verdict(Subject::Narrative, "n", Decided::Accepted, &[]);
                v.text_hash = format!("{i}").repeat(16);
                (JudgedText { text: lines[i].into(), ..JudgedText::default() }, vec![v])
            })
            .collect();
        let (jsonl, _) = export(&judged, ExportFormat::Jsonl);
        let groups: Vec<String> = jsonl.lines().map(|l| serde_json::from_str::<TextRecord>(l).unwrap().group).collect();
        assert_eq!(groups, ["verdict-0000000000000000", "", "verdict-0000000000000000"]);
    }
}

//! The model folder: `model.json`, `weights.safetensors`, `vocabulary`, perhaps `translations.tsv` and
//! `appearances.jsonl`, `README.md`.
//!
//! Plain files that other programs can read, no code in them. Written beside the target and renamed (`replace`), so
//! that a reader never sees half a model. Every file is checked against its SHA-256 before use, `model.json`
//! included: a damaged model is refused, never guessed from.

use pulp::Arch;
use rustc_hash::FxHashMap;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::classifier::Classifier;
use super::fusion::Kinship;
use super::linear::LinearWeights;
use super::manifest::{FORMAT, Manifest, NarrativePart};
use super::mapped::{Blob, Numbers};
use super::neighbours::{Lists, Neighbours};
use super::passages::LongThresholds;
use super::replace::replace;
use super::taxonomy::Taxonomy;
use crate::cases::appearances::Appearances;
use crate::cases::ranker::Ranker;
use crate::cases::translations::Translations;
use crate::checksum::sha256;
use crate::error::{Error, ModelProblem, Place, Result};
use crate::features::source_terms::SourceTerms;
use crate::features::space::FeatureSpace;
use crate::features::vocabulary::{TermKind, Vocabulary};

/// File names in the folder.
pub const MANIFEST: &str = "model.json";
const WEIGHTS: &str = "weights.safetensors";
const VOCABULARY: &str = "vocabulary";
/// Meanings of words in other languages, for the search of cases; absent where none were learned.
pub const TRANSLATIONS: &str = "translations.tsv";
/// Texts judged to repeat a case, for the search of cases; absent where none were given.
pub const APPEARANCES: &str = "appearances.jsonl";
/// The model card.
pub const CARD: &str = "README.md";
/// What `leitmotif evaluate --json` measured, for the model page; put there by whoever measures.
pub const EVALUATION: &str = "evaluation.json";
/// Stands for the version in a card that is not yet written.
pub const VERSION_MARK: &str = "{version}";

/// A model as it is used.
pub struct Model {
    /// The name of its folder.
    pub name: String,
    /// What `model.json` says.
    pub manifest: Manifest,
    /// The narratives, where it has any.
    pub classifier: Option<Classifier>,
}

impl Model {
    /// The ranker of related cases, where it has one.
    pub fn ranker(&self) -> Option<&Ranker> {
        self.manifest.ranker.as_ref()
    }
}

fn bytes<T: bytemuck::NoUninit>(v: &[T]) -> &[u8] {
    bytemuck::cast_slice(v)
}

/// The files of a narrative model before they are written.
pub struct Parts {
    /// Features.
    pub space: FeatureSpace,
    /// Linear weights, feature by feature.
    pub weights: LinearWeights,
    /// Stored training texts.
    pub neighbours: Neighbours,
}

impl Parts {
    fn tensors(&self) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
        let n = &self.neighbours.lists;
        let tensor = |dtype, shape: Vec<usize>, bytes| TensorView::new(dtype, shape, bytes);
        let list = |dtype, v: &'_ [u8]| (dtype, vec![v.len() / 4], v.to_vec());
        let source_idf = self.space.source.as_ref().map(SourceTerms::idf);
        let source_idf = source_idf.iter().map(|idf| ("source_idf", list(Dtype::F32, bytes(idf))));
        let parts = [
            ("idf", list(Dtype::F32, bytes(&self.space.idf))),
            ("neighbours.label_starts", list(Dtype::U32, bytes(n.label_starts.get()))),
            ("neighbours.labels", list(Dtype::U32, bytes(n.labels.get()))),
            ("neighbours.places", list(Dtype::U32, bytes(n.places.get()))),
            ("neighbours.starts", list(Dtype::U32, bytes(n.starts.get()))),
            ("neighbours.telling", (Dtype::U8, vec![n.telling.get().len()], n.telling.get().to_vec())),
            ("neighbours.values", (Dtype::U8, vec![n.values.get().len()], n.values.get().to_vec())),
            ("step_sizes", list(Dtype::F32, bytes(self.weights.step_sizes.get()))),
            (
                "weights",
                (Dtype::I8, vec![self.space.len(), self.weights.stride()], bytes(self.weights.steps.get()).to_vec()),
            ),
        ];
        let parts: Vec<_> = parts.into_iter().chain(source_idf).collect();
        let views: Vec<_> = parts
            .iter()
            .map(|(name, (dtype, shape, data))| Ok((*name, tensor(*dtype, shape.clone(), data)?)))
            .collect::<std::result::Result<_, safetensors::SafeTensorError>>()?;
        serialize(views, None)
    }
}

/// Writes a model folder, replacing one of that name as a whole. Fills in checksums and the version, a digest of all
/// that the model is, and gives the version back. [`VERSION_MARK`] in the card becomes the version.
pub fn save(path: &Path, mut manifest: Manifest, parts: Option<&Parts>, card: &str) -> Result<String> {
    check_output(path)?;
    replace(path, |folder| write_files(folder, &mut manifest, parts, card))?;
    Ok(manifest.version)
}

/// Refuses a place where a model would push something else aside: a file, or a folder of other files.
pub fn check_output(path: &Path) -> Result<()> {
    let taken = |what| Err(Error::Taken { path: path.into(), what });
    if path.exists() && !path.is_dir() {
        return taken("it is a file; name a folder for the model");
    }
    if !path.join(MANIFEST).exists() && fs::read_dir(path).is_ok_and(|mut d| d.next().is_some()) {
        return taken("the folder holds files that are no model; name another");
    }
    Ok(())
}

fn write_files(folder: &Path, manifest: &mut Manifest, parts: Option<&Parts>, card: &str) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let write = |file: &str, bytes: &[u8]| -> Result<String> {
        let path = folder.join(file);
        fs::write(&path, bytes).map_err(Error::write(&path))?;
        fs::File::open(&path).and_then(|f| f.sync_all()).map_err(Error::write(&path))?;
        Ok(sha256(bytes))
    };
    manifest.files.clear();
    if let Some(parts) = parts {
        let tensors = parts.tensors().map_err(|e| Error::write(folder)(std::io::Error::other(e.to_string())))?;
        manifest.files.insert(WEIGHTS.into(), write(WEIGHTS, &tensors)?);
        manifest.files.insert(VOCABULARY.into(), write(VOCABULARY, parts.space.vocabulary.as_text().as_bytes())?);
    }
    if let Some(table) = manifest.ranker.as_ref().and_then(|r| r.translations.clone()) {
        manifest.files.insert(TRANSLATIONS.into(), write(TRANSLATIONS, table.to_tsv().as_bytes())?);
    }
    if let Some(known) = manifest.ranker.as_ref().and_then(|r| r.appearances.clone()) {
        let jsonl = known.to_jsonl().map_err(|e| Error::write(folder)(std::io::Error::other(e)))?;
        manifest.files.insert(APPEARANCES.into(), write(APPEARANCES, jsonl.as_bytes())?);
    }
    manifest.checksum.clear();
    manifest.version.clear();
    let json = |m: &Manifest| {
        serde_json::to_string_pretty(m).map(|s| s + "\n").map_err(|e| Error::write(folder)(std::io::Error::other(e)))
    };
    sha256(json(manifest)?.as_bytes())[..12].clone_into(&mut manifest.version);
    manifest.checksum = sha256(json(manifest)?.as_bytes());
    write(MANIFEST, json(manifest)?.as_bytes())?;
    write(CARD, card.replace(VERSION_MARK, &manifest.version).as_bytes())?;
    Ok(())
}

/// Opens a model folder: memory-maps it and checks every file.
pub fn open(path: &Path) -> Result<Model> {
    let problem = |p| Error::model(path, p);
    if !path.is_dir() {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
        return Err(Error::read(path)(missing));
    }
    let file = path.join(MANIFEST);
    if !file.exists() {
        return Err(problem(ModelProblem::NotAModel));
    }
    let text = fs::read(&file).map_err(Error::read(&file))?;
    let blob = |name: &str| -> Result<Blob> {
        let file = path.join(name);
        if file.exists() { Blob::map(&file) } else { Err(problem(ModelProblem::MissingFile(name.into()))) }
    };
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = resolved.file_name().map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned());
    load(path, name, &text, blob, true)
}

/// A model compiled into the program. Its checksums were verified when it was built (a test does), so only the shape
/// is checked here, which keeps the first answer fast.
pub fn embedded(name: &str, manifest: &[u8], weights: &'static [u8], vocabulary: &'static [u8]) -> Result<Model> {
    let blob = |file: &str| Ok(Blob::Static(if file == WEIGHTS { weights } else { vocabulary }));
    load(&PathBuf::from(format!("(embedded {name})")), name.to_owned(), manifest, blob, false)
}

fn load(
    path: &Path,
    name: String,
    manifest: &[u8],
    blob: impl Fn(&str) -> Result<Blob>,
    verify: bool,
) -> Result<Model> {
    let problem = |p| Error::model(path, p);
    let damaged = |e| problem(ModelProblem::Json(e));
    // The version first: a manifest of another version may have another shape.
    let raw: FxHashMap<String, serde_json::Value> = serde_json::from_slice(manifest).map_err(damaged)?;
    match raw.get("format").and_then(serde_json::Value::as_u64) {
        Some(FORMAT) => {}
        found => {
            let found = found.unwrap_or(0);
            return Err(problem(ModelProblem::Version { found, supported: FORMAT }));
        }
    }
    let mut manifest: Manifest = serde_json::from_slice(manifest).map_err(damaged)?;
    if verify {
        let said = std::mem::take(&mut manifest.checksum);
        let text = serde_json::to_string_pretty(&manifest).map_err(damaged)? + "\n";
        if sha256(text.as_bytes()) != said {
            return Err(problem(ModelProblem::Checksum(MANIFEST.into())));
        }
        manifest.checksum = said;
    }
    let file = |name: &str| -> Result<Arc<Blob>> {
        let said = manifest.files.get(name).ok_or_else(|| problem(ModelProblem::MissingFile(name.into())))?;
        let blob = blob(name)?;
        if verify && sha256(blob.bytes()) != *said {
            return Err(problem(ModelProblem::Checksum(name.into())));
        }
        Ok(Arc::new(blob))
    };
    let classifier = match &manifest.narratives {
        Some(part) => {
            let (weights, vocabulary) = (file(WEIGHTS)?, file(VOCABULARY)?);
            Some(classifier(part, &manifest, &weights, &vocabulary).map_err(problem)?)
        }
        None => None,
    };
    let table = manifest.files.contains_key(TRANSLATIONS).then(|| file(TRANSLATIONS)).transpose()?;
    let translations = table.map(|file| translations(&file)).transpose().map_err(problem)?;
    let known = manifest.files.contains_key(APPEARANCES).then(|| file(APPEARANCES)).transpose()?;
    let appearances = known.map(|file| appearances(&file)).transpose().map_err(problem)?;
    if let Some(ranker) = &mut manifest.ranker {
        if !ranker.is_sound() {
            let what = "the ranker has not one weight per feature, so it was learned by another version of the program";
            return Err(problem(ModelProblem::Inconsistent { file: MANIFEST.into(), what }));
        }
        ranker.translations = translations.map(Arc::new);
        ranker.appearances = appearances.map(Arc::new);
    }
    Ok(Model { name, manifest, classifier })
}

fn translations(file: &Blob) -> std::result::Result<Translations, ModelProblem> {
    let wrong = |what| ModelProblem::Inconsistent { file: TRANSLATIONS.into(), what };
    let text = std::str::from_utf8(file.bytes()).map_err(|_| wrong("it is not UTF-8"))?;
    Translations::from_tsv(text).map_err(|_| wrong("a line is not `from, to, word, meaning, probability`"))
}

fn appearances(file: &Blob) -> std::result::Result<Appearances, ModelProblem> {
    let wrong = |what| ModelProblem::Inconsistent { file: APPEARANCES.into(), what };
    let text = std::str::from_utf8(file.bytes()).map_err(|_| wrong("it is not UTF-8"))?;
    Appearances::from_jsonl(text).map_err(|_| wrong("a line is no text with its cases"))
}

fn classifier(
    part: &NarrativePart,
    manifest: &Manifest,
    weights: &Arc<Blob>,
    vocabulary: &Arc<Blob>,
) -> std::result::Result<Classifier, ModelProblem> {
    let wrong = |file: &str, what| ModelProblem::Inconsistent { file: file.into(), what };
    let text = std::str::from_utf8(vocabulary.bytes()).map_err(|_| wrong(VOCABULARY, "it is not UTF-8"))?;
    let vocabulary = Vocabulary::parse(text.into()).ok_or_else(|| wrong(VOCABULARY, "terms out of order"))?;
    let tensors = Tensors::read(weights).ok_or_else(|| wrong(WEIGHTS, "it is no safetensors file"))?;
    let missing = || wrong(WEIGHTS, "a tensor is missing");
    let idf = tensors.numbers::<f32>("idf").ok_or_else(missing)?.get().to_vec();
    let entries = &part.narratives;
    let (words, labels) = (vocabulary.range(TermKind::Word).len(), entries.len());
    let space = FeatureSpace::new(manifest.settings.features.clone(), vocabulary, idf)
        .ok_or_else(|| wrong(WEIGHTS, "idf and vocabulary differ in length"))?;
    let space = match &part.transfer {
        Some(taken) => {
            let idf = tensors.numbers::<f32>("source_idf").ok_or_else(missing)?;
            let space = space.with_source(idf.get(), taken.block_lengths);
            space.ok_or_else(|| wrong(WEIGHTS, "idf of the earlier model and vocabulary differ in length"))?
        }
        None => space,
    };
    let steps = tensors.numbers::<i8>("weights").ok_or_else(missing)?;
    let step_sizes = tensors.numbers::<f32>("step_sizes").ok_or_else(missing)?;
    let bias = entries.iter().map(|e| e.bias).chain([part.spreads_bias]).collect();
    let linear = LinearWeights::from_parts(steps, step_sizes, bias, space.len())
        .ok_or_else(|| wrong(WEIGHTS, "the weights are not one per term and narrative"))?;
    let numbers = |name: &str| tensors.numbers::<u32>(name).ok_or_else(missing);
    let lists = Lists {
        telling: tensors.numbers("neighbours.telling").ok_or_else(missing)?,
        starts: numbers("neighbours.starts")?,
        places: numbers("neighbours.places")?,
        values: tensors.numbers("neighbours.values").ok_or_else(missing)?,
        label_starts: numbers("neighbours.label_starts")?,
        labels: numbers("neighbours.labels")?,
    };
    if !lists.is_sound(words, labels) {
        return Err(wrong(WEIGHTS, "the lists of stored texts do not fit together"));
    }
    let place = |line: usize| Place { source: MANIFEST.into(), line };
    let records = entries.iter().enumerate().map(|(i, e)| (place(i + 1), e.narrative.clone())).collect();
    let taxonomy = Taxonomy::new(records).map_err(|_| wrong(MANIFEST, "the narratives are no tree"))?;
    Ok(Classifier {
        arch: Arch::new(),
        kinship: Kinship::new(&taxonomy),
        taxonomy,
        space,
        linear,
        neighbours: Neighbours::new(lists),
        fusion: part.fusion.clone(),
        curves: part.curves,
        stance: part.stance,
        long: part.long,
        calibration: entries.iter().map(|e| e.calibration).collect(),
        thresholds: entries.iter().map(|e| e.thresholds).collect(),
        long_thresholds: {
            let raise = part.long.map(|l| l.raise).unwrap_or_default();
            entries.iter().map(|e| LongThresholds::new(e.thresholds, raise)).collect()
        },
        prototypes: entries.iter().map(|e| e.prototype).collect(),
    })
}

/// Byte ranges of the tensors in a blob.
struct Tensors {
    blob: Arc<Blob>,
    ranges: FxHashMap<String, std::ops::Range<usize>>,
}

impl Tensors {
    fn read(blob: &Arc<Blob>) -> Option<Self> {
        let bytes = blob.bytes();
        let tensors = SafeTensors::deserialize(bytes).ok()?;
        let start = bytes.as_ptr() as usize;
        let ranges = tensors
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let from = view.data().as_ptr() as usize - start;
                (name, from..from + view.data().len())
            })
            .collect();
        Some(Self { blob: Arc::clone(blob), ranges })
    }

    fn numbers<T: bytemuck::Pod>(&self, name: &str) -> Option<Numbers<T>> {
        Numbers::view(&self.blob, self.ranges.get(name)?.clone())
    }
}

//! The narratives an evaluation speaks of: those of the taxonomy, and those that only test records name.
//!
//! A test record may carry a narrative that the model was never taught. Such labels are kept beside the others and can
//! only be missed; dropping them would make a model look better the less it knows.

use rustc_hash::FxHashMap;

use crate::model::taxonomy::Taxonomy;

/// Number of a label in [`Labels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelNo(pub u32);

impl LabelNo {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One narrative.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its id.
    pub id: String,
    /// Its name; the id where it has none.
    pub name: String,
    /// Whether it has no children.
    pub leaf: bool,
    /// Its topmost ancestor, or itself.
    pub root: LabelNo,
    /// For a label outside the taxonomy, the id that was probably meant; otherwise `None`.
    pub near: Option<String>,
    /// Whether the taxonomy has it.
    pub known: bool,
    /// Whether it was a prototype of a model that was tested: a narrative with too few examples.
    pub prototype: bool,
}

/// All narratives of an evaluation. Those of the taxonomy keep their numbers.
#[derive(Debug, Default)]
pub struct Labels {
    all: Vec<Label>,
    numbers: FxHashMap<String, LabelNo>,
    taxonomy: Taxonomy,
}

impl Labels {
    /// The narratives of a taxonomy.
    pub fn new(taxonomy: &Taxonomy) -> Self {
        let mut out = Self { taxonomy: taxonomy.clone(), ..Self::default() };
        for n in taxonomy.numbers() {
            let record = taxonomy.narrative(n);
            let root = taxonomy.ancestors(n).last().unwrap_or(n);
            let name = if record.name.trim().is_empty() { &record.id } else { &record.name };
            out.push(Label {
                id: record.id.clone(),
                name: name.clone(),
                leaf: taxonomy.is_leaf(n),
                root: LabelNo(root.0),
                near: None,
                known: true,
                prototype: false,
            });
        }
        out
    }

    fn push(&mut self, label: Label) -> LabelNo {
        let number = LabelNo(self.all.len() as u32);
        self.numbers.insert(label.id.clone(), number);
        self.all.push(label);
        number
    }

    /// The number of an id; one that the taxonomy lacks is added as unknown.
    pub fn intern(&mut self, id: &str) -> LabelNo {
        if let Some(number) = self.get(id) {
            return number;
        }
        let root = LabelNo(self.all.len() as u32);
        let near = self.taxonomy.near(id);
        self.push(Label { id: id.into(), name: id.into(), leaf: true, root, near, known: false, prototype: false })
    }

    /// The number of an id.
    pub fn get(&self, id: &str) -> Option<LabelNo> {
        self.numbers.get(id).copied()
    }

    /// A label by its number.
    ///
    /// # Panics
    /// If the number is not from these labels.
    pub fn label(&self, number: LabelNo) -> &Label {
        &self.all[number.index()]
    }

    /// Notes which narratives a model to be tested has as prototypes.
    pub fn mark_prototypes(&mut self, taxonomy: &Taxonomy, prototypes: &[bool]) {
        for (n, _) in taxonomy.numbers().zip(prototypes).filter(|(_, p)| **p) {
            if let Some(label) = self.get(&taxonomy.narrative(n).id) {
                self.all[label.index()].prototype = true;
            }
        }
    }

    /// Whether any narrative of the taxonomy has a parent.
    pub fn has_parents(&self) -> bool {
        self.all.iter().any(|l| !l.leaf)
    }

    /// All numbers in order.
    pub fn numbers(&self) -> impl Iterator<Item = LabelNo> + use<> {
        (0..self.all.len() as u32).map(LabelNo)
    }
}

//! Which known disinformation narratives does a text carry, where, and which debunked cases does it repeat?
//!
//! A text goes one road: `text` cuts it into tokens that know their place, `features` turns them into a sparse TF-IDF row,
//! `model` scores narratives, `cases` finds related cases, and [`assess`] joins the answers. `check` doctors records,
//! `training` makes models of them, `ingest` reads files. Every surface calls [`assess::Assessor::assess`].
//!
//! ```
//! # #[cfg(feature = "embedded")] {
//! use leitmotif::assess::{Assessor, Options, Outcome};
//! use leitmotif::cases::related::CaseBase;
//! use leitmotif::{Document, embedded};
//!
//! let model = embedded::model()?;
//! let ranker = model.ranker().expect("the starter model has a ranker").clone();
//! let cases = CaseBase { index: embedded::cases()?, ranker };
//! let assessor = Assessor::new(model, cases).expect("the starter model has narratives");
//!
//! let post = "The protests in Kazakhstan were a colour revolution, scripted in Western embassies.";
//! let answer = assessor.assess(&mut assessor.worker(), &Document::from_text(post), Options::default());
//! assert_eq!(answer.outcome, Outcome::Known);
//! assert_eq!(answer.narratives.last().map(|n| n.evidence.len() <= 3), Some(true));
//! for narrative in answer.narratives.iter().filter(|n| &*n.id == "colour-revolutions") {
//!     println!("{:.0} %: {}", narrative.probability * 100.0, narrative.evidence[0].text);
//! }
//! # }
//! # Ok::<(), leitmotif::Error>(())
//! ```
pub mod assess;
#[cfg(feature = "batch")]
pub mod batch;
pub mod cases;
pub mod check;
mod checksum;
#[cfg(feature = "cli")]
pub mod cli;
mod document;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
pub mod evaluate;
pub mod features;
pub mod ingest;
mod json_problem;
pub mod learn;
pub mod model;
mod pieces;
mod record;
#[cfg(feature = "store")]
pub mod store;
pub mod text;
pub mod training;
#[cfg(feature = "feeds")]
pub mod watch;
#[cfg(feature = "web")]
pub mod web;

pub use document::{Document, Language};
pub use error::{Error, Result};
pub use record::{Record, TextRecord};

//! The report as one HTML file for people: no script, nothing loaded, readable on a phone and on paper.
//!
//! `markup` escapes and builds tables, `plots` draws SVG, `figures` pairs each plot with its table, `page` puts the sections
//! in order. Plain functions that write text were chosen over a template engine: nearly all of the page is numbers in
//! loops, and the one thing a template gives, escaping, is a dozen lines here.

mod against;
mod errors;
mod figures;
mod markup;
mod page;
mod plots;

pub use page::page;

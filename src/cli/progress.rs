//! A progress bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::Mutex;

/// Shows the stages of a long job.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    stage: Mutex<&'static str>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{msg:<22} {bar:40} {pos}/{len} {eta}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, stage: Mutex::new("") }
    }

    /// `done` of `all` steps of `stage`.
    pub(super) fn step(&self, stage: &'static str, done: usize, all: usize) {
        let Some(bar) = &self.bar else { return };
        let mut current = self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *current != stage {
            *current = stage;
            bar.reset();
            bar.set_message(stage);
        }
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    }
}

impl Progress {
    /// Prints a line to stderr without breaking the bar.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

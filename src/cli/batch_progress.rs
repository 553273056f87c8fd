//! How far a batch is: a bar on a terminal, plain lines in a log, JSON for programs. Always on standard error.

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::batch::Status;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Style {
    /// A bar on a terminal, plain lines elsewhere
    Auto,
    /// A bar
    Bar,
    /// A line now and then
    Plain,
    /// A JSON object a second
    Json,
    /// Nothing
    None,
}

/// Shows how far a batch is.
pub(super) struct Progress {
    style: Style,
    bar: Option<ProgressBar>,
    /// When to say something next, and what is known last.
    next: Mutex<(Instant, Status)>,
}

impl Progress {
    pub(super) fn new(style: Style) -> Self {
        let style = match style {
            Style::Auto if stderr().is_terminal() => Style::Bar,
            Style::Auto => Style::Plain,
            style => style,
        };
        let bar = (style == Style::Bar).then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        let progress = Self { style, bar, next: Mutex::new((Instant::now(), Status::default())) };
        progress.lock().0 = Instant::now() + progress.every();
        progress
    }

    fn every(&self) -> Duration {
        match self.style {
            Style::Plain => Duration::from_secs(30),
            Style::Json => Duration::from_secs(1),
            _ => Duration::from_millis(100),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Instant, Status)> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line beside the bar.
    pub(super) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// Shows where the run is, if it is time to.
    pub(super) fn show(&self, s: &Status) {
        if self.style == Style::None {
            return;
        }
        let now = Instant::now();
        let mut next = self.lock();
        next.1 = *s;
        if now < next.0 {
            return;
        }
        next.0 = now + self.every();
        drop(next);
        self.say(s);
    }

    fn say(&self, s: &Status) {
        let seconds = s.elapsed.as_secs_f64().max(1e-9);
        let rate = s.text_bytes as f64 / 1e6 / seconds;
        let left = s.all_bytes.filter(|_| s.bytes > 0).map(|all| {
            let share = s.bytes as f64 / all.max(1) as f64;
            seconds * (1.0 - share).max(0.0) / share.max(1e-9)
        });
        match self.style {
            Style::Bar => self.draw(s, rate),
            Style::Json => {
                let line = serde_json::json!({
                    "read": s.read, "passed": s.passed, "scored": s.scored, "rejected": s.rejected, "bytes": s.bytes,
                    "all_bytes": s.all_bytes, "text_bytes": s.text_bytes, "seconds": seconds, "seconds_left": left,
                });
                let _ = writeln!(stderr(), "{line}");
            }
            _ => {
                let share = s.all_bytes.map_or_else(String::new, |all| {
                    format!(", {:.0} % of the input", 100.0 * s.bytes as f64 / all.max(1) as f64)
                });
                let left = left.map_or_else(String::new, |l| format!(", about {l:.0} s left"));
                let counts = format!("{} read, {} scored, {} rejected", s.read, s.scored, s.rejected);
                eprintln!("{seconds:.0} s: {counts}{share}, {rate:.1} MB/s of text{left}");
            }
        }
    }

    fn draw(&self, s: &Status, rate: f64) {
        let Some(bar) = &self.bar else { return };
        let template = match s.all_bytes {
            Some(_) => "{bar:30} {percent:>3} % {msg} {eta} left",
            None => "{spinner} {msg}",
        };
        if let Some(all) = s.all_bytes {
            bar.set_length(all);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(s.bytes);
        bar.set_message(format!("{} scored, {} rejected, {rate:.1} MB/s", s.scored, s.rejected));
    }

    /// Takes the bar away; a program is told the end.
    pub(super) fn end(&self) {
        if self.style == Style::Json {
            let last = self.lock().1;
            self.say(&last);
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

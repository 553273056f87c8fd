//! When to use colour, and which.

use anstyle::{AnsiColor, Style as Ansi};
use std::fmt::Display;
use std::io::{IsTerminal, stdout};

/// Whether output is styled: only on a terminal, and not with `NO_COLOR` set (<https://no-color.org>).
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    on: bool,
}

impl Style {
    pub(super) fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        Self { on: stdout().is_terminal() && !refused && !dumb }
    }

    fn paint(self, style: Ansi, text: impl Display) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// What matters most.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    /// What can be skipped.
    pub(super) fn faint(self, text: impl Display) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// A match.
    pub(super) fn alarm(self, text: impl Display) -> String {
        self.paint(Ansi::new().bold().fg_color(Some(AnsiColor::Red.into())), text)
    }

    /// A suggestion.
    pub(super) fn doubt(self, text: impl Display) -> String {
        self.paint(Ansi::new().fg_color(Some(AnsiColor::Yellow.into())), text)
    }

    /// A word of evidence: coloured, or in brackets where there is no colour.
    pub(super) fn mark(self, text: impl Display) -> String {
        if self.on {
            self.paint(Ansi::new().underline().fg_color(Some(AnsiColor::Cyan.into())), text)
        } else {
            format!("[{text}]")
        }
    }
}

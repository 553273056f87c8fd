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
    /// Never styled.
    pub(super) const PLAIN: Self = Self { on: false };

    pub(super) fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        Self { on: stdout().is_terminal() && !refused && !dumb }
    }

    /// Output that no text in it can take over: characters that steer a terminal or turn the direction of what is written
    /// come out as U+FFFD. Colours stay where there are any.
    pub(super) fn harmless(self, out: &str) -> String {
        let mut rest = out;
        let mut shown = String::with_capacity(out.len());
        while let Some(c) = rest.chars().next() {
            let colour = if self.on && c == '\u{1b}' { colour_len(rest) } else { 0 };
            let len = colour.max(c.len_utf8());
            let steers = c.is_control() && !matches!(c, '\n' | '\t');
            let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if colour == 0 && (steers || turns) {
                shown.push('\u{fffd}');
            } else {
                shown.push_str(&rest[..len]);
            }
            rest = &rest[len..];
        }
        shown
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

/// The length of the code of a colour that text begins with; 0 for none.
fn colour_len(text: &str) -> usize {
    let Some(codes) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = codes.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(codes.len());
    if codes[end..].starts_with('m') { 2 + end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_steer_the_terminal() {
        let text = "a\u{1b}]0;title\u{7}\r\u{9b}2Jb\u{202e}c\n\u{1b}[31mred\td";
        let plain = "a\u{fffd}]0;title\u{fffd}\u{fffd}\u{fffd}2Jb\u{fffd}c\n\u{fffd}[31mred\td";
        assert_eq!(Style::PLAIN.harmless(text), plain);
        let styled = Style { on: true };
        assert_eq!(styled.harmless(&styled.strong("x\u{1b}[2J")), styled.strong("x\u{fffd}[2J"));
    }
}

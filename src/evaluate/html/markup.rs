//! Escaped text and tables.
//!
//! Whatever comes from records goes through [`Escaped`] or [`Cell::Text`]: a record may hold markup, quotes or characters
//! that turn the direction of writing, and none of it must leave its place.

use std::fmt::{self, Display, Write};

/// Text in which nothing is markup.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);
        impl Write for Escaping<'_, '_> {
            fn write_str(&mut self, s: &str) -> fmt::Result {
                for c in s.chars() {
                    match c {
                        '&' => self.0.write_str("&amp;")?,
                        '<' => self.0.write_str("&lt;")?,
                        '>' => self.0.write_str("&gt;")?,
                        '"' => self.0.write_str("&quot;")?,
                        '\'' => self.0.write_str("&#39;")?,
                        // Characters that XML forbids, and those that would turn the text around them.
                        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.write_char('\u{fffd}')?,
                        c if c.is_control() && !c.is_whitespace() => self.0.write_char('\u{fffd}')?,
                        c => self.0.write_char(c)?,
                    }
                }
                Ok(())
            }
        }
        write!(Escaping(f), "{}", self.0)
    }
}

/// The beginning of a text, at most `length` characters, cut with an ellipsis.
pub(super) fn shortened(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// A figure between 0 and 1 to three places.
pub(super) fn decimal(value: f64) -> String {
    format!("{value:.3}")
}

/// A share in per cent; number and sign stay on one line.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// A figure that may not apply.
pub(super) fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), decimal)
}

/// A cell of a table.
pub(super) enum Cell {
    /// Text of any kind; escaped.
    Text(String),
    /// A number; escaped, set to the right.
    Number(String),
    /// Markup made here, of escaped parts.
    Markup(String),
}

impl Cell {
    pub(super) fn text(text: impl Display) -> Self {
        Self::Text(text.to_string())
    }

    pub(super) fn number(number: impl Display) -> Self {
        Self::Number(number.to_string())
    }

    /// A name with its id small beneath it.
    pub(super) fn named(name: &str, id: &str) -> Self {
        let id = if name == id { String::new() } else { format!("<small>{}</small>", Escaped(id)) };
        Self::Markup(format!("<bdi>{}</bdi>{id}", Escaped(name)))
    }
}

/// A table. The first column names the row; `heads` that start with `#` are of numbers.
pub(super) fn table(caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>) -> String {
    let mut out = format!("<div class=\"scroll\"><table><caption>{}</caption><thead><tr>", Escaped(caption));
    for head in heads {
        let (class, head) = head.strip_prefix('#').map_or(("", *head), |h| (" class=\"n\"", h));
        out += &format!("<th scope=\"col\"{class}>{}</th>", Escaped(head));
    }
    out += "</tr></thead><tbody>";
    for row in rows {
        out += "<tr>";
        for (column, cell) in row.into_iter().enumerate() {
            let (class, inner) = match cell {
                Cell::Text(text) => ("", format!("<bdi>{}</bdi>", Escaped(text))),
                Cell::Number(number) => (" class=\"n\"", Escaped(number).to_string()),
                Cell::Markup(markup) => ("", markup),
            };
            out += &if column == 0 {
                format!("<th scope=\"row\"{class}>{inner}</th>")
            } else {
                format!("<td{class}>{inner}</td>")
            };
        }
        out += "</tr>";
    }
    out + "</tbody></table></div>\n"
}

/// Something that opens on demand.
pub(super) fn details(summary: &str, inner: &str) -> String {
    format!("<details><summary>{}</summary>{inner}</details>\n", Escaped(summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let hostile = "</td><script>alert('x')</script>&amp;\"\u{202e}\0";
        let escaped = Escaped(hostile).to_string();
        assert!(!escaped.contains(['<', '>', '"', '\'', '\u{202e}', '\0']), "{escaped}");
        assert!(escaped.contains("&amp;amp;"));
        let made = table(hostile, &[hostile], vec![vec![Cell::text(hostile), Cell::number(hostile)]]);
        assert!(!made.contains("<script"), "{made}");
        let made = table("c", &["h"], vec![vec![Cell::named(hostile, hostile), Cell::named(hostile, "\"<b>")]]);
        assert!(!made.contains("<script") && !made.contains("<b>"), "{made}");
    }

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(shortened("äöü x", 3), "äöü…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}

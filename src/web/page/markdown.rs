//! The Markdown of model cards as HTML: headings, paragraphs, tables, lists, code.
//!
//! Everything is escaped before anything is marked up, so that a card can hold no markup of its own. A Markdown library
//! was rejected: cards are written by `train`, which uses these few forms.

/// HTML of a card.
pub(super) fn html(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        if trimmed.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|l| !l.trim_start().starts_with("```")).collect();
            out += &format!("<pre tabindex=\"0\"><code>{}</code></pre>\n", escaped(&code.join("\n")));
        } else if trimmed.starts_with('#') {
            let level = trimmed.chars().take_while(|&c| c == '#').count();
            // Below the page's own headings.
            let level = (level + 2).min(6);
            out += &format!("<h{level}>{}</h{level}>\n", inline(trimmed.trim_start_matches('#').trim()));
        } else if trimmed.starts_with('|') {
            let mut rows = vec![trimmed];
            while let Some(row) = lines.next_if(|l| l.trim_start().starts_with('|')) {
                rows.push(row.trim());
            }
            out += &table(&rows);
        } else if let Some(first) = item(trimmed) {
            let mut items = vec![first.to_owned()];
            while let Some(next) = lines.next_if(|l| !l.trim().is_empty()) {
                match (item(next.trim()), items.last_mut()) {
                    (None, Some(last)) => *last += &format!(" {}", next.trim()),
                    (Some(text), _) => items.push(text.to_owned()),
                    (None, None) => {}
                }
            }
            let items: Vec<String> = items.iter().map(|i| format!("<li>{}</li>", inline(i))).collect();
            out += &format!("<ul>{}</ul>\n", items.concat());
        } else {
            let mut paragraph = trimmed.to_owned();
            while let Some(next) = lines.next_if(|l| !l.trim().is_empty() && !l.starts_with(['#', '|', '`'])) {
                paragraph += &format!(" {}", next.trim());
            }
            out += &format!("<p>{}</p>\n", inline(&paragraph));
        }
    }
    out
}

fn item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

/// A table; a head of empty cells is left out.
fn table(rows: &[&str]) -> String {
    let cells = |row: &str| -> Vec<String> { row.trim_matches('|').split('|').map(|c| inline(c.trim())).collect() };
    let rule = |row: &str| row.chars().all(|c| "|-: ".contains(c));
    let mut out = String::from("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>");
    let headed = rows.get(1).is_some_and(|r| rule(r));
    for (i, row) in rows.iter().enumerate().filter(|(_, r)| !rule(r)) {
        let cells = cells(row);
        let head = headed && i == 0;
        if head && cells.iter().all(String::is_empty) {
            continue;
        }
        let tag = if head { "th scope=\"col\"" } else { "td" };
        let end = &tag[..2];
        let row: Vec<String> = cells.iter().map(|c| format!("<{tag}>{c}</{end}>")).collect();
        out += &format!("<tr>{}</tr>", row.concat());
    }
    out + "</table></div>\n"
}

/// `code` and **strong** within a line.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in escaped(text).split('`').enumerate() {
        if i % 2 == 1 {
            out += &format!("<code>{part}</code>");
            continue;
        }
        for (j, piece) in part.split("**").enumerate() {
            if j % 2 == 1 {
                out += &format!("<strong>{piece}</strong>");
            } else {
                out += piece;
            }
        }
    }
    out
}

/// Text that is safe between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_become_html_and_markup_in_them_does_not() {
        let card = "# Card\n\nOne `a<b` and **two**\nlines.\n\n| | |\n|---|---|\n| x | <script> |\n\n- a\n- b\n\n```json\n{\"<\": 1}\n```\n";
        let out = html(card);
        assert!(
            out.contains("<h3>Card</h3>")
                && out.contains("<p>One <code>a&lt;b</code> and <strong>two</strong> lines.</p>")
        );
        assert!(out.contains("<tr><td>x</td><td>&lt;script&gt;</td></tr>") && !out.contains("<th"));
        assert!(out.contains("<li>a</li><li>b</li>") && out.contains("{&quot;&lt;&quot;: 1}"));
        assert!(!html("<img onerror=x>").contains("<img"));
    }
}

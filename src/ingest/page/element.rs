//! The elements of HTML that matter to an article, and how a parser treats each.
//!
//! One list for recognising pages and for taming them; the groups are those of the HTML standard's parsing rules.

/// How a parser treats an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of each in a page.
    Document,
    /// One in a page; its content is not markup.
    Title,
    /// Not shown; its content is not markup.
    Raw,
    /// Not shown.
    Hidden,
    /// Without content.
    Void,
    Block,
    Form,
    Heading,
    Paragraph,
    ListItem,
    Term,
    Table,
    RowGroup,
    Row,
    Cell,
    Caption,
    Button,
    Link,
    Inline,
}

/// The elements that are known. The tags of all others are dropped and their content is kept: `b`, `font` and the like
/// say nothing about an article, and they are what a parser opens again and again.
const KNOWN: [(Kind, &[&str]); 19] = [
    (Kind::Paragraph, &["p"]),
    (Kind::Link, &["a"]),
    (Kind::Inline, &["span", "abbr", "cite", "del", "ins", "label", "q", "sub", "sup", "time"]),
    (
        Kind::Block,
        &[
            "div",
            "ul",
            "ol",
            "dl",
            "section",
            "article",
            "address",
            "aside",
            "blockquote",
            "center",
            "details",
            "dialog",
            "dir",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "header",
            "hgroup",
            "main",
            "menu",
            "nav",
            "pre",
            "search",
            "summary",
        ],
    ),
    (Kind::ListItem, &["li"]),
    (Kind::Void, &["br", "hr", "img", "input", "meta"]),
    (Kind::Cell, &["td", "th"]),
    (Kind::Row, &["tr"]),
    (Kind::Heading, &["h1", "h2", "h3", "h4", "h5", "h6"]),
    (Kind::Raw, &["script", "style", "iframe", "textarea", "noembed"]),
    (Kind::Hidden, &["svg", "math", "noscript", "template", "select", "datalist", "audio", "video", "canvas"]),
    (Kind::Button, &["button"]),
    (Kind::Form, &["form"]),
    (Kind::Table, &["table"]),
    (Kind::RowGroup, &["tbody", "thead", "tfoot"]),
    (Kind::Caption, &["caption"]),
    (Kind::Term, &["dd", "dt"]),
    (Kind::Title, &["title"]),
    (Kind::Document, &["html", "head", "body"]),
];

/// The element of that name, in any case of letters.
pub(super) fn known(name: &str) -> Option<Element> {
    KNOWN.iter().find_map(|&(kind, names)| {
        let name = names.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        Some(Element { kind, name })
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
}

impl Element {
    /// Whether end tags inside do not reach beyond it.
    pub(super) fn is_boundary(&self) -> bool {
        matches!(self.kind, Kind::Table | Kind::Cell | Kind::Caption)
    }

    /// Whether end tags of phrases inside do not reach beyond it.
    pub(super) fn is_special(&self) -> bool {
        !matches!(self.kind, Kind::Inline | Kind::Link)
    }

    pub(super) fn is_table_part(&self) -> bool {
        matches!(self.kind, Kind::RowGroup | Kind::Row | Kind::Cell | Kind::Caption)
    }

    /// Whether a paragraph ends where it begins.
    pub(super) fn ends_paragraph(&self) -> bool {
        use Kind::{Block, Form, Heading, ListItem, Paragraph, Table, Term};
        matches!(self.kind, Block | Form | Heading | ListItem | Paragraph | Table | Term) || self.name == "hr"
    }
}

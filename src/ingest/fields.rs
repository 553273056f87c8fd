//! Which field of a record is what: names that people commonly use, and names the user gives.
//!
//! A name the user gives wins; without one, the commonest name that a record has. Guessing from the values (the longest
//! one is the text) was rejected: a record with a long list of tags would be scored by its tags, without a word.

use serde::{Deserialize, Serialize};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Names the record.
    Id,
    /// What is assessed.
    Text,
    /// The text as HTML.
    Html,
    /// Its headline.
    Title,
    /// Code of its language.
    Language,
    /// When it was published.
    Published,
    /// Where it can be read.
    Url,
}

impl Role {
    /// How many there are.
    pub const COUNT: usize = 7;

    /// Its number, below [`Role::COUNT`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Names of fields, the commonest first.
const COMMON: [(Role, &[&str]); Role::COUNT] = [
    (
        Role::Id,
        &[
            "id",
            "_id",
            "doc_id",
            "docid",
            "document_id",
            "article_id",
            "tweet_id",
            "post_id",
            "guid",
            "uuid",
            "url",
            "link",
        ],
    ),
    (
        Role::Text,
        &[
            "text",
            "body",
            "content",
            "full_text",
            "fulltext",
            "article",
            "article_text",
            "maintext",
            "content_text",
            "message",
            "post",
            "tweet",
            "description",
            "summary",
        ],
    ),
    (Role::Html, &["html", "content_html", "body_html", "raw_html"]),
    (Role::Title, &["title", "headline", "heading", "subject"]),
    (Role::Language, &["language", "lang", "language_code"]),
    (
        Role::Published,
        &[
            "published",
            "published_at",
            "publish_date",
            "date_published",
            "publication_date",
            "pubdate",
            "date",
            "datetime",
            "created_at",
            "timestamp",
        ],
    ),
    (Role::Url, &["url", "link", "permalink", "canonical_url", "source_url"]),
];

/// Names of fields that the user gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldNames {
    /// Field of the id.
    pub id: Option<String>,
    /// Field of the text.
    pub text: Option<String>,
    /// Field of the title.
    pub title: Option<String>,
    /// Field of the language.
    pub language: Option<String>,
}

impl FieldNames {
    /// The option that names the field of the text.
    pub(crate) const TEXT: &'static str = "--text-column";
    /// The option that names that of the id.
    pub(crate) const ID: &'static str = "--id-column";

    fn given(&self, role: Role) -> Option<&str> {
        match role {
            Role::Id => self.id.as_deref(),
            Role::Text | Role::Html => self.text.as_deref(),
            Role::Title => self.title.as_deref(),
            Role::Language => self.language.as_deref(),
            Role::Published | Role::Url => None,
        }
    }

    /// What the field `name` may be, each with its rank: the field of the lowest rank is taken. A name can stand for
    /// two things (`url` names a record that has no id).
    pub fn roles(&self, name: &str) -> impl Iterator<Item = (Role, u8)> + use<'_> {
        let mut found = [None; 2];
        let mut count = 0;
        for (role, names) in &COMMON {
            let rank = match self.given(*role) {
                // HTML has no name of its own to give: a given text is text.
                Some(_) if *role == Role::Html => None,
                Some(given) => (given == name).then_some(0),
                None => names.iter().position(|n| n.eq_ignore_ascii_case(name)).map(|p| p as u8 + 1),
            };
            if let Some(rank) = rank
                && count < found.len()
            {
                found[count] = Some((*role, rank));
                count += 1;
            }
        }
        found.into_iter().flatten()
    }

    /// Whether any of `names` is a text, so that they look like the header of a table of documents.
    pub fn has_text<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        names.into_iter().any(|n| self.roles(n.trim()).any(|(r, _)| matches!(r, Role::Text | Role::Html | Role::Title)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_win_over_common_ones() {
        let roles = |names: &FieldNames, name: &str| names.roles(name).collect::<Vec<_>>();
        let none = FieldNames::default();
        assert_eq!(roles(&none, "text"), [(Role::Text, 1)]);
        assert_eq!(roles(&none, "Body"), [(Role::Text, 2)]);
        assert_eq!(roles(&none, "url"), [(Role::Id, 11), (Role::Url, 1)]);
        assert_eq!(roles(&none, "likes"), []);
        let own = FieldNames { text: Some("likes".into()), ..FieldNames::default() };
        assert_eq!(roles(&own, "likes"), [(Role::Text, 0)]);
        assert_eq!(roles(&own, "text"), []);
        assert!(none.has_text(["a", " headline"]) && !none.has_text(["a", "url"]));
    }
}

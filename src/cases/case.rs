//! A case: one debunked instance of a claim.

use crate::document::Language;
use crate::record::record;

record! {
    /// One debunked claim. Only `id` and one of `title` and `claim` are required.
    pub struct Case {
        /// Unique name.
        pub id: String,
        /// Headline of the case.
        pub title: String,
        /// What is claimed.
        pub claim: String,
        /// Why it is wrong.
        pub disproof: String,
        /// Ids of the narratives it belongs to.
        pub narratives: Vec<String>,
        /// Free keywords.
        pub keywords: Vec<String>,
        /// ISO 639 code of the language this record is written in.
        pub language: String,
        /// Languages in which the claim circulated.
        pub languages: Vec<String>,
        /// Countries the claim speaks of.
        pub countries: Vec<String>,
        /// Who spread it.
        pub outlets: Vec<String>,
        /// Date of publication, `YYYY-MM-DD`.
        pub published: String,
        /// Where the debunk can be read.
        pub url: String,
        /// Ties versions of one article together.
        pub group: String,
    }
}

/// A part of a case that can be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The headline.
    Title,
    /// The claim.
    Claim,
    /// The disproof.
    Disproof,
    /// The keywords, joined.
    Keywords,
}

impl Field {
    /// All fields, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Title, Self::Claim, Self::Disproof, Self::Keywords];

    /// The name used in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Claim => "claim",
            Self::Disproof => "disproof",
            Self::Keywords => "keywords",
        }
    }
}

impl Case {
    /// The text of a field.
    pub fn field(&self, field: Field) -> std::borrow::Cow<'_, str> {
        match field {
            Field::Title => self.title.as_str().into(),
            Field::Claim => self.claim.as_str().into(),
            Field::Disproof => self.disproof.as_str().into(),
            Field::Keywords => self.keywords.join(", ").into(),
        }
    }

    /// What is claimed: the headline, where the claim is not stated.
    pub fn stated_claim(&self) -> &str {
        if self.claim.trim().is_empty() { &self.title } else { &self.claim }
    }

    /// The text of a field as it is searched for: as [`Case::field`], with [`Case::stated_claim`].
    pub(crate) fn searched(&self, field: Field) -> std::borrow::Cow<'_, str> {
        if field == Field::Claim { self.stated_claim().into() } else { self.field(field) }
    }

    /// The language of the record's own words, where it is a known code.
    pub fn own_language(&self) -> Option<Language> {
        Language::lenient(&self.language)
    }

    /// What the case is filed under when data is split: its group, or itself.
    pub fn split_group(&self) -> &str {
        if self.group.is_empty() { &self.id } else { &self.group }
    }

    /// Whether it says what is claimed.
    pub fn has_claim(&self) -> bool {
        !(self.title.trim().is_empty() && self.claim.trim().is_empty())
    }
}

//! Cases copied as text from a debunk database (`EUvsDisinfo`), several in one paste.
//!
//! A line says by itself what it is: `Disinfo:` begins a case, `Summary` and `Disproof` (newer pages: `Response`) are
//! headings, `Keywords: …` and its like are fields, with or without a bullet; the rest is text of its section. What
//! fits nowhere is handed back with its line instead of being dropped, so that whoever pastes can complete the case.
//! Reading the web page itself was rejected: its markup changes with every redesign, its words hardly ever.

mod line;

use rustc_hash::FxHashMap;
use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

pub(super) use self::line::date as day;
use self::line::{Field, Heading, Line, after_label, classify, date};
use crate::cases::case::Case;
use crate::error::Place;
use crate::text::language;

/// Longest part of an id that is made from the title, in bytes.
const LONGEST_SLUG: usize = 60;

/// What a paste held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CasePage {
    /// The cases, in order. `narratives` is empty, `extra["issue"]` holds the issue of the newsletter.
    pub cases: Vec<Case>,
    /// What belongs to no case and what cases lack, in order of lines.
    pub unplaced: Vec<Unplaced>,
}

/// A piece of a paste that has no place in a case, or the title of a case that lacks something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Where it stands.
    pub place: Place,
    /// Its words.
    pub text: String,
    /// What is the matter with it.
    pub why: &'static str,
    /// Whether it is in no case; otherwise a case lacks something.
    pub lost: bool,
}

/// Reads a paste; `source` names it in [`Unplaced::place`].
///
/// Ids are made from title and claim: reading the same page again gives the same ids, however its lines end.
///
/// ```
/// let page = leitmotif::ingest::case_page::parse("Disinfo: The lake is a mirage\n\nDisproof\n\nIt is wet.\n", "-");
/// assert_eq!(page.cases[0].title, "The lake is a mirage");
/// assert_eq!(page.unplaced[0].why, "the case has no claim besides its title");
/// ```
pub fn parse(text: &str, source: &str) -> CasePage {
    let mut reader = Reader { source, line: 0, page: CasePage::default(), draft: None, ids: FxHashMap::default() };
    // Line ends of all systems; `lines` does not know a lone carriage return.
    for line in text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')) {
        reader.line += 1;
        reader.read(line);
    }
    reader.finish();
    reader.page.unplaced.sort_by_key(|unplaced| unplaced.place.line);
    reader.page
}

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// The title, for want of one behind `Disinfo:`.
    Title,
    Claim,
    Disproof,
    Fields,
    /// A second summary without a title: its case cannot be told from the one before.
    Untitled,
}

/// A case while its lines come in.
struct Draft {
    case: Case,
    line: usize,
    zone: Zone,
    /// Whether the text that comes begins a paragraph.
    paragraph: bool,
    /// A field whose value continues on the next line.
    open: Option<Field>,
}

struct Reader<'a> {
    source: &'a str,
    line: usize,
    page: CasePage,
    draft: Option<Draft>,
    ids: FxHashMap<String, usize>,
}

impl Reader<'_> {
    fn read(&mut self, raw: &str) {
        let line = classify(raw);
        if let Line::Title(title) = line {
            self.finish();
            let case = Case { title: title.to_owned(), ..Case::default() };
            let zone = if title.is_empty() { Zone::Title } else { Zone::Claim };
            self.draft = Some(Draft { case, line: self.line, zone, paragraph: true, open: None });
            return;
        }
        let Some(draft) = &mut self.draft else {
            if !matches!(line, Line::Blank | Line::Noise(_)) {
                self.report(self.line, raw, "it stands before the first line `Disinfo: …`");
            }
            return;
        };
        let in_fields = draft.zone == Zone::Fields;
        let open = if line == Line::Blank { draft.open } else { draft.open.take() };
        match line {
            Line::Blank => draft.paragraph = true,
            Line::Heading(heading) => draft.begin(heading),
            Line::Noise(ends) => {
                if ends && draft.zone != Zone::Untitled {
                    draft.zone = Zone::Fields;
                }
            }
            _ if draft.zone == Zone::Untitled => {
                self.report(self.line, raw, "it follows a second summary; begin every case with `Disinfo: …`");
            }
            Line::Field { field, value, sure } if sure || in_fields => {
                draft.zone = Zone::Fields;
                self.set(field, value);
            }
            Line::Item(value) | Line::Text(value) if let Some(field) = open => self.set(field, value),
            Line::Text(title) if draft.zone == Zone::Title => {
                title.clone_into(&mut draft.case.title);
                draft.zone = Zone::Claim;
            }
            Line::Item(_) if in_fields => self.report(self.line, raw, "it is no known field of a case"),
            // A page that puts the fields first.
            _ if in_fields && draft.case.claim.is_empty() && draft.case.disproof.is_empty() => {
                draft.zone = Zone::Claim;
                draft.push(raw);
            }
            _ if in_fields => self.report(self.line, raw, "it stands behind the fields of a case"),
            _ => draft.push(raw),
        }
    }

    /// Takes the value of a field.
    fn set(&mut self, field: Field, value: &str) {
        let Some(draft) = &mut self.draft else { return };
        if value.is_empty() || (value.ends_with(',') && !matches!(field, Field::Issue | Field::Published)) {
            draft.open = Some(field);
        }
        let case = &mut draft.case;
        let list = match field {
            Field::Languages => &mut case.languages,
            Field::Countries => &mut case.countries,
            Field::Keywords => &mut case.keywords,
            Field::Outlets => &mut case.outlets,
            Field::Issue | Field::Published if value.is_empty() => return,
            Field::Published if !case.published.is_empty() => {
                self.report(self.line, value, "the case has a date already");
                return;
            }
            Field::Issue => {
                let issue = after_label(value, "issue").map_or(value, |(number, _)| number);
                case.extra.insert("issue".to_owned(), Value::String(issue.to_owned()));
                return;
            }
            Field::Published => {
                match date(value) {
                    Some(day) => case.published = day,
                    None => self.report(self.line, value, "it is no date; write it as 2022-01-31 or 31/01/2022"),
                }
                return;
            }
        };
        list.extend(value.split([',', ';']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned));
    }

    /// Puts the case that is being read among the others.
    fn finish(&mut self) {
        let Some(Draft { mut case, line, .. }) = self.draft.take() else { return };
        if !case.has_claim() {
            self.report(line, "", "the case has neither title nor claim and is left out");
            return;
        }
        if case.claim.is_empty() {
            self.lacks(line, &case.title, "the case has no claim besides its title");
        }
        if case.disproof.is_empty() {
            self.lacks(line, &case.title, "the case has no disproof");
        }
        let words = [case.claim.as_str(), &case.disproof].join("\n");
        case.language = language::detect(&words).map_or_else(String::new, |language| language.code().to_owned());
        case.id = id(&case.title, &case.claim);
        // Counted rather than searched for: a page of a thousand copies stays linear.
        let copies = self.ids.entry(case.id.clone()).or_default();
        *copies += 1;
        if *copies > 1 {
            case.id = format!("{}-{copies}", case.id);
        }
        self.page.cases.push(case);
    }

    fn report(&mut self, line: usize, text: &str, why: &'static str) {
        let place = Place { source: self.source.to_owned(), line };
        self.page.unplaced.push(Unplaced { place, text: text.trim().to_owned(), why, lost: true });
    }

    fn lacks(&mut self, line: usize, title: &str, why: &'static str) {
        let place = Place { source: self.source.to_owned(), line };
        self.page.unplaced.push(Unplaced { place, text: title.trim().to_owned(), why, lost: false });
    }
}

impl Draft {
    fn begin(&mut self, heading: Heading) {
        self.paragraph = true;
        self.zone = match (heading, self.zone) {
            (_, Zone::Untitled) => Zone::Untitled,
            (Heading::Claim, _) if !self.case.disproof.is_empty() => Zone::Untitled,
            (Heading::Claim, _) => Zone::Claim,
            (Heading::Disproof, _) => Zone::Disproof,
        };
    }

    /// Appends a line of text to its section.
    fn push(&mut self, line: &str) {
        let section = if self.zone == Zone::Disproof { &mut self.case.disproof } else { &mut self.case.claim };
        if !section.is_empty() {
            section.push_str(if self.paragraph { "\n\n" } else { "\n" });
        }
        section.push_str(line.trim());
        self.paragraph = false;
    }
}

/// `euvs-`, the title in ASCII, and eight hexadecimal digits that tell cases with the same title apart.
fn id(title: &str, claim: &str) -> String {
    let mut slug = String::new();
    for c in title.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && !matches!(c, '\'' | '’') {
            slug.push('-');
        }
        if slug.len() > LONGEST_SLUG {
            // Cut at a word if there is one.
            slug.truncate(slug.rfind('-').unwrap_or(LONGEST_SLUG));
            break;
        }
    }
    let digest = Sha256::new().chain_update(title).chain_update([0]).chain_update(claim).finalize();
    let number = digest.iter().take(4).fold(0u32, |number, &byte| number << 8 | u32::from(byte));
    let slug = slug.trim_end_matches('-');
    format!("euvs-{slug}{}{number:08x}", if slug.is_empty() { "" } else { "-" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = "All cases\r\n\r\nDisinfo: The Élan dam was built to drown villages\r\n\r\nSummary\r\n\r\n\
        The dam serves no purpose. Its builders wanted the valley empty.\r\n\r\nEven the ducks have left.\r\n\r\n\
        Disproof\r\n\r\nThe dam supplies two towns with water.\r\n- It was opened in 1904.\r\n\r\npublication/media\r\n\
        \u{a0} •\u{a0} Reported in: Issue 12\r\n  • DATE OF PUBLICATION: 31/01/2022\r\n  • Article language(s) Welsh\r\n\
        • Countries and/or Regions discussed in the disinformation: Wales, England\r\n• Keywords: Water, Dams\r\n\
        • Outlet(s): valley.example\r\n• Reach: 12\r\nsee more\r\n\r\nFooter\r\n\
        DISINFO: Rain is made in a factory\r\nEvery cloud leaves it by train.\r\nRESPONSE:\r\nIt does not.";

    fn whys(page: &CasePage) -> Vec<(usize, &str)> {
        page.unplaced.iter().map(|u| (u.place.line, u.text.as_str())).collect()
    }

    #[test]
    fn a_page_becomes_its_cases_and_the_rest_is_reported() {
        let page = parse(PAGE, "paste.txt");
        let [dam, rain] = &page.cases[..] else { panic!("{:?}", page.cases) };
        assert_eq!(dam.title, "The Élan dam was built to drown villages");
        assert!(dam.claim.starts_with("The dam serves") && dam.claim.ends_with("empty.\n\nEven the ducks have left."));
        assert_eq!(dam.disproof, "The dam supplies two towns with water.\n- It was opened in 1904.");
        assert_eq!((dam.published.as_str(), &dam.extra["issue"]), ("2022-01-31", &Value::from("12")));
        assert_eq!((&dam.languages[..], dam.language.as_str()), (&["Welsh".to_owned()][..], "en"));
        assert_eq!(dam.countries, ["Wales", "England"]);
        assert_eq!((dam.keywords.join("|"), dam.outlets.join("|")), ("Water|Dams".into(), "valley.example".into()));
        assert!(dam.id.starts_with("euvs-the-elan-dam-was-built-to-drown-villages-"), "{}", dam.id);
        assert_eq!((rain.claim.as_str(), rain.disproof.as_str()), ("Every cloud leaves it by train.", "It does not."));
        assert_eq!(whys(&page), [(1, "All cases"), (23, "• Reach: 12"), (26, "Footer")]);
        assert_eq!(page.unplaced[0].place.to_string(), "paste.txt:1");
    }

    #[test]
    fn ids_stay_the_same_and_tell_cases_apart() {
        let ids = |text: &str| parse(text, "-").cases.into_iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(ids(PAGE), ids(&PAGE.replace("\r\n", "\n")));
        let twice = ids("Disinfo: A\nx\nDisinfo: A\ny\nDisinfo: A\nx\n");
        assert_eq!(twice[2], format!("{}-2", twice[0]));
        assert_ne!(twice[0], twice[1]);
        assert!(ids(&format!("Disinfo: {}", "word ".repeat(50)))[0].len() <= 5 + LONGEST_SLUG + 9);
        assert_eq!(ids("Disinfo: Дощ")[0].len(), "euvs-".len() + 8);
    }

    #[test]
    fn what_a_case_lacks_is_said() {
        let page =
            parse("Disinfo:\n\nDisinfo: A\nDate of publication: soon\n\nDisinfo: B\nb\nDisproof\nc\nSummary\nd", "-");
        assert_eq!(page.cases.len(), 2);
        assert_eq!(whys(&page), [(1, ""), (3, "A"), (3, "A"), (4, "soon"), (11, "d")]);
    }

    #[test]
    fn values_and_titles_may_stand_on_the_next_line() {
        let page = parse("Disinfo:\nA\n\nKeywords:\n• x, y,\nz\n\nOutlet: o\nSummary\nb\nDisproof\nc", "-");
        let case = &page.cases[0];
        assert_eq!((case.title.as_str(), case.claim.as_str(), case.disproof.as_str()), ("A", "b", "c"));
        assert_eq!((case.keywords.len(), case.outlets.len(), page.unplaced.len()), (3, 1, 0));
        let untitled = &parse("Disinfo:\nSummary\nb\nDisproof\nc", "-").cases[0];
        assert_eq!((untitled.title.as_str(), untitled.claim.as_str()), ("", "b"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,80}", lines in proptest::collection::vec(
            "(• |- |)(Disinfo:? |Summary|Disproof:|see more|Keywords:|Outlet|Date of publication )?([a-zé,/0-9]{0,6})(\r\n|\n|\r)",
            0..12,
        )) {
            parse(&text, "-");
            let page = parse(&lines.concat(), "-");
            let mut ids: Vec<_> = page.cases.iter().map(|c| &c.id).collect();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), page.cases.len());
        }
    }
}

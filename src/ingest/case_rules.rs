//! What must hold of a case that is taken in.
//!
//! Of cases in files little is asked: collections write dates and sources as they like, and `check` names what should be
//! mended. Of a case that somebody fills in a form with, more: it is mended at once. In a file that is only read (`--cases`)
//! a case that does not meet this is left out, since the others must be found; of stores and saved indexes, which were
//! checked when they were made, and of training records nothing is asked.

use crate::cases::case::Case;
use crate::document::is_date;
use crate::error::RecordProblem;

/// What keeps a case of a file from being taken in.
pub(crate) fn check(case: &Case) -> Result<(), RecordProblem> {
    let id = case.id.clone();
    if !case.has_claim() {
        return Err(RecordProblem::CaseWithoutClaim(id));
    }
    // It is shown as a link: `javascript:` and the like must not be.
    if has_other_scheme(&case.url) {
        return Err(RecordProblem::CaseUrl { id, url: case.url.clone() });
    }
    Ok(())
}

/// Ids that stand in the address of something else.
const TAKEN: [&str; 4] = [".", "..", "export", "import"];

/// What must hold of an id, so that `/v1/cases/{id}` is its case.
pub(crate) fn check_id(id: &str) -> Result<(), RecordProblem> {
    let is_bad = id.len() > 200 || id.contains(|c: char| c.is_control() || c == '/') || TAKEN.contains(&id);
    if is_bad { Err(RecordProblem::CaseId(id.to_owned())) } else { Ok(()) }
}

/// What keeps a case of a file from being kept in a store, where each has an address.
pub(crate) fn check_kept(case: &Case) -> Result<(), RecordProblem> {
    check(case)?;
    check_id(&case.id)
}

/// What keeps a case from being taken in that was filled in by hand.
pub(crate) fn check_form(case: &Case) -> Result<(), RecordProblem> {
    check(case)?;
    let id = case.id.clone();
    if !case.published.is_empty() && !is_date(&case.published) {
        return Err(RecordProblem::CaseDate { id, published: case.published.clone() });
    }
    if !case.url.is_empty() && !is_web_address(&case.url) {
        return Err(RecordProblem::CaseUrl { id, url: case.url.clone() });
    }
    Ok(())
}

/// Whether an address leads to the web, so that it can be a link.
pub(crate) fn is_web_address(url: &str) -> bool {
    ["https://", "http://"].iter().any(|s| url.get(..s.len()).is_some_and(|start| start.eq_ignore_ascii_case(s)))
}

/// Whether an address begins with a scheme that is not the web's. A colon before digits is that of a port.
fn has_other_scheme(url: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let url = url.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(plain);
    is_scheme && !rest.starts_with(|c: char| c.is_ascii_digit()) && !is_web_address(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(published: &str, url: &str) -> Case {
        let (published, url) = (published.into(), url.into());
        Case { id: "a".into(), title: "t".into(), published, url, ..Case::default() }
    }

    #[test]
    fn a_form_asks_for_days_of_the_calendar_and_links_to_the_web() {
        for (published, url) in [("", ""), ("2022-01-31", "http://a.example"), ("", "HTTPS://a.example/é")] {
            assert!(check_form(&case(published, url)).is_ok(), "{published} {url}");
        }
        for published in ["2020-13-45", "31.12.2020", "yesterday", "2020-01-01T00:00:00Z"] {
            let problem = check_form(&case(published, "")).unwrap_err();
            assert!(problem.to_string().contains("YYYY-MM-DD"), "{published}");
        }
        for url in ["javascript:alert(1)", "a.example", "ftp://a.example", " https://a.example", "é"] {
            assert!(check_form(&case("", url)).unwrap_err().to_string().contains("https://"), "{url}");
        }
        assert!(matches!(check_form(&Case::default()), Err(RecordProblem::CaseWithoutClaim(_))));
    }

    #[test]
    fn a_file_may_hold_what_collections_hold_but_no_script() {
        for (published, url) in [("26 May 2015", "?"), ("15/2/2019", "a.example/x?y=a:b"), ("", "localhost:8080/a")] {
            assert!(check(&case(published, url)).is_ok(), "{published} {url}");
        }
        for url in ["javascript:alert(1)", " JavaScript:alert(1)", "\u{1}data:text/html,x", "ftp://a.example"] {
            assert!(matches!(check(&case("", url)), Err(RecordProblem::CaseUrl { .. })), "{url}");
        }
        assert!(matches!(check(&Case::default()), Err(RecordProblem::CaseWithoutClaim(_))));
    }
}

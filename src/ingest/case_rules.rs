//! What must hold of a case, whichever way it comes in: by file, by form, by request.
//!
//! Where cases are only read (`--cases`, training) less is asked: a case base that is there must open, and `check` names
//! what should be mended in it.

use crate::cases::case::Case;
use crate::document::is_date;
use crate::error::RecordProblem;

/// What keeps a case from being taken in.
pub(crate) fn check(case: &Case) -> Result<(), RecordProblem> {
    let id = case.id.clone();
    if !case.has_claim() {
        return Err(RecordProblem::CaseWithoutClaim(id));
    }
    if !case.published.is_empty() && !is_date(&case.published) {
        return Err(RecordProblem::CaseDate { id, published: case.published.clone() });
    }
    // It is shown as a link: `javascript:` and the like must not be.
    if !case.url.is_empty() && !is_web_address(&case.url) {
        return Err(RecordProblem::CaseUrl { id, url: case.url.clone() });
    }
    Ok(())
}

fn is_web_address(url: &str) -> bool {
    ["https://", "http://"].iter().any(|s| url.get(..s.len()).is_some_and(|start| start.eq_ignore_ascii_case(s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_of_the_calendar_and_links_lead_to_the_web() {
        let case = |published: &str, url: &str| {
            let (published, url) = (published.into(), url.into());
            check(&Case { id: "a".into(), title: "t".into(), published, url, ..Case::default() })
        };
        for (published, url) in [("", ""), ("2022-01-31", "http://a.example"), ("", "HTTPS://a.example/é")] {
            assert!(case(published, url).is_ok(), "{published} {url}");
        }
        for published in ["2020-13-45", "31.12.2020", "yesterday", "2020-01-01T00:00:00Z"] {
            assert!(case(published, "").unwrap_err().to_string().contains("YYYY-MM-DD"), "{published}");
        }
        for url in ["javascript:alert(1)", "a.example", "ftp://a.example", " https://a.example", "é"] {
            assert!(case("", url).unwrap_err().to_string().contains("https://"), "{url}");
        }
        assert!(matches!(check(&Case::default()), Err(RecordProblem::CaseWithoutClaim(_))));
    }
}

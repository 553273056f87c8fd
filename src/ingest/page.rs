//! HTML to the text of its article.
//!
//! `dom_smoothie` (the algorithm of Firefox's reader view) finds the article. It sees a tamed copy of the page (see
//! `tame`), because neither it nor the parser below it is made for hostile input. JSON-LD is read here, with the JSON
//! reader that everything else uses. Rejected: taking all text of the page, since menus and teasers of other articles
//! would be assessed as if the author had written them; that is only what happens where no article is found.

mod element;
mod recognise;
mod tags;
mod tame;

use dom_smoothie::{Config, Readability, ReadabilityError, TextMode};
use serde_json::Value;
use std::borrow::Cow;

use super::case_page::day;
use crate::document::Language;
use crate::error::{Error, Result};
use crate::text::language;

pub use self::recognise::looks_like_html;

/// Parts of a page that are never text of its author.
const MENUS: &str = "nav, menu, button, dialog, [role=navigation], [role=dialog]";

/// Parts that hardly ever are; the extractor weighs them, the fallback goes without them.
const APPARATUS: &str = "title, header, footer, aside, label, [hidden], [aria-hidden=true]";

/// Characters from which on an article counts as found. The extractor's own 500 makes it add menus and teasers to
/// news in brief until they are as long.
const SHORTEST: usize = 250;

/// Where pages say when they were published, besides what the extractor knows.
const DATES: &str = "[itemprop=datePublished], time[pubdate], meta[name=date], meta[name=pubdate], \
                     meta[name=publishdate], meta[name=publish-date], meta[name=publication_date], \
                     meta[name='dc.date'], meta[name='DC.date.issued']";

/// The article of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Its headline, or the title of the page.
    pub title: String,
    /// Its text; paragraphs are parted by a blank line.
    pub text: String,
    /// The language the page says it is in.
    pub language: Option<Language>,
    /// The day of publication as `YYYY-MM-DD`; empty if the page does not say.
    pub published: String,
}

/// Finds the article of a page.
///
/// Where no article can be found, `text` is all text of the page but its menus and the like; it is empty for a page
/// without text. [`Error::PageTooComplex`] says that the page has too many elements or nests them too deeply.
///
/// ```
/// let page = "<html lang=en><title>Tides</title><body><p>The sea rises twice a day.</p><p>Then it falls.</p></body>";
/// let article = leitmotif::ingest::page::article(page)?;
/// assert_eq!((article.title.as_str(), article.text.as_str()), ("Tides", "The sea rises twice a day.\n\nThen it falls."));
/// # Ok::<(), leitmotif::Error>(())
/// ```
pub fn article(html: &str) -> Result<Article> {
    // A parser reports every single one, and some pages in UTF-16 were read as something else before they came here.
    let html = if html.contains('\0') { Cow::Owned(html.replace('\0', "")) } else { Cow::Borrowed(html) };
    let tame = tame::tame(&html)?;
    let open = || {
        let config = Config {
            // A parser adds `html`, `head` and `body` where they are missing.
            max_elements_to_parse: tame::MOST_ELEMENTS + 3,
            disable_json_ld: true,
            char_threshold: SHORTEST,
            text_mode: TextMode::Formatted,
            ..Config::default()
        };
        Readability::new(tame.html.as_str(), None, Some(config)).map_err(|_| too_complex())
    };
    let mut page = open()?;
    page.doc.select(MENUS).remove();
    for heading in page.doc.select("h1, h2").nodes() {
        if heading.text().len() > tame::LONGEST_TITLE {
            heading.rename("p");
        }
    }
    let said = page.get_article_metadata(None);
    let described: Vec<Value> =
        tame.descriptions.iter().filter_map(|json| serde_json::from_str(json.trim()).ok()).collect();
    let stated = |key| described.iter().find_map(|value| find(value, key));
    let published = said.published_time.as_deref().and_then(day_of).or_else(|| day_of(stated("datePublished")?));
    let published = published.or_else(|| {
        let marked = page.doc.select(DATES);
        let value = |name| marked.iter().find_map(|element| day_of(&element.attr(name)?));
        value("content").or_else(|| value("datetime"))
    });
    let stated_language = said.lang.as_deref().or_else(|| stated("inLanguage")).and_then(Language::lenient);
    let mut text = match page.parse() {
        Ok(found) => tidy(&found.text_content),
        Err(ReadabilityError::TooManyElements(..)) => return Err(too_complex()),
        Err(_) => String::new(),
    };
    if text.is_empty() {
        let page = open()?;
        page.doc.select(MENUS).remove();
        page.doc.select(APPARATUS).remove();
        text = page.doc.body().map(|body| tidy(&body.formatted_text())).unwrap_or_default();
    }
    let language = stated_language.filter(|&l| language::fits(l, &text));
    let title = said.title.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Article { title, text, language, published: published.unwrap_or_default() })
}

fn too_complex() -> Error {
    Error::PageTooComplex { limit: tame::MOST_ELEMENTS }
}

/// Lines without white space around them, at most one blank line between two.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank { "\n\n" } else { "\n" });
        }
        out.push_str(line);
        blank = false;
    }
    out
}

/// The first text under `key` in a description of a page; descriptions of several things come as lists.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    match value {
        Value::Object(fields) => match fields.get(key) {
            Some(Value::String(text)) => Some(text),
            _ => find(fields.get("@graph")?, key),
        },
        Value::Array(things) => things.iter().find_map(|thing| find(thing, key)),
        _ => None,
    }
}

/// The day of a time such as `2022-01-12T10:00Z` or `Wed, 12 Jan 2022 10:00 GMT`. `01/12/2022` is passed over: whether
/// the day or the month comes first depends on who wrote the page.
fn day_of(time: &str) -> Option<String> {
    let time = time.trim();
    if time.bytes().take_while(u8::is_ascii_digit).count() == 4 {
        return day(time.get(..10).unwrap_or(time));
    }
    let words: Vec<&str> = time.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words
        .windows(3)
        .take(2)
        .filter(|date| date.concat().bytes().any(|b| b.is_ascii_alphabetic()))
        .find_map(|date| day(&date.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STORY: &str = "The council met on Monday, and it talked about the bridge, the school and the park. \
                         Nobody had an answer, but everybody had a question, so the meeting went on until midnight.";

    fn news() -> String {
        format!(
            "<!DOCTYPE html><html lang='en-GB'><head><title>Bridge &amp; school | The Valley Post</title>\
             <meta property=og:title content='Bridge &amp; school'>\
             <script type=application/ld+json>{{\"@graph\": [{{\"@type\": \"WebSite\"}}, {{\"@type\": \"NewsArticle\", \
             \"datePublished\": \"2023-04-05T06:07:08+02:00\"}}]}}</script>\
             <style>p {{ color: red }}</style></head><body><nav><ul><li><a href=/>Home</a><li><a href=/s>Sport</a></ul></nav>\
             <div id=main><article><h1>Bridge &amp; school</h1><p>{STORY}</p><p>A second <b>para<i>graph</b>: {STORY}</p>\
             <p>Done at last.<br>{STORY}</p></article><aside class=sidebar><p>Subscribe to our letter</p></aside></div>\
             <svg><title>icon</title><path d='M0'/></svg><footer><p>All rights reserved</p></footer>\
             <noscript>Please enable scripts</noscript></body></html>"
        )
    }

    #[test]
    fn an_article_is_taken_out_of_its_page() {
        let article = article(&news()).unwrap();
        assert_eq!(article.title, "Bridge & school");
        let expected = format!("{STORY}\n\nA second paragraph: {STORY}\n\nDone at last.\n{STORY}");
        assert_eq!(article.text, expected);
        assert_eq!(
            (article.language.map(|l| l.code().to_owned()).as_deref(), &*article.published),
            (Some("en"), "2023-04-05")
        );
    }

    #[test]
    fn a_page_without_an_article_gives_its_text() {
        let page =
            "<title>T</title><nav>Menu</nav><p hidden>secret</p><form><div>Short.</div></form><script>x</script>";
        assert_eq!(article(page).unwrap().text, "Short.");
        for page in ["", "\0", "<", "<p>", "<!--", "<body><img src=x>"] {
            assert_eq!(article(page).unwrap().text.trim_matches('<'), "", "{page}");
        }
    }

    #[test]
    fn terms_and_addresses_are_parted_from_what_follows() {
        for page in [
            "<dl><dt>claim</dt><dd>answer</dd></dl>",
            "<dl><dt>claim<dd>answer</dl>",
            "<ADDRESS id=a>claim</ADDRESS>answer",
        ] {
            let text = article(page).unwrap().text;
            assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["claim", "answer"], "{page}");
        }
    }

    #[test]
    fn days_are_found_where_pages_put_them() {
        let day =
            |head: &str| article(&format!("<html><head>{head}</head><body><p>x</p></body></html>")).unwrap().published;
        assert_eq!(day("<meta property=article:published_time content=2020-02-29T23:00Z>"), "2020-02-29");
        assert_eq!(day("<meta itemprop=datePublished content='Wed, 12 Jan 2022 10:00:00 GMT'>"), "2022-01-12");
        assert_eq!(day("<meta name=date content='January 12, 2022'>"), "2022-01-12");
        assert_eq!(day("</head><time pubdate datetime=2022-01-12>today</time>"), "2022-01-12");
        assert_eq!(day("<meta name=date content=01/12/2022><script type=application/ld+json>{\"a\":</script>"), "");
    }

    #[test]
    fn hostile_pages_are_read_or_refused_at_once() {
        let start = std::time::Instant::now();
        let refused = |page: &str| matches!(article(page), Err(Error::PageTooComplex { .. }));
        assert!(refused(&"<div>".repeat(100_000)));
        assert!(refused(&"<div>".repeat(2_000_000)));
        assert!(refused(&"<table><td><div></table>".repeat(100_000)));
        assert!(refused(&"<ul><li>".repeat(100_000)));
        // What makes other parsers slow, and what is deep without being much.
        assert!(article(&"<p><b id=x></p>".repeat(40_000)).is_ok());
        assert!(article(&format!("<p {}>x</p>", "a=1 ".repeat(1_000_000))).is_ok());
        assert!(article(&format!("<p class='{}'>x</p>", "x ".repeat(1_000_000))).is_ok());
        assert!(article(&"a & b « ".repeat(200_000)).is_ok());
        assert!(article(&"<div>".repeat(490)).is_ok());
        assert!(article(&"<a href=x><div>".repeat(200)).is_ok());
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn any_page_gives_an_article(page in "(</?(p|div|a|li|ul|table|td|tr|svg|script|form|h1|b|title|br)( x=\"| y)?/?>|<!--|-->|a, b|&amp|é){0,40}") {
            article(&page).unwrap();
        }
    }
}

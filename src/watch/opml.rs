//! Lists of feeds: OPML, as feed readers export it, or an address a line.

use quick_xml::Reader;
use quick_xml::events::Event;

/// The addresses of the feeds in a list, each once, in its order. Empty if there is none.
pub fn addresses(list: &str) -> Vec<String> {
    let found: Vec<String> = if list.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        outlines(list)
    } else {
        list.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
    };
    let mut seen = rustc_hash::FxHashSet::default();
    found.into_iter().filter(|url| crate::ingest::inputs::is_url(url) && seen.insert(url.clone())).collect()
}

/// The `xmlUrl` of every outline. What comes before a mistake in the markup is kept.
fn outlines(opml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(opml);
    let mut out = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                let url = tag.html_attributes().flatten().find(|a| a.key.as_ref().eq_ignore_ascii_case("xmlurl"));
                if let Some(url) = url {
                    let text = quick_xml::escape::unescape(&url.value).unwrap_or_else(|_| url.value.clone());
                    out.push(text.trim().to_owned());
                }
            }
            Ok(Event::Eof) | Err(_) => return out,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_and_lines_are_read() {
        let opml = "<?xml version='1.0'?><opml version='2.0'><body><outline text='Local'>\
            <outline type='rss' xmlUrl='https://a.example/f?x=1&amp;y=2'/><outline xmlurl=\"https://b.example/\" />\
            <outline xmlUrl='https://a.example/f?x=1&amp;y=2'/></outline><outline text='none'/></body></opml>";
        assert_eq!(addresses(opml), ["https://a.example/f?x=1&y=2", "https://b.example/"]);
        assert_eq!(addresses("# ours\nhttps://a.example/\n\nnot an address\n"), ["https://a.example/"]);
        assert_eq!(
            addresses("<opml><outline xmlUrl='https://a.example/'/><outline xmlUrl='https://b"),
            ["https://a.example/"]
        );
        assert!(addresses("").is_empty());
    }
}

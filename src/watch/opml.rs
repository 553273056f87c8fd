//! Lists of feeds: OPML, as feed readers export it, or an address a line.

use quick_xml::Reader;
use quick_xml::events::Event;

/// What a list of feeds says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The addresses of the feeds, each once, in the order of the list.
    pub feeds: Vec<String>,
    /// What in it is no such address: its line, and what is wrong.
    pub ignored: Vec<(usize, String)>,
}

/// Reads a list of feeds.
pub fn read(list: &str) -> List {
    let mut out = List::default();
    if list.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        outlines(list, &mut out);
    } else {
        for (i, line) in list.lines().map(|l| l.trim_matches('\u{feff}').trim()).enumerate() {
            if !line.is_empty() && !line.starts_with('#') {
                out.add(i + 1, line);
            }
        }
    }
    let mut seen = rustc_hash::FxHashSet::default();
    out.feeds.retain(|url| seen.insert(url.clone()));
    out
}

impl List {
    fn add(&mut self, line: usize, url: &str) {
        if crate::ingest::inputs::is_url(url) {
            self.feeds.push(url.to_owned());
        } else {
            self.ignored.push((line, format!("\"{url}\" is no address that begins with https:// or http://")));
        }
    }
}

/// The `xmlUrl` of every outline. What comes before a mistake in the markup is kept.
fn outlines(opml: &str, out: &mut List) {
    let mut reader = Reader::from_str(opml);
    let (mut line, mut counted) = (1, 0);
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(opml.len()).clamp(counted, opml.len());
        line += memchr::memchr_iter(b'\n', &opml.as_bytes()[counted..at]).count();
        counted = at;
        match event {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                let url = tag.html_attributes().flatten().find(|a| a.key.as_ref().eq_ignore_ascii_case("xmlurl"));
                if let Some(url) = url {
                    let text = quick_xml::escape::unescape(&url.value).unwrap_or_else(|_| url.value.clone());
                    out.add(line, text.trim());
                }
            }
            Ok(Event::Eof) => return,
            Err(_) => {
                out.ignored.push((line, "the markup is damaged here, and what follows is not read".to_owned()));
                return;
            }
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
        let all = read(opml);
        assert_eq!(all.feeds, ["https://a.example/f?x=1&y=2", "https://b.example/"]);
        assert!(all.ignored.is_empty(), "{:?}", all.ignored);
        assert_eq!(read(""), List::default());
    }

    #[test]
    fn what_is_no_address_is_told_with_its_line() {
        let lines = |list: &str| read(list).ignored.iter().map(|i| i.0).collect::<Vec<_>>();
        let text = read("# ours\nhttps://a.example/\n\nnot an address\n");
        assert_eq!(text.feeds, ["https://a.example/"]);
        assert!(text.ignored[0].0 == 4 && text.ignored[0].1.contains("\"not an address\""), "{:?}", text.ignored);
        let opml = "<opml>\n<outline xmlUrl='feed://a.example/'/>\n<outline xmlUrl='https://b.example/'/></opml>";
        assert_eq!((read(opml).feeds, lines(opml)), (vec!["https://b.example/".to_owned()], vec![2]));
        let broken = "<opml><outline xmlUrl='https://a.example/'/><outline xmlUrl='https://b";
        assert_eq!((read(broken).feeds, lines(broken)), (vec!["https://a.example/".to_owned()], vec![1]));
    }
}

//! RSS, Atom and JSON Feed: one record per entry.
//!
//! The document is cut into its entries first, and each is read by `feed-rs` in a copy of the frame around them. Reading
//! it whole was rejected: one entry with broken markup, or a download that breaks off, would cost all the others. The
//! document type is left out of the frame, so that no entity of the document's own is ever expanded.

use feed_rs::model::{Entry, Feed};
use feed_rs::parser::{Builder, ParseFeedError};
use serde_json::{Map, Value};

use super::charset;
use super::problem::InputProblem;

/// An entry as a JSON object with the usual names of fields, or what is wrong with it; and its line.
pub(crate) type Found = (usize, Result<Map<String, Value>, InputProblem>);

/// The entries of a feed. A feed that is none has one problem and no entry.
pub(crate) fn entries(bytes: &[u8]) -> Vec<Found> {
    let decoded = charset::decode_html(bytes).text;
    let text = decoded.trim_start();
    if text.starts_with('{') {
        return json_entries(text);
    }
    let frame = Frame::cut(&decoded);
    if frame.entries.is_empty() {
        // A feed may be empty; what is no feed is an error.
        return match read(&frame, "") {
            Ok(_) => Vec::new(),
            Err(why) => vec![(1, Err(InputProblem::Feed(why.into())))],
        };
    }
    let mut line = 1;
    let mut counted = 0;
    let mut out = Vec::with_capacity(frame.entries.len());
    for entry in &frame.entries {
        line += memchr::memchr_iter(b'\n', &decoded.as_bytes()[counted..entry.start]).count();
        counted = entry.start;
        let read = if entry.whole { read(&frame, entry.text) } else { Err("it breaks off") };
        let found = match read {
            Ok(feed) => match feed.entries.first() {
                Some(first) => Ok(record(first, &feed)),
                None => Err(InputProblem::Entry("it holds nothing".into())),
            },
            Err(why) => Err(InputProblem::Entry(why.into())),
        };
        out.push((line, found));
    }
    out
}

/// Reads one entry in its frame. The parser's own messages may quote the feed, so they are not passed on.
fn read(frame: &Frame<'_>, entry: &str) -> Result<Feed, &'static str> {
    let document = [&*frame.before, entry, &*frame.after].concat();
    let parser = Builder::new().id_generator(|_, _, _| String::new()).sanitize_content(false).build();
    parser.parse(document.as_bytes()).map_err(|e| match e {
        ParseFeedError::ParseError(feed_rs::parser::ParseErrorKind::NoFeedRoot) => "it is no RSS, Atom or JSON Feed",
        ParseFeedError::ParseError(_) => "an element or attribute has a content that it must not have",
        ParseFeedError::XmlReader(_) => "its XML is not well formed",
        _ => "it cannot be read",
    })
}

fn record(entry: &Entry, feed: &Feed) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value.map(str::trim).filter(|v| !v.is_empty()) {
            out.insert(name.into(), value.into());
        }
    };
    let page = entry.links.iter().find(|l| l.rel.as_deref().is_none_or(|r| r == "alternate")).or(entry.links.first());
    let url = page.map(|l| l.href.as_str());
    put("id", Some(entry.id.as_str()).filter(|id| !id.trim().is_empty()).or(url));
    put("url", url);
    put("title", entry.title.as_ref().map(|t| t.content.as_str()));
    let published = entry.published.or(entry.updated).map(|time| time.to_rfc3339());
    put("published", published.as_deref());
    put("language", entry.language.as_deref().or(feed.language.as_deref()));
    put("feed", feed.title.as_ref().map(|t| t.content.as_str()));
    // Whichever says more: some feeds give an empty content beside the summary.
    let content = entry.content.as_ref().and_then(|c| c.body.as_deref()).unwrap_or_default();
    let summary = entry.summary.as_ref().map_or("", |s| s.content.as_str());
    put("content_html", Some(if content.len() >= summary.len() { content } else { summary }));
    out
}

/// What stands around the entries, and the entries.
struct Frame<'t> {
    before: String,
    entries: Vec<Cut<'t>>,
    after: String,
}

struct Cut<'t> {
    start: usize,
    text: &'t str,
    whole: bool,
}

impl<'t> Frame<'t> {
    fn cut(document: &'t str) -> Self {
        let mut before = String::new();
        let mut open: Vec<&str> = Vec::new();
        let mut entries = Vec::new();
        let mut start: Option<usize> = None;
        for tag in (Tags { text: document, at: 0 }) {
            let is_entry = matches!(tag.local(), "item" | "entry");
            match start {
                None if is_entry && !tag.closes => {
                    if tag.empty {
                        entries.push(Cut { start: tag.start, text: &document[tag.start..tag.end], whole: true });
                    } else {
                        start = Some(tag.start);
                    }
                }
                None if tag.closes => {
                    // The frame is what is open around the first entry.
                    if entries.is_empty() && open.last() == Some(&tag.name) {
                        open.pop();
                    }
                }
                None => {
                    if entries.is_empty() && !tag.empty {
                        open.push(tag.name);
                    }
                }
                Some(from) if is_entry && tag.closes => {
                    entries.push(Cut { start: from, text: &document[from..tag.end], whole: true });
                    start = None;
                }
                // An entry that does not close before the next one begins.
                Some(from) if is_entry && !tag.empty => {
                    entries.push(Cut { start: from, text: &document[from..tag.start], whole: false });
                    start = Some(tag.start);
                }
                Some(_) => {}
            }
        }
        if let Some(from) = start {
            entries.push(Cut { start: from, text: &document[from..], whole: false });
        }
        let head = &document[..entries.first().map_or(document.len(), |e| e.start)];
        frame_of(head, &mut before);
        let after = if entries.is_empty() {
            String::new()
        } else {
            open.iter().rev().flat_map(|name| ["</", name, ">"]).collect()
        };
        Self { before, entries, after }
    }
}

/// Copies the frame without declaration and document type, and with a version that the parser knows.
fn frame_of(head: &str, out: &mut String) {
    let mut rest = head.trim_start_matches('\u{feff}');
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let end = if rest.starts_with("<?") {
            rest.find("?>").map(|e| e + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|e| e + 3)
        } else if rest.starts_with("<!") {
            let inner = rest.find('[').filter(|&b| rest.find('>').is_some_and(|e| b < e));
            inner.map_or_else(|| rest.find('>').map(|e| e + 1), |_| rest.find("]>").map(|e| e + 2))
        } else {
            break;
        };
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    let root_end = rest.find('>').unwrap_or(rest.len());
    let (root, body) = rest.split_at(root_end);
    if let Some(attributes) = root.strip_prefix("<rss") {
        let known = ["2.0", "0.91", "0.92"].iter().any(|v| {
            attributes.contains(&format!("version=\"{v}\"")) || attributes.contains(&format!("version='{v}'"))
        });
        if !known {
            out.push_str("<rss version=\"2.0\"");
            out.push_str(&attributes.replace("version", "stated-version"));
            out.push_str(body);
            return;
        }
    }
    out.push_str(rest);
}

/// Start and end tags outside of comments, character data and instructions.
struct Tags<'t> {
    text: &'t str,
    at: usize,
}

struct Tag<'t> {
    start: usize,
    end: usize,
    name: &'t str,
    closes: bool,
    empty: bool,
}

impl<'t> Tag<'t> {
    fn local(&self) -> &'t str {
        self.name.rsplit(':').next().unwrap_or(self.name)
    }
}

impl<'t> Iterator for Tags<'t> {
    type Item = Tag<'t>;

    fn next(&mut self) -> Option<Tag<'t>> {
        loop {
            let start = self.at + memchr::memchr(b'<', &self.text.as_bytes()[self.at..])?;
            let rest = &self.text[start..];
            let passed = [("<![CDATA[", "]]>"), ("<!--", "-->"), ("<?", "?>"), ("<!", ">")]
                .into_iter()
                .find(|(open, _)| rest.starts_with(open));
            if let Some((_, close)) = passed {
                self.at = start + rest.find(close)? + close.len();
                continue;
            }
            let end = start + rest.find('>')? + 1;
            let inner = &self.text[start + 1..end - 1];
            self.at = end;
            let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |i| (true, i));
            let name = inner.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
            return Some(Tag { start, end, name, closes, empty: inner.ends_with('/') });
        }
    }
}

/// The items of a JSON Feed, with the language of the feed where an item has none.
fn json_entries(text: &str) -> Vec<Found> {
    let feed: Map<String, Value> = match serde_json::from_str(text) {
        Ok(feed) => feed,
        Err(e) => return vec![(e.line(), Err(InputProblem::Feed("it is not valid JSON".into())))],
    };
    let inherited: Vec<(&str, Option<Value>)> =
        vec![("language", feed.get("language").cloned()), ("feed", feed.get("title").cloned())];
    let Some(Value::Array(items)) = feed.get("items") else {
        return vec![(1, Err(InputProblem::Feed("it has no `items`".into())))];
    };
    let items = items.iter().enumerate().map(|(i, item)| {
        let found = match item {
            Value::Object(item) => {
                let mut item = item.clone();
                for (name, value) in &inherited {
                    if let Some(value) = value
                        && !item.contains_key(*name)
                    {
                        item.insert((*name).into(), value.clone());
                    }
                }
                let link = ["url", "external_url"].iter().find_map(|name| item.get(*name)).cloned();
                if let Some(link) = link
                    && !item.contains_key("id")
                {
                    item.insert("id".into(), link);
                }
                Ok(item)
            }
            _ => Err(InputProblem::Entry("it is no JSON object".into())),
        };
        (i + 1, found)
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(found: &[Found]) -> Vec<(usize, Result<String, &'static str>)> {
        let id = |f: &Map<String, Value>| f.get("id").and_then(Value::as_str).unwrap_or("").to_owned();
        found.iter().map(|(line, f)| (*line, f.as_ref().map(id).map_err(InputProblem::kind))).collect()
    }

    const RSS: &str = "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\
        <channel><title>Valley Post</title><language>en-gb</language>\n\
        <item><guid>a</guid><title>Bridge &amp; school</title><link>https://valley.example/a</link>\
        <pubDate>Wed, 05 Apr 2023 06:07:08 GMT</pubDate><description>Short.</description>\
        <content:encoded><![CDATA[<p>The bridge <b>is</b> closed. </item></p>]]></content:encoded></item>\n\
        <item><link>https://valley.example/b</link><title>B</title></item>\n";

    #[test]
    fn entries_of_rss() {
        let found = entries(format!("{RSS}</channel></rss>").as_bytes());
        assert_eq!(ids(&found), [(3, Ok("a".into())), (4, Ok("https://valley.example/b".into()))]);
        let a = found[0].1.as_ref().unwrap();
        assert_eq!(a["title"], "Bridge & school");
        assert_eq!(a["published"], "2023-04-05T06:07:08+00:00");
        assert_eq!((&a["language"], &a["feed"]), (&"en-gb".into(), &"Valley Post".into()));
        assert_eq!(a["content_html"], "<p>The bridge <b>is</b> closed. </item></p>");
    }

    #[test]
    fn what_is_broken_costs_itself_only() {
        let cut = format!("{RSS}<item><guid>c</guid><title>Cut he");
        let broken = [(3, Ok("a".into())), (4, Ok("https://valley.example/b".into())), (5, Err("entry"))];
        assert_eq!(ids(&entries(cut.as_bytes())), broken);
        let unclosed = format!("{RSS}<item><guid>c</guid><item><guid>d</guid></item></channel></rss>");
        assert_eq!(ids(&entries(unclosed.as_bytes()))[2..], [(5, Err("entry")), (5, Ok("d".into()))]);
        for none in ["", "<html><p>x", "<rss", "plain"] {
            assert_eq!(ids(&entries(none.as_bytes())), [(1, Err("feed"))], "{none}");
        }
        let empty = "<rss version='2.0'><channel><title>T</title></channel></rss>";
        assert!(entries(empty.as_bytes()).is_empty());
    }

    #[test]
    fn atom_rdf_old_rss_and_json() {
        let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='uk'><title>T</title><id>f</id>\
            <entry><id>e</id><link href='https://x.example/e'/><title>E</title>\
            <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Words</p></div></content></entry></feed>";
        let found = entries(atom.as_bytes());
        assert_eq!(ids(&found), [(1, Ok("e".into()))]);
        assert!(found[0].1.as_ref().unwrap()["content_html"].as_str().unwrap().contains("Words"));
        let rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
            <channel rdf:about='x'><title>T</title><link>l</link><description>d</description></channel>\
            <item rdf:about='y'><title>One</title><link>https://x.example/1</link></item></rdf:RDF>";
        assert_eq!(ids(&entries(rdf.as_bytes())), [(1, Ok("https://x.example/1".into()))]);
        let old = RSS.replace("version=\"2.0\"", "version=\"0.90\"");
        assert_eq!(ids(&entries(old.as_bytes())).len(), 2);
        assert_eq!(ids(&entries(old.replace(" version=\"0.90\"", "").as_bytes()))[0], (3, Ok("a".into())));
        let json = "{\"version\":\"https://jsonfeed.org/version/1\",\"language\":\"de\",\"items\":[{\"id\":\"1\"},7,{\"url\":\"https://x.example/3\"}]}";
        let found = entries(json.as_bytes());
        let third = (3, Ok("https://x.example/3".into()));
        assert_eq!(ids(&found), [(1, Ok("1".into())), (2, Err("entry")), third]);
        assert_eq!(found[0].1.as_ref().unwrap()["language"], "de");
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut laughs = String::from("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">");
        for i in 1..10 {
            laughs += &format!("<!ENTITY lol{i} \"{}\">", format!("&lol{};", i - 1).repeat(10));
        }
        laughs += "]><rss version=\"2.0\"><channel><title>T</title><item><guid>x</guid><title>&lol9;</title></item>\
                   <item><guid>y</guid><title>fine</title></item></channel></rss>";
        let found = entries(laughs.as_bytes());
        assert_eq!(ids(&found)[1], (1, Ok("y".into())));
        let kept: usize =
            found.iter().filter_map(|f| f.1.as_ref().ok()).map(|f| Value::from(f.clone()).to_string().len()).sum();
        assert!(kept < 1000, "{kept}");
        let deep = format!(
            "{RSS}<item><guid>z</guid><description>{}</description></item></channel></rss>",
            "<a>".repeat(300_000)
        );
        assert_eq!(ids(&entries(deep.as_bytes()))[0], (3, Ok("a".into())));
    }

    proptest! {
        #[test]
        fn any_markup_is_read(text in "(<(/)?(rss|channel|item|entry|feed|title|a)( b='c')?(/)?>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|é|&x;|<){0,30}") {
            entries(text.as_bytes());
            entries(format!("<rss version='2.0'><channel>{text}").as_bytes());
        }
    }
}

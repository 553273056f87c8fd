//! What is wrong with JSON, in words for people: without the text that stands there, and without the names of Rust's types.

/// What is wrong with JSON, without the text that stands there: it may be that of an article.
pub(crate) fn json_problem(e: &serde_json::Error) -> String {
    let said = e.to_string();
    let said = match said.split_once("string \"") {
        Some((before, rest)) => {
            // The text may hold quotes; what follows it does not.
            let after = rest.rfind("\", expected ").map_or("", |at| &rest[at + 1..]);
            format!("{before}string{after}")
        }
        None => said,
    };
    in_words(&said)
}

/// The message of serde with what was expected, and what was there, as JSON calls it.
fn in_words(said: &str) -> String {
    let Some((found, expected)) = said.rsplit_once(", expected ") else { return said.to_owned() };
    let found = match found.strip_prefix("invalid type: ") {
        Some("map") => "invalid type: an object",
        Some("sequence") => "invalid type: a list",
        _ => found,
    };
    let (expected, at) = expected.find(" at line ").map_or((expected, ""), |i| expected.split_at(i));
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{found}, expected {expected}{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_json_is_said_without_the_text() {
        #[derive(Debug, serde::Deserialize)]
        struct Record {
            #[expect(dead_code, reason = "read only to fail")]
            number: u32,
        }
        for (json, expected) in [
            (r#""A private \", expected letter""#, "invalid type: string, expected an object at line 1 column 31"),
            (
                r#"{"number":"secret"}"#,
                "invalid type: string, expected a whole number of 0 or more at line 1 column 18",
            ),
            ("[]", "invalid length 0, expected an object at line 1 column 2"),
            (r#"{"number":[]}"#, "invalid type: a list, expected a whole number of 0 or more at line 1 column 10"),
            (
                r#"{"number":-1}"#,
                "invalid value: integer `-1`, expected a whole number of 0 or more at line 1 column 12",
            ),
        ] {
            let e = serde_json::from_str::<Record>(json).unwrap_err();
            assert_eq!(json_problem(&e), expected);
        }
    }
}

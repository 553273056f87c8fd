//! Cases through the API: what is added is found at once, what is retired is not.

use crate::service::{Service, serve, setup};
use leitmotif::embedded;
use leitmotif::web::state::{CaseSource, Setup};
use serde_json::{Value, json};

const CLAIM: &str = "Secret turnip laboratories under Quellenburg breed mosquitoes for the zoo.";

fn ids(related: &Value) -> Vec<String> {
    related["related"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_case_is_found_as_soon_as_it_is_added_and_until_it_is_retired() {
    let service = Service::new();
    let text = json!({ "text": CLAIM });
    let case = json!({ "title": "Turnip laboratories", "claim": CLAIM, "narratives": ["biolabs"], "language": "en", "desk": "north" });
    let added = service.post("/v1/cases", &case).await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(added.headers["location"], "/v1/cases/turnip-laboratories");
    let best = service.post("/v1/assess", &text).await.json();
    assert_eq!(ids(&best)[0], "turnip-laboratories");
    // A second of the same title gets a number; an id that is taken is refused.
    assert_eq!(service.post("/v1/cases", &case).await.json()["id"], "turnip-laboratories-2");
    service.send_json("DELETE", "/v1/cases/turnip-laboratories-2?erase=true", &json!({})).await;
    service.post("/v1/cases", &json!({ "id": "turnip-laboratories", "title": "x" })).await.is_problem(409, "id-taken");
    // An edit keeps what the form does not know.
    let mut edited = service.get("/v1/cases/turnip-laboratories").await.json();
    assert_eq!(edited["desk"], "north");
    edited["title"] = "Turnip laboratories, again".into();
    assert_eq!(service.send_json("PUT", "/v1/cases/turnip-laboratories", &edited).await.status, 200);
    assert_eq!(service.get("/v1/cases?q=turnip").await.json()["cases"][0]["title"], "Turnip laboratories, again");
    service.send_json("PUT", "/v1/cases/other", &edited).await.is_problem(422, "bad-field");
    service.send_json("PUT", "/v1/cases/nobody", &json!({ "title": "x" })).await.is_problem(404, "not-found");
    // Retired: kept, listed as such, not found for a text.
    let retired = service.send_json("DELETE", "/v1/cases/turnip-laboratories", &json!({})).await.json();
    assert!(retired["retired"].is_string());
    assert!(!ids(&service.post("/v1/assess", &text).await.json()).contains(&"turnip-laboratories".to_owned()));
    assert_eq!(service.get("/v1/cases?retired=true").await.json()["total"], 1);
    assert_eq!(service.get("/v1/cases/turnip-laboratories").await.status, 200);
    // Brought back.
    let mut back = retired;
    back.as_object_mut().unwrap().remove("retired");
    service.send_json("PUT", "/v1/cases/turnip-laboratories", &back).await;
    assert_eq!(ids(&service.post("/v1/assess", &text).await.json())[0], "turnip-laboratories");
}

#[tokio::test]
async fn bad_cases_are_refused() {
    let service = Service::new();
    for bad in [
        json!({ "id": "x" }),
        json!({ "title": "x", "published": "yesterday" }),
        json!({ "title": "x", "published": "2020-13-45" }),
        json!({ "title": "x", "url": "javascript:alert(1)" }),
        json!({ "title": "x", "language": "english" }),
        json!({ "title": "x", "id": "a/b" }),
        json!({ "title": "x", "id": "a\u{0}b" }),
        json!([1]),
    ] {
        service.post("/v1/cases", &bad).await.is_problem(422, "bad-field");
    }
}

#[tokio::test]
async fn filters_hold_together_and_pages_add_up() {
    let service = Service::new();
    let total = service.get("/v1/cases?limit=1").await.json()["total"].as_u64().unwrap();
    assert_eq!(total, embedded::cases().unwrap().len() as u64);
    let page = service.get("/v1/cases?narrative=western-plots&country=Kazakhstan&limit=5").await.json();
    assert!(page["total"].as_u64().unwrap() > 0);
    for case in page["cases"].as_array().unwrap() {
        assert!(case["countries"].as_array().unwrap().iter().any(|c| c == "Kazakhstan"), "{case}");
    }
    let dated = service.get("/v1/cases?from=2022-01-01&to=2022-12-31&limit=1000").await.json();
    for case in dated["cases"].as_array().unwrap() {
        assert!(case["published"].as_str().unwrap().starts_with("2022"));
    }
    let first = service.get("/v1/cases?limit=2").await.json();
    let second = service.get("/v1/cases?limit=1&offset=1").await.json();
    assert_eq!(first["cases"][1], second["cases"][0]);
}

#[tokio::test]
async fn what_is_exported_can_be_imported() {
    let service = Service::new();
    for (format, kind) in [("jsonl", "application/x-ndjson"), ("csv", "text/csv")] {
        let out = service.get(&format!("/v1/cases/export?format={format}")).await;
        assert!(out.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        let said = service.post_as("/v1/cases/import", kind, out.body).await.json();
        assert_eq!(
            (said["added"].as_u64(), said["replaced"].as_u64()),
            (Some(0), Some(embedded::cases().unwrap().len() as u64)),
            "{said}"
        );
    }
    let page =
        "Disinfo: The lake is a mirage\n\nSummary\n\nThere is no lake at Quellenburg.\n\nDisproof\n\nIt is wet.\n";
    let said = service.post_as("/v1/cases/import", "text/plain", page).await.json();
    assert_eq!(said["added"], 1);
    let lines = "{\"id\":\"ok\",\"title\":\"t\"}\nnot json\n{\"id\":\"empty\"}\n";
    let said = service.post_as("/v1/cases/import", "application/octet-stream", lines).await.json();
    assert_eq!((said["added"].as_u64(), said["rejected"].as_array().unwrap().len()), (Some(1), 2));
    let table = "id,title,claim\nfew,t\nmany,t,c,x\nopen,\"t,c\nlast,t,c\n";
    for kind in ["text/csv", "application/octet-stream"] {
        let said = service.post_as("/v1/cases/import", kind, table).await.json();
        let rejected: Vec<&str> = said["rejected"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
        assert_eq!(said["added"].as_u64().unwrap() + said["replaced"].as_u64().unwrap(), 1, "{said}");
        assert!(
            rejected[0].starts_with("line 2: the row has 2") && rejected[1].starts_with("line 3: the row has 4"),
            "{said}"
        );
        assert!(rejected.len() == 3 && rejected[2].starts_with("line 4: a quoted field begins here"), "{said}");
    }
    assert_eq!(service.get("/v1/cases/last").await.json()["claim"], "c");
    let link = "{\"id\":\"link\",\"title\":\"t\",\"url\":\"javascript:alert(1)\"}\n";
    service.post_as("/v1/cases/import", "application/x-ndjson", link).await.is_problem(422, "bad-field");
    service.post_as("/v1/cases/import", "text/plain", "hello").await.is_problem(422, "bad-field");
    service.post_as("/v1/cases/import", "image/png", "x").await.is_problem(415, "content-type");
    let table = service.post_as("/v1/cases/import", "text/csv", "a,b\n1,2\n").await;
    assert!(table.text().contains("the first line of the file must name"), "{}", table.text());
    service.get("/v1/cases/%ff").await.is_problem(400, "bad-parameter");
    service.get("/v1/cases/export?format=xml").await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn only_published_cases_are_reviews() {
    let service = Service::new();
    service.post("/v1/cases", &json!({ "id": "published", "title": "Turnips fly", "claim": CLAIM, "url": "https://www.example.org/t", "published": "2026-01-02", "language": "en", "outlets": ["Moon Daily"] })).await;
    let reviews = service.get("/v1/cases/export?format=claimreview").await.json();
    let all = reviews.as_array().unwrap();
    assert!(all.iter().all(|r| r["url"].as_str().is_some_and(|u| !u.is_empty()) && r["reviewRating"].get("ratingValue").is_none()));
    assert_eq!(all.iter().filter(|r| r["url"] == "https://www.example.org/t").count(), 1);
    let found = service.get("/v1/claims:search?query=turnip+laboratories&languageCode=en-GB&key=ignored").await.json();
    let review = &found["claims"][0]["claimReview"][0];
    assert_eq!(
        (review["publisher"]["site"].as_str(), review["textualRating"].as_str()),
        (Some("example.org"), Some("Debunked"))
    );
    assert_eq!(found["claims"][0]["claimant"], "Moon Daily");
    let page = service.get("/v1/claims:search?query=ukraine&pageSize=1").await.json();
    let token = page["nextPageToken"].as_str().unwrap();
    let next = service.get(&format!("/v1/claims:search?query=ukraine&pageSize=1&pageToken={token}")).await.json();
    assert_ne!(page["claims"], next["claims"]);
}

#[tokio::test]
async fn cases_from_a_file_are_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let cases = CaseSource::File(Box::new(embedded::cases));
    let service = serve(Setup { cases, ..setup(&folder.path().join("s.db")) }, folder);
    service.post("/v1/cases", &json!({ "title": "x" })).await.is_problem(409, "cases-in-file");
    assert!(service.get("/cases").await.text().contains("cannot be edited here"));
}

#[tokio::test]
async fn a_language_is_found_by_code_and_by_name() {
    let service = Service::new();
    let total = async |query: &str| service.get(&format!("/v1/cases?limit=0&{query}")).await.json()["total"].clone();
    let english = total("language=en").await;
    assert!(english.as_u64() >= Some(356), "{english}");
    for other in ["en-US", "EN", "English", "english"] {
        assert_eq!(total(&format!("language={other}")).await, english, "{other}");
    }
    assert_eq!(total("language=tlh").await, 0);
    service.post("/v1/cases", &json!({ "id": "a", "title": "t", "languages": ["Klingon"] })).await;
    assert_eq!(total("language=klingon").await, 1);
}

#[tokio::test]
async fn a_search_of_which_no_word_remains_does_not_find_everything() {
    let service = Service::new();
    let all = service.get("/v1/cases?limit=0").await.json()["total"].as_u64().unwrap();
    let vitamin = json!({ "id": "vitamin", "title": "Qvitamin Q", "claim": "Vitamin Q cures all. 维生素的谎言 😀" });
    assert_eq!(service.post("/v1/cases", &vitamin).await.status, 201);
    for (search, least) in
        [("q", 1), ("%F0%9F%98%80", 1), ("%E7%9A%84", 1), ("%F0%9F%A6%84", 0), ("%E3%80%82%E3%80%82", 0)]
    {
        let total = service.get(&format!("/v1/cases?limit=0&q={search}")).await.json()["total"].as_u64().unwrap();
        assert!(total >= least && total < all / 10, "{search}: {total} of {all}");
    }
    // A letter beside a word does not narrow the search.
    assert_eq!(service.get("/v1/cases?limit=0&q=qvitamin+s").await.json()["total"], 1);
}

#[tokio::test]
async fn an_edit_may_be_tied_to_the_version_that_was_read() {
    let service = Service::new();
    let added = service.post("/v1/cases", &json!({ "id": "a", "title": "one", "desk": "north" })).await;
    let version = added.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(service.get("/v1/cases/a").await.headers["etag"], *version);
    let put = async |version: &str, title: &str| {
        let request = crate::service::request("PUT", "/v1/cases/a").header("content-type", "application/json");
        let body = json!({ "title": title }).to_string();
        service.send(request.header("if-match", version).body(body.into()).unwrap()).await
    };
    let second = put(&version, "two").await;
    assert_eq!(second.status, 200, "{}", second.text());
    put(&version, "three").await.is_problem(412, "changed");
    assert_eq!(service.get("/v1/cases/a").await.json()["title"], "two");
    assert_eq!(put(second.headers["etag"].to_str().unwrap(), "four").await.status, 200);
    assert_eq!(put("*", "five").await.status, 200);
    // Without a version as ever.
    assert_eq!(service.send_json("PUT", "/v1/cases/a", &json!({ "title": "six" })).await.status, 200);
}

//! Counts and times in the Prometheus text format.
//!
//! A few atomics and a map of the routes there are; a metrics crate was rejected, since this is all that is told.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the time buckets, in microseconds.
const BUCKETS: [u64; 11] = [500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_000_000, 10_000_000];

/// What has been served.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    times: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
    documents: AtomicU64,
}

impl Metrics {
    /// A request was answered. `route` is the pattern, so that the map stays as small as the API.
    pub(super) fn answered(&self, method: &str, route: &str, status: u16, time: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.to_owned(), method.to_owned(), status)).or_default() += 1;
        drop(requests);
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(time, Ordering::Relaxed);
        let bucket = BUCKETS.iter().position(|&b| time <= b).unwrap_or(BUCKETS.len());
        self.times[bucket].fetch_add(1, Ordering::Relaxed);
    }

    /// Documents were assessed.
    pub(super) fn assessed(&self, documents: usize) {
        self.documents.fetch_add(documents as u64, Ordering::Relaxed);
    }

    /// Everything, with the gauges the caller knows.
    pub(super) fn text(&self, gauges: &[(&str, &str, f64)]) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out, gauges);
        out
    }

    fn write(&self, out: &mut String, gauges: &[(&str, &str, f64)]) -> std::fmt::Result {
        writeln!(out, "# HELP leitmotif_requests_total Requests answered.\n# TYPE leitmotif_requests_total counter")?;
        for ((route, method, status), n) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            writeln!(out, "leitmotif_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {n}")?;
        }
        writeln!(out, "# HELP leitmotif_request_seconds Time to answer a request.")?;
        writeln!(out, "# TYPE leitmotif_request_seconds histogram")?;
        let mut sum = 0;
        for (i, count) in self.times.iter().enumerate() {
            sum += count.load(Ordering::Relaxed);
            let bound = BUCKETS.get(i).map_or_else(|| "+Inf".to_owned(), |&b| (b as f64 / 1e6).to_string());
            writeln!(out, "leitmotif_request_seconds_bucket{{le=\"{bound}\"}} {sum}")?;
        }
        writeln!(out, "leitmotif_request_seconds_sum {}", self.microseconds.load(Ordering::Relaxed) as f64 / 1e6)?;
        writeln!(out, "leitmotif_request_seconds_count {sum}")?;
        writeln!(out, "# HELP leitmotif_documents_total Documents assessed.")?;
        writeln!(out, "# TYPE leitmotif_documents_total counter")?;
        writeln!(out, "leitmotif_documents_total {}", self.documents.load(Ordering::Relaxed))?;
        for (name, help, value) in gauges {
            writeln!(out, "# HELP leitmotif_{name} {help}\n# TYPE leitmotif_{name} gauge\nleitmotif_{name} {value}")?;
        }
        Ok(())
    }
}

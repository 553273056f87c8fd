//! Work that keeps a core busy or waits for the disk runs beside the network threads, a bounded number at a time.
//!
//! Past the bound requests queue, past the queue they are told that the server is busy: memory stays flat whatever
//! arrives. Unbounded `spawn_blocking` was rejected: 512 threads fighting for two cores make every answer late.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

use super::problem::{Answer, Problem};

/// Bounded work.
pub(crate) struct Pool {
    permits: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
}

/// Counts one down when dropped, even if the request is given up.
struct Waiting<'p>(&'p AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// At most `size` jobs at once and `queue` waiting.
    pub(crate) fn new(size: usize, queue: usize) -> Self {
        Self { permits: Semaphore::new(size.max(1)), waiting: AtomicUsize::new(0), queue }
    }

    /// How many jobs wait or run.
    pub(crate) fn load(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs a job.
    pub(crate) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::busy());
        }
        let _waiting = Waiting(&self.waiting);
        let _permit = self.permits.acquire().await.map_err(|_| Problem::busy())?;
        // A panic ends the job, not the server; its message goes to standard error without the text that caused it.
        let done = tokio::task::spawn_blocking(job).await;
        done.map_err(|_| {
            Problem::internal("the request could not be worked on; please report what kind of input it was")
        })
    }
}

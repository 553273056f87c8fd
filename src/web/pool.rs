//! Work that keeps a core busy or waits for the disk runs beside the network threads, a bounded number at a time.
//!
//! Past the bound requests queue, past the queue they are told that the server is busy: memory stays flat whatever
//! arrives. Unbounded `spawn_blocking` was rejected: 512 threads fighting for two cores make every answer late.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

use super::problem::{Answer, Problem};

/// Bytes that are read in a millisecond or two.
const SHORT: usize = 8 << 10;

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
        self.run_over(usize::MAX, job).await
    }

    /// Runs a job that reads so many bytes. A short one runs where it was asked for, because going to another thread
    /// and finding its core's caches cold takes as long as half of it; other requests of that thread wait a millisecond.
    pub(crate) async fn run_over<T: Send + 'static>(
        &self,
        bytes: usize,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::busy());
        }
        let _waiting = Waiting(&self.waiting);
        let _permit = self.permits.acquire().await.map_err(|_| Problem::busy())?;
        // A panic ends the job, not the server; its message goes to standard error without the text that caused it.
        let done = if bytes <= SHORT {
            catch_unwind(AssertUnwindSafe(job)).ok()
        } else {
            tokio::task::spawn_blocking(job).await.ok()
        };
        done.ok_or_else(|| {
            Problem::internal("the request could not be worked on; please report what kind of input it was")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_job_and_frees_its_place_wherever_it_ran() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let pool = Pool::new(1, 1);
            for bytes in [0, SHORT, SHORT + 1] {
                assert!(pool.run_over(bytes, || -> u8 { panic!("on purpose") }).await.is_err());
                assert_eq!(pool.load(), 0);
                assert_eq!(pool.run_over(bytes, move || bytes).await.ok(), Some(bytes));
            }
        });
    }

    #[test]
    fn a_short_job_runs_where_it_was_asked_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let here = std::thread::current().id();
        let same =
            |bytes| runtime.block_on(Pool::new(1, 1).run_over(bytes, move || std::thread::current().id() == here));
        assert_eq!((same(SHORT).ok(), same(SHORT + 1).ok()), (Some(true), Some(false)));
    }
}

//! The router behind a port: connections with a bound on idle time, an orderly end, and reloads on request.
//!
//! Not `axum::serve`, which lets a client that never finishes its headers stay for ever; ten thousand such clients
//! would use up the file handles.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

use super::state::State;

/// Time for a request's headers to arrive, counted from the end of the one before: so long may a connection idle.
const HEADERS: Duration = Duration::from_secs(20);
/// Time for requests at work to finish when the server ends.
const GRACE: Duration = Duration::from_secs(10);
/// How often the store is asked whether another program has changed the cases.
const LOOK: Duration = Duration::from_secs(2);

/// Serves until `end` comes to pass; then stops accepting, lets requests at work finish, and returns.
pub async fn run(listener: TcpListener, app: Router, state: Arc<State>, end: impl Future<Output = ()>) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_headers(64);
    let graceful = GracefulShutdown::new();
    let looking = tokio::spawn(look(state));
    tokio::pin!(end);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => break,
        };
        match accepted {
            Ok((stream, _)) => {
                // Answers are small and waited for.
                let _ = stream.set_nodelay(true);
                let service = TowerToHyperService::new(app.clone());
                let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
                // An error is the client's: gone, too slow, not speaking HTTP.
                tokio::spawn(async move { connection.await.is_ok() });
            }
            Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => {}
            // Out of file handles: idle connections end and give theirs back.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    looking.abort();
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// Takes over changes that another program makes to the cases.
async fn look(state: Arc<State>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let state = Arc::clone(&state);
        // A store in trouble is told by `/readyz` and the pages.
        let _ = tokio::task::spawn_blocking(move || state.sync_cases().is_ok()).await;
    }
}

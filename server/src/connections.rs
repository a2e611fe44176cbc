//! Accepts connections: bounded in number, each with a bounded time to say what it wants.

use crate::limits::{HEAD_TIMEOUT, MAX_CONNECTIONS, STOP_TIMEOUT};
use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time;

/// Serves `router` until `stop` is ready, then lets requests that have begun come to their end.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (patience, out_of_patience) = watch::channel(());
    let accept = async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                return;
            };
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // Out of file descriptors, or the client is gone: others may still be served, a little later.
                    time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            // Without it the kernel holds back the last bytes of small answers.
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            let connection = Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            let connection = connections.watch(connection);
            let mut out_of_patience = out_of_patience.clone();
            tokio::spawn(async move {
                // A broken connection is the client's affair. Nothing is ever sent: the channel's end is the message.
                tokio::select! {
                    _ = connection => {}
                    _ = out_of_patience.changed() => {}
                }
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    let _ = time::timeout(STOP_TIMEOUT, connections.shutdown()).await;
    drop(patience);
}

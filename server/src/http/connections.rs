//! Accepts connections: bounded in number, also for each client, each with a bounded time to ask and to read the answer.

use crate::http::client::{Client, Peer};
use crate::http::head;
use crate::http::host::{Answers, Host};
use crate::http::open_connections::{OpenConnection, OpenConnections};
use crate::http::slots::{Full, Slot, Slots};
use crate::limits::{MAX_HEAD, MAX_HEADERS};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time;
use tokio_io_timeout::TimeoutStream;

/// Answer to every connection over a limit.
const COME_BACK: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncache-control: no-store\r\n\
    connection: close\r\ncontent-length: 0\r\n\r\n";

/// Longest wait for the place of a connection that was asked to close, which takes the time of one task.
const CLOSING: Duration = Duration::from_millis(100);

/// Answers with `front` until the server is asked to stop, then finishes the requests that have begun.
pub(crate) async fn serve<H: Host>(
    listener: TcpListener,
    front: impl Answers,
    app: Arc<H>,
    slots: Arc<Slots>,
) {
    let connections = GracefulShutdown::new();
    let (patience, out_of_patience) = watch::channel(());
    let mut stopping = app.stopping();
    let open = Arc::new(OpenConnections::default());
    let accept = async {
        let mut is_warned = false;
        loop {
            let (stream, address) = match listener.accept().await {
                Ok((stream, address)) => (stream, address.ip()),
                Err(error) => {
                    // No file descriptor is free, or the client has gone: others may be served a little later.
                    tracing::warn!(%error, "a connection could not be accepted");
                    time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let peer = Peer::of(address, app.proxies());
            // The connections of a proxy are those of many clients.
            let owner = (!peer.is_proxy).then_some(peer.client);
            let slot = match slots.take(owner, 1) {
                Err(Full::All) => take_over(&slots, &open, owner).await,
                taken => taken,
            };
            let slot = match slot {
                Ok(slot) => slot,
                Err(full) => {
                    turn_away(&*app, &stream, full);
                    if full == Full::Client && address.is_loopback() && !is_warned {
                        is_warned = true;
                        tracing::warn!(
                            most = app.limits().connections_of_client,
                            "this machine has all connections of one client; if they are a proxy's, serve with `--behind-proxy`"
                        );
                    }
                    continue;
                }
            };
            let front = front.clone();
            let place = owner.map(|client| open.add(client));
            let answering = place.as_ref().map(OpenConnection::answering);
            let service = service_fn(move |request| {
                let (front, answering) = (front.clone(), answering.as_ref().map(|begin| begin()));
                async move {
                    let answer = match head::is_too_long(&request) {
                        true => Ok(head::too_long()),
                        false => front.answer(request, peer).await,
                    };
                    drop(answering);
                    answer
                }
            });
            let connection = Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(app.limits().head_timeout)
                .max_buf_size(MAX_HEAD)
                .max_headers(MAX_HEADERS)
                .serve_connection(TokioIo::new(patient(stream, &*app)), service);
            let connection = connections.watch(connection);
            let mut out_of_patience = out_of_patience.clone();
            let gauge = app.counters().open.clone();
            gauge.inc();
            tokio::spawn(async move {
                // A broken connection needs no report. No value is ever sent: the end of the channel is the signal.
                tokio::select! {
                    _ = connection => {}
                    _ = out_of_patience.changed() => {}
                    () = asked_to_close(place.as_ref()) => {}
                }
                gauge.dec();
                drop((place, slot));
            });
        }
    };
    tokio::select! {
        () = accept => {}
        _ = stopping.changed() => {}
    }
    drop(listener);
    if time::timeout(app.limits().stop_timeout, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time");
    }
    drop(patience);
}

/// Gets the place of a connection of the client with the most, for a client with few.
///
/// # Errors
/// [`Full::All`] if no client has many more, or none of its connections closes at once.
async fn take_over(
    slots: &Arc<Slots>,
    open: &OpenConnections,
    client: Option<Client>,
) -> Result<Slot, Full> {
    match client.filter(|client| open.make_room(*client)) {
        Some(client) => {
            let taken = time::timeout(CLOSING, slots.wait(client, 1)).await;
            taken.map_err(|_| Full::All)
        }
        None => Err(Full::All),
    }
}

/// Waits until a connection is asked to close; for ever if it is a proxy's.
async fn asked_to_close(place: Option<&OpenConnection>) {
    match place {
        Some(place) => place.asked_to_close().await,
        None => future::pending().await,
    }
}

/// Wraps a stream so that its other end must read the answers in time.
fn patient(stream: TcpStream, app: &impl Host) -> std::pin::Pin<Box<TimeoutStream<TcpStream>>> {
    // Without this option the kernel holds back the last bytes of small answers.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(app.limits().write_timeout));
    Box::pin(stream)
}

fn turn_away(app: &impl Host, stream: &TcpStream, full: Full) {
    app.counters().turned_away(match full {
        Full::All => "all",
        Full::Client => "client",
    });
    // A client that cannot receive these few bytes at once sees a closed connection.
    let _ = stream.try_write(COME_BACK);
}

//! Reads the body of a request within bounds of size, time and memory: a length that is only announced takes no memory.

use crate::http::pace::Pace;
use crate::http::slots::{Full, Slot};
use axum::body::{Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use std::future::poll_fn;
use std::pin::Pin;
use tokio::time;

/// A body that was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It has more bytes than the request may have: this many, or at least as many.
    TooLarge(usize),
    /// It did not come in time.
    TooSlow,
    /// It ended in the middle.
    CutShort,
    /// Too many bytes are in work.
    Full(Full),
}

/// Reads a body of at most `most` bytes, for which `room` grows as they arrive.
///
/// # Errors
/// [`BodyError`].
pub(crate) async fn read<B>(
    headers: &HeaderMap,
    mut body: B,
    most: usize,
    pace: Pace,
    room: &mut Slot,
) -> Result<Vec<u8>, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if let Some(length) = announced(headers)
        && length > most
    {
        return Err(BodyError::TooLarge(length));
    }
    let mut bytes = Vec::new();
    loop {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = time::timeout_at(pace.deadline(bytes.len()), frame).await;
        let Some(frame) = frame.map_err(|_| BodyError::TooSlow)? else {
            return Ok(bytes);
        };
        // Only a client that has gone breaks off a body, and it reads no answer.
        let frame = frame.map_err(|_| BodyError::CutShort)?;
        // Trailers are not part of the body.
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if bytes.len() + piece.len() > most {
            return Err(BodyError::TooLarge(most + 1));
        }
        room.grow(piece.len()).map_err(BodyError::Full)?;
        bytes.extend_from_slice(&piece);
    }
}

/// Returns the length that the request's head announces.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

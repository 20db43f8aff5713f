//! Reader of multipart bodies, piece by piece.
//!
//! The parser (multer) buffers whatever has arrived before it parses: a fast client would fill the memory. It therefore
//! gets one piece at a time, and no more than a few of them while it looks for the end of a part's headers.

use crate::http::error::HttpError;
use crate::http::limits::PART_HEAD_BYTES;
use axum::body::{Body, BodyDataStream, Bytes};
use futures::{Stream, StreamExt};
use multer::{Field, Multipart};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

/// Reader of the parts of a body, one after the other.
pub struct MultipartReader {
    multipart: Multipart<'static>,
    head_bytes: HeadBytes,
}

/// One part of a body.
pub struct MultipartPart<'a> {
    field: Field<'static>,
    /// Borrowed, so that the next part cannot be read meanwhile.
    _reader: &'a mut MultipartReader,
}

impl MultipartReader {
    /// Reads a body of `most` bytes at most.
    pub fn new(body: Body, boundary: String, most: usize) -> Self {
        let head_bytes = HeadBytes::default();
        let pieces = PacedBody {
            body: body.into_data_stream(),
            left: most,
            head_bytes: head_bytes.clone(),
            is_due: true,
        };
        Self {
            multipart: Multipart::new(pieces, boundary),
            head_bytes,
        }
    }

    /// Next part; nothing after the last one. The unread rest of the one before is skipped.
    pub async fn next(&mut self) -> Result<Option<MultipartPart<'_>>, HttpError> {
        self.head_bytes.limit();
        let field = self.multipart.next_field().await.map_err(http_error)?;
        self.head_bytes.lift();
        Ok(field.map(|field| MultipartPart { field, _reader: self }))
    }

    /// Passes when there is no other part.
    pub async fn end(&mut self) -> Result<(), HttpError> {
        match self.next().await? {
            None => Ok(()),
            Some(_) => Err(HttpError::bad_request("a part is not in map")),
        }
    }
}

impl MultipartPart<'_> {
    /// Name of the part.
    pub fn name(&self) -> Option<&str> {
        self.field.name()
    }

    /// Name of the file, if the part is one.
    pub fn file_name(&self) -> Option<String> {
        self.field.file_name().map(str::to_owned)
    }

    /// Media type, if the part names one.
    pub fn content_type(&self) -> Option<String> {
        self.field.content_type().map(ToString::to_string)
    }

    /// Next piece of the content; nothing at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, HttpError> {
        self.field.chunk().await.map_err(http_error)
    }
}

/// Bytes that may still come before the end of a part's headers.
#[derive(Clone, Default)]
struct HeadBytes(Arc<AtomicUsize>);

impl HeadBytes {
    fn limit(&self) {
        self.0.store(PART_HEAD_BYTES, Ordering::Relaxed);
    }

    fn lift(&self) {
        self.0.store(usize::MAX, Ordering::Relaxed);
    }

    /// Takes the length of a piece. The first one may be longer than the limit, for content may follow the headers in it.
    fn take(&self, bytes: usize) -> Result<(), MultipartLimit> {
        match self.0.load(Ordering::Relaxed) {
            usize::MAX => Ok(()),
            0 => Err(MultipartLimit::Head),
            left => {
                self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// Limit of a multipart body that is exceeded.
#[derive(Debug, thiserror::Error)]
enum MultipartLimit {
    #[error("the upload is too large")]
    Body,
    #[error("the headers of a part are too long")]
    Head,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Body that comes one piece at a time, however much has arrived.
struct PacedBody {
    body: BodyDataStream,
    left: usize,
    head_bytes: HeadBytes,
    /// The parser has parsed the piece before.
    is_due: bool,
}

impl Stream for PacedBody {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.is_due {
            self.is_due = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(piece) = ready!(self.body.poll_next_unpin(context)) else {
            return Poll::Ready(None);
        };
        self.is_due = false;
        let piece = piece.map_err(BoxError::from).and_then(|piece| {
            self.left = self.left.checked_sub(piece.len()).ok_or(MultipartLimit::Body)?;
            self.head_bytes.take(piece.len())?;
            Ok(piece)
        });
        Poll::Ready(Some(piece))
    }
}

fn http_error(error: multer::Error) -> HttpError {
    let multer::Error::StreamReadFailed(cause) = &error else {
        return HttpError::bad_request(format!("the multipart body cannot be read: {error}"));
    };
    match cause.downcast_ref() {
        Some(MultipartLimit::Body) => HttpError::upload_too_large(),
        Some(limit @ MultipartLimit::Head) => HttpError::bad_request(limit.to_string()),
        None => HttpError::bad_request("the body could not be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a body of these pieces; gives names and lengths of its parts.
    async fn read(pieces: Vec<String>, most: usize) -> Result<Vec<(String, usize)>, HttpError> {
        let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(futures::stream::iter(pieces));
        let (mut parts, mut read) = (MultipartReader::new(body, "x".into(), most), Vec::new());
        while let Some(mut part) = parts.next().await? {
            let (name, mut length) = (part.name().unwrap().to_owned(), 0);
            while let Some(piece) = part.piece().await? {
                length += piece.len();
            }
            read.push((name, length));
        }
        Ok(read)
    }

    fn part(name: &str, content: &str) -> String {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    }

    #[tokio::test]
    async fn parts_come_in_order_however_the_body_is_cut() {
        let body = part("a", "1") + &part("b", &"2".repeat(100_000)) + &part("c", "") + "--x--\r\n";
        let expected = [("a", 1), ("b", 100_000), ("c", 0)].map(|(name, length)| (name.to_owned(), length));
        for size in [7, 1_000, 200_000] {
            let pieces = body.as_bytes().chunks(size);
            let pieces = pieces
                .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
                .collect();
            assert_eq!(read(pieces, body.len()).await.unwrap(), expected, "{size}");
        }
        let short = read(vec![body.clone()], body.len() - 1).await.unwrap_err();
        assert_eq!(short, HttpError::upload_too_large());
        let cut = read(vec![body[..50_000].to_owned()], body.len())
            .await
            .unwrap_err();
        assert_eq!(cut.status, 400);
    }

    #[tokio::test]
    async fn headers_without_an_end_are_given_up_soon() {
        for endless in [
            part("a", "").replace("\r\n\r\n", "\r\nX: "),
            "no boundary ".into(),
        ] {
            let mut pieces = vec![endless];
            pieces.extend(std::iter::repeat_n("y".repeat(1_000), 1_000));
            let refused = read(pieces, usize::MAX).await.unwrap_err();
            assert_eq!(refused.message, "the headers of a part are too long");
        }
    }
}

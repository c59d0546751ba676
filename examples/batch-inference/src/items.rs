//! The lines of a file, read one after the other.

use std::{fmt, io, path::Path};

use inference_model::{MAX_BODY_BYTES, PredictRequest};
use tokio::{
    fs::File,
    io::{AsyncBufRead, AsyncBufReadExt as _, BufReader},
};

/// What there is to process if nobody says.
const EXAMPLE: &[u8] = include_bytes!("../items.jsonl");

/// The lines of a file. At most one of them is kept, and no more of it than an item may have.
pub(crate) struct Items {
    source: Box<dyn AsyncBufRead + Unpin>,
    /// How many bytes there are, unless the source is a pipe.
    length: Option<u64>,
    lines: u64,
}

/// A line, which may have an item or not.
#[derive(Debug)]
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    /// How long it is, with what was not kept of it.
    pub(crate) length: u64,
    text: Vec<u8>,
}

impl Items {
    /// Opens a file, or the one that comes with the program.
    pub(crate) async fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::new(EXAMPLE, u64::try_from(EXAMPLE.len()).ok()));
        };
        let open = async {
            let file = File::open(path).await?;
            let metadata = file.metadata().await?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Ok(Self::new(BufReader::new(file), metadata.is_file().then_some(metadata.len())))
        };
        open.await.map_err(|source: io::Error| {
            io::Error::new(source.kind(), format!("cannot open {}: {source}", path.display()))
        })
    }

    fn new(source: impl AsyncBufRead + Unpin + 'static, length: Option<u64>) -> Self {
        Self { source: Box::new(source), length, lines: 0 }
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the next line that is not blank; none at the end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        while let Some(line) = self.next_line().await? {
            if !line.text.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    async fn next_line(&mut self) -> io::Result<Option<Line>> {
        let (mut text, mut length, mut is_whole) = (Vec::new(), 0, false);
        while !is_whole {
            let buffer = self.source.fill_buf().await?;
            let Some(part) = buffer.split_inclusive(|byte| *byte == b'\n').next() else { break };
            is_whole = part.ends_with(b"\n");
            if text.len() <= MAX_BODY_BYTES {
                text.extend_from_slice(part);
            }
            let read = part.len();
            self.source.consume(read);
            length += read as u64;
        }
        if length == 0 {
            return Ok(None);
        }
        self.lines += 1;
        Ok(Some(Line { number: self.lines, length, text }))
    }
}

impl Line {
    /// Reads the item on the line.
    pub(crate) fn parse(&self) -> Result<PredictRequest, LineError> {
        let text = self.text.trim_ascii();
        if text.len() > MAX_BODY_BYTES {
            return Err(LineError::TooLong);
        }
        serde_json::from_slice(text).map_err(LineError::Json)
    }
}

/// Why a line has no item.
#[derive(Debug)]
pub(crate) enum LineError {
    TooLong,
    Json(serde_json::Error),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_BODY_BYTES} bytes"),
            Self::Json(error) => {
                // Its own number of the line is always 1.
                let text = error.to_string();
                let reason = text.split(" at line ").next().unwrap_or_default();
                write!(f, "{reason}, at column {}", error.column())
            }
        }
    }
}

impl std::error::Error for LineError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the lines that were read, with what is wrong with them.
    async fn read(source: &'static [u8]) -> Vec<(u64, Option<String>)> {
        // A buffer that no line fits into.
        let mut items = Items::new(BufReader::with_capacity(3, source), None);
        let mut lines = Vec::new();
        let mut length = 0;
        while let Some(line) = items.next_line().await.unwrap() {
            length += line.length;
            lines.push((line.number, line.parse().err().map(|error| error.to_string())));
        }
        assert_eq!(length, u64::try_from(source.len()).unwrap());
        lines
    }

    /// With and without an end, from either kind of system, and whatever is on them.
    #[tokio::test]
    async fn lines_are_read_one_after_the_other() {
        let lines =
            read(b"{\"input\": \"a\"}\r\n{}\n[\n{\"input\": \"\xff\"}\n {\"input\": \"b\"} ");
        let errors: Vec<_> =
            lines.await.into_iter().filter_map(|(line, error)| Some((line, error?))).collect();
        let expected = [
            (2, "missing field `input`, at column 2"),
            (3, "EOF while parsing a list, at column 1"),
            (4, "invalid unicode code point, at column 12"),
        ];
        assert_eq!(errors, expected.map(|(line, error)| (line, error.to_owned())));
        assert_eq!(read(b"").await, []);
    }

    /// They are no items, but they are lines.
    #[tokio::test]
    async fn blank_lines_are_skipped_and_counted() {
        let mut items = Items::new(&b"\n  \r\n{}\n\n"[..], None);
        assert_eq!(items.next().await.unwrap().map(|line| line.number), Some(3));
        assert!(items.next().await.unwrap().is_none());
    }

    /// A file without a line end takes no more memory than others.
    #[tokio::test]
    async fn a_line_that_is_too_long_is_not_kept() {
        let long = vec![b'x'; 10 * MAX_BODY_BYTES];
        let source = [&long, &b"\n{\"input\": \"a\"}"[..]].concat();
        let mut items = Items::new(BufReader::new(io::Cursor::new(source)), None);
        let line = items.next().await.unwrap().unwrap();
        assert!(line.text.len() < 2 * MAX_BODY_BYTES);
        assert_eq!(line.parse().unwrap_err().to_string(), "longer than 65536 bytes");
        let line = items.next().await.unwrap().unwrap();
        assert_eq!((line.number, line.parse().is_ok()), (2, true));
    }
}

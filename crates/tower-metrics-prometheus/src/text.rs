//! A rendered text that many readers read, and that a slow one cannot keep.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::{fmt, io};

use bytes::Bytes;

/// Enough for a few writes to a socket, and little to be kept by a reader that stalls.
const CHUNK: usize = 64 * 1024;

/// A text in chunks, each with memory of its own: a connection that stalls keeps those that were
/// given to it, and not the whole.
#[derive(Debug)]
pub(crate) struct Text {
    /// Empty when it was withdrawn.
    chunks: Mutex<Option<Vec<Bytes>>>,
    length: usize,
}

/// A reader asks for the next chunk of a text that was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Withdrawn;

impl Text {
    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The chunk at `index`, `None` behind the last.
    pub(crate) fn chunk(&self, index: usize) -> Result<Option<Bytes>, Withdrawn> {
        self.lock().as_ref().map(|chunks| chunks.get(index).cloned()).ok_or(Withdrawn)
    }

    /// All of it in one piece: a copy, unless there is only one chunk.
    pub(crate) fn whole(&self) -> Result<Bytes, Withdrawn> {
        match self.lock().as_deref().ok_or(Withdrawn)? {
            [chunk] => Ok(chunk.clone()),
            chunks => Ok(chunks.concat().into()),
        }
    }

    /// Every chunk.
    pub(crate) fn chunks(&self) -> Vec<Bytes> {
        self.lock().clone().unwrap_or_default()
    }

    fn withdraw(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Bytes>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a [`Text`] of what is written.
#[derive(Debug, Default)]
pub(crate) struct TextWriter {
    full: Vec<Bytes>,
    open: Vec<u8>,
    length: usize,
}

impl TextWriter {
    pub(crate) fn finish(mut self) -> Text {
        if !self.open.is_empty() {
            self.full.push(self.open.into());
        }
        Text { chunks: Mutex::new(Some(self.full)), length: self.length }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.open.len() + bytes.len() > CHUNK && !self.open.is_empty() {
            let full = std::mem::replace(&mut self.open, Vec::with_capacity(CHUNK));
            self.full.push(full.into());
        }
        self.open.extend_from_slice(bytes);
        self.length += bytes.len();
    }
}

impl fmt::Write for TextWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl io::Write for TextWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The texts that are being read.
///
/// Readers of one rendering share its text. One that never reads on keeps a text, and one for each
/// rendering would fill the memory; so when too much is kept, the oldest texts are withdrawn.
#[derive(Debug)]
pub(crate) struct Shelf {
    texts: VecDeque<Weak<Text>>,
    max_bytes: usize,
}

impl Shelf {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { texts: VecDeque::new(), max_bytes }
    }

    /// Makes place for `texts`, those of one rendering.
    pub(crate) fn put(&mut self, texts: &[&Arc<Text>]) {
        self.texts.retain(|text| text.strong_count() > 0);
        let kept = |texts: &VecDeque<Weak<Text>>| -> usize {
            texts.iter().filter_map(Weak::upgrade).map(|text| text.length()).sum()
        };
        let new: usize = texts.iter().map(|text| text.length()).sum();
        while kept(&self.texts) + new > self.max_bytes
            && let Some(oldest) = self.texts.pop_front()
        {
            if let Some(oldest) = oldest.upgrade() {
                tracing::debug!("a scraper is too slow; its answer is cut short");
                oldest.withdraw();
            }
        }
        self.texts.extend(texts.iter().map(|text| Arc::downgrade(text)));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn text(bytes: &[u8]) -> Arc<Text> {
        let mut writer = TextWriter::default();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            writer.write_all(line).unwrap();
        }
        Arc::new(writer.finish())
    }

    /// Nothing is lost where one chunk ends and the next begins, and none is larger than it should.
    #[test]
    fn chunks_are_the_text() {
        let bytes = "a line that is repeated\n".repeat(10_000).into_bytes();
        let text = text(&bytes);
        let chunks = text.chunks();
        assert!(chunks.len() > 3 && chunks.iter().all(|chunk| chunk.len() <= CHUNK));
        assert_eq!(chunks.concat(), bytes);
        assert_eq!((text.length(), text.whole().unwrap()), (bytes.len(), Bytes::from(bytes)));
        assert_eq!(text.chunk(chunks.len()), Ok(None));
    }

    /// The oldest reader loses; one of the present rendering never does, whatever its size.
    #[test]
    fn too_much_that_is_kept_is_withdrawn_oldest_first() {
        let mut shelf = Shelf::new(10);
        let texts = [text(b"12345"), text(b"12345"), text(b"12345678901234567890")];
        shelf.put(&[&texts[0]]);
        shelf.put(&[&texts[1]]);
        assert!(texts[0].chunk(0).is_ok());
        let small = text(b"1");
        shelf.put(&[&small]);
        assert_eq!(texts[0].chunk(0), Err(Withdrawn));
        assert!(texts[1].chunk(0).is_ok());
        shelf.put(&[&texts[2]]);
        assert_eq!(texts[1].whole(), Err(Withdrawn));
        assert_eq!(small.chunk(0), Err(Withdrawn));
        assert!(texts[2].chunk(0).is_ok());
    }

    /// Only what somebody still reads counts.
    #[test]
    fn what_was_read_takes_no_place() {
        let mut shelf = Shelf::new(10);
        let slow = text(b"12345");
        shelf.put(&[&slow]);
        for _ in 0..100 {
            shelf.put(&[&text(b"12345")]);
        }
        assert!(slow.chunk(0).is_ok());
    }
}

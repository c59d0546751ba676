//! Where the text comes from.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use hyper::HeaderMap;
use metrics_doctor::Exposition;

use super::error::Error;
use super::fetch;
use super::target::Target;

/// More than this, in bytes, is not read: Prometheus would suffer long before.
pub(super) const LONGEST: usize = 256 * 1024 * 1024;

/// Where the text comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
    Url { target: Target, headers: HeaderMap, timeout: Duration },
}

/// A text that was read.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What the server says that it is, if it was one and does.
    pub(crate) content_type: Option<String>,
    pub(crate) exposition: Exposition,
}

impl Source {
    /// Whether there is a server, which has to say what it answers with.
    pub(crate) fn is_url(&self) -> bool {
        matches!(self, Self::Url { .. })
    }

    pub(crate) async fn read(&self) -> Result<Answer, Error> {
        let (content_type, text) = match self {
            Self::Stdin => (None, whole("stdin", io::stdin().lock())?),
            Self::File(path) => {
                let name = path.display().to_string();
                let file = File::open(path);
                let file = file.map_err(|source| Error::Read { name: name.clone(), source })?;
                (None, whole(&name, file)?)
            }
            Self::Url { target, headers, timeout } => fetch::get(target, headers, *timeout).await?,
        };
        let text = str::from_utf8(&text).map_err(|_| Error::NotUtf8)?;
        match Exposition::parse(text) {
            Ok(exposition) => Ok(Answer { content_type, exposition }),
            Err(source) => Err(Error::Malformed { content_type, source }),
        }
    }
}

fn whole(name: &str, reader: impl Read) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|source| Error::Read { name: name.to_owned(), source })?;
    if text.len() > LONGEST { Err(Error::TooLong { limit: LONGEST }) } else { Ok(text) }
}

//! The memory of this process, for tests that have one to themselves.

use std::{fs, io};

use crate::Error;

/// Reads how many bytes of this process are in memory, on Linux.
///
/// # Errors
///
/// [`Error::Io`] if the kernel does not tell.
pub fn resident_bytes() -> Result<u64, Error> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let pages = pages.ok_or(io::ErrorKind::InvalidData).map_err(io::Error::from)?;
    Ok(pages * 4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In bytes, and of what was written to.
    #[test]
    fn memory_that_is_used_is_counted() {
        let before = resident_bytes().unwrap();
        let used = vec![1_u8; 64_000_000];
        let grown = resident_bytes().unwrap().saturating_sub(before);
        assert!(grown > used.len() as u64 / 2, "{grown}");
    }
}

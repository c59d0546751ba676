//! What somebody in front of a terminal sees, and what stays there.

use std::{fmt, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr, if that is a terminal; else nothing.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Starts at nothing of this many bytes.
    pub(crate) fn new(length: Option<u64>) -> Self {
        let progress = Self::on(ProgressDrawTarget::stderr(), length);
        // The time goes on while an item takes long.
        progress.bar.enable_steady_tick(Duration::from_millis(200));
        progress
    }

    fn on(target: ProgressDrawTarget, length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "[{elapsed_precise}] {wide_bar} {percent}% {msg} (ETA {eta})",
            None => "[{elapsed_precise}] {spinner} {msg}",
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::with_draw_target(length, target).with_style(style) }
    }

    /// Shows that this many more bytes are done, and how many items.
    pub(crate) fn advance(&self, bytes: u64, items: u64) {
        self.bar.inc(bytes);
        self.bar.set_message(format!("{items} items"));
    }

    /// Prints a line, above the bar where there is one.
    pub(crate) fn print(&self, line: fmt::Arguments<'_>) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    fn progress(length: Option<u64>) -> (Progress, InMemoryTerm) {
        let terminal = InMemoryTerm::new(10, 60);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        (Progress::on(target, length), terminal)
    }

    /// How far it is, and how many items that were; in the end, nothing.
    #[test]
    fn a_terminal_shows_a_bar_until_the_job_ends() {
        let (progress, terminal) = progress(Some(200));
        progress.advance(50, 3);
        progress.bar.force_draw();
        let shown = terminal.contents();
        assert!(shown.contains("25%") && shown.contains("3 items"), "{shown}");
        drop(progress);
        assert_eq!(terminal.contents(), "");
    }

    /// Nobody knows how much will come out of a pipe.
    #[test]
    fn a_pipe_has_no_percentage() {
        let (progress, terminal) = progress(None);
        progress.advance(50, 3);
        progress.bar.force_draw();
        let shown = terminal.contents();
        assert!(!shown.contains('%') && shown.contains("3 items"), "{shown}");
    }
}

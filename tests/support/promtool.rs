//! Prometheus' own opinion of `/metrics` text, and of its configuration.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::Error;

const PROGRAM: &str = "promtool";

/// Passes the text through `promtool check metrics`, which must succeed and print nothing.
///
/// # Errors
///
/// [`Error::Lint`] with what it printed, [`Error::Program`] if it cannot be run.
pub fn check_metrics(text: &str) -> Result<(), Error> {
    let failed = |source| Error::Program { name: PROGRAM.to_owned(), source };
    let mut child = Command::new(PROGRAM)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        // Beside the reading of its output: both pipes are shorter than what may go through them.
        // It fails if promtool stops reading early, and then the exit status says so.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(text.as_bytes())));
        child.wait_with_output()
    });
    let Output { status, stdout, stderr } = output.map_err(failed)?;
    let printed = [stdout, stderr].concat();
    if status.success() && printed.is_empty() {
        Ok(())
    } else {
        let printed = String::from_utf8_lossy(&printed);
        Err(Error::Lint { output: format!("{printed}({status})") })
    }
}

/// Passes a configuration file, and what it refers to, through `promtool check config`, which must
/// succeed.
///
/// # Errors
///
/// [`Error::Lint`] with what it printed, [`Error::Program`] if it cannot be run.
pub fn check_config(file: &Path) -> Result<(), Error> {
    let output = Command::new(PROGRAM).args(["check", "config"]).arg(file).output();
    let Output { status, stdout, stderr } =
        output.map_err(|source| Error::Program { name: PROGRAM.to_owned(), source })?;
    let printed = [stdout, stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    if status.success() {
        Ok(())
    } else {
        Err(Error::Lint { output: format!("{printed}({status})") })
    }
}

#[cfg(all(test, feature = "external-servers"))]
mod tests {
    use super::*;

    /// Silence is success.
    #[test]
    fn clean_text_is_accepted() {
        check_metrics("# HELP x_total Things.\n# TYPE x_total counter\nx_total 1\n").unwrap();
    }

    /// The reason is promtool's own.
    #[test]
    fn a_lint_is_returned() {
        let error = check_metrics("# HELP x Things.\n# TYPE x counter\nx 1\n").unwrap_err();
        assert!(error.to_string().contains("_total"), "{error}");
    }

    /// A slip of the pen in a name.
    #[test]
    fn a_configuration_is_checked() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, "scrape_configs: [{job_name: a, honor_labels: true}]").unwrap();
        check_config(&file).unwrap();
        std::fs::write(&file, "scrape_configs: [{job_name: a, honour_labels: true}]").unwrap();
        let error = check_config(&file).unwrap_err();
        assert!(error.to_string().contains("honour_labels"), "{error}");
    }

    /// Neither side waits for the other for ever.
    #[test]
    fn text_longer_than_a_pipe_is_read_to_its_end() {
        let labels = (0..20_000).map(|i| format!("x_total{{i=\"{i}\"}} 1\n"));
        let head = "# HELP x_total Things.\n# TYPE x_total counter\n".to_owned();
        let text = labels.fold(head, |text, sample| text + &sample);
        check_metrics(&text).unwrap();
        check_metrics(&text.replace("_total", "")).unwrap_err();
    }
}

//! What is running: a gauge that is always 1, and whose labels say it.

use tower_metrics_core::{DeclareError, MetricSpec, Observation};

use crate::exporter::Exporter;

const BUILD_INFO: &str = "build_info";

/// What a program was built from.
///
/// ```
/// use tower_metrics_prometheus::{BuildInfo, Exporter, build_info};
///
/// let exporter = Exporter::builder().build()?;
/// // `build_info!()` takes both from the manifest of the crate it stands in.
/// let info = BuildInfo::new("my-service", "1.2.3").with_label("revision", "4f1c2ab");
/// exporter.observe_build_info(info)?.detach();
/// assert!(exporter.render().ends_with(
///     "build_info{package=\"my-service\",version=\"1.2.3\",revision=\"4f1c2ab\"} 1\n"
/// ));
/// # let _ = build_info!();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "build information is not shown until it is observed"]
pub struct BuildInfo {
    labels: Vec<(String, String)>,
}

/// [`BuildInfo`] with the name and the version of the package it stands in.
#[macro_export]
macro_rules! build_info {
    () => {
        $crate::BuildInfo::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    };
}

impl BuildInfo {
    /// The label `package`, and the label `version`.
    pub fn new(package: impl Into<String>, version: impl Into<String>) -> Self {
        Self { labels: Vec::new() }.with_label("package", package).with_label("version", version)
    }

    /// Adds a label, such as `revision` or `rustc`. Defaults to none but the two.
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }
}

impl Exporter {
    /// Shows `build_info`: a gauge that is always 1, with the labels of `info`.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if a label is not usable, or if `build_info` is there already.
    #[expect(clippy::needless_pass_by_value, reason = "made for this, and used for nothing else")]
    pub fn observe_build_info(&self, info: BuildInfo) -> Result<Observation, DeclareError> {
        let spec = MetricSpec::gauge(BUILD_INFO).with_help("What the program was built from.");
        let labels: Vec<(&str, &str)> =
            info.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.gauge_fn(spec, &labels, || 1)
    }
}

//! The labels of one metric: one spelling and one order for each series.
//!
//! Keys may differ in the order of their labels, or in characters that cannot be shown; printed
//! alike, they would be two samples of one series, of which Prometheus keeps one, or refuses the
//! scrape.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use metrics::{Key, Label};
use metrics_exporter_prometheus::formatting::sanitize_label_key;
use tower_metrics_core::MetricSpec;

use crate::global_labels::GlobalLabels;

/// The label names of a metric, in the order in which they are shown.
#[derive(Debug)]
pub(super) struct Labels {
    known: RwLock<Vec<LabelName>>,
}

#[derive(Debug)]
struct LabelName {
    written: String,
    shown: String,
}

/// Two label names that would be shown alike.
#[derive(Debug)]
pub(super) struct Clash {
    pub(super) written: String,
    pub(super) before: String,
}

impl Labels {
    /// Starts with the names that are known: the global ones, and those that were declared.
    pub(super) fn new(global: &GlobalLabels, spec: Option<&MetricSpec>) -> Self {
        let mut known: Vec<LabelName> = Vec::new();
        for name in global.names().chain(spec.into_iter().flat_map(MetricSpec::labels)) {
            if !known.iter().any(|label| label.written == name) {
                known.push(LabelName { written: name.to_owned(), shown: name.to_owned() });
            }
        }
        Self { known: RwLock::new(known) }
    }

    /// Puts the labels of `key` in order, under the names by which they are shown.
    pub(super) fn canonical<'k>(&self, key: &'k Key) -> Result<Cow<'k, Key>, Clash> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if is_canonical(&known, key) {
            return Ok(Cow::Borrowed(key));
        }
        drop(known);

        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut labels: Vec<(usize, Label)> = Vec::new();
        for label in key.labels() {
            let (place, shown) = find_or_add(&mut known, key.name(), label.key())?;
            // Of a name that is given twice, the last value counts.
            labels.retain(|(earlier, _)| *earlier != place);
            labels.push((place, Label::new(shown, label.value().to_owned())));
        }
        labels.sort_unstable_by_key(|(place, _)| *place);
        let labels: Vec<Label> = labels.into_iter().map(|(_, label)| label).collect();
        Ok(Cow::Owned(Key::from_parts(key.name().to_owned(), labels)))
    }
}

/// Whether every label is known, shown as it is written, and behind the one before it.
fn is_canonical(known: &[LabelName], key: &Key) -> bool {
    let mut behind = known.iter();
    key.labels().all(|label| {
        let name = behind.find(|name| name.written == label.key());
        name.is_some_and(|name| name.shown == name.written)
    })
}

/// The place of a label, and the name by which it is shown.
fn find_or_add(
    known: &mut Vec<LabelName>,
    metric: &str,
    written: &str,
) -> Result<(usize, String), Clash> {
    let mut places = known.iter().enumerate();
    if let Some((place, name)) = places.find(|(_, name)| name.written == written) {
        return Ok((place, name.shown.clone()));
    }
    let shown = shown(written);
    if let Some(before) = known.iter().find(|name| name.shown == shown) {
        let before = before.written.clone();
        return Err(Clash { written: written.to_owned(), before });
    }
    if shown.starts_with(RESERVED_PREFIX) && !written.starts_with(RESERVED_PREFIX) {
        tracing::warn!(metric, "the label `{written}` is reserved; it becomes `{shown}`");
    }
    known.push(LabelName { written: written.to_owned(), shown: shown.clone() });
    Ok((known.len() - 1, shown))
}

/// What Prometheus itself does to a label that is in its way.
const RESERVED_PREFIX: &str = "exported_";

/// The name by which a label is shown: one that is allowed, and that a histogram or Prometheus
/// itself does not use.
fn shown(written: &str) -> String {
    let name = sanitize_label_key(written);
    let is_reserved = matches!(&*name, "" | "le" | "quantile") || name.starts_with("__");
    if is_reserved { format!("{RESERVED_PREFIX}{name}") } else { name }
}

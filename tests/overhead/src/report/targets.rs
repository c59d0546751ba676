//! What the numbers should be. They are shown next to what was measured, and nothing fails.

use std::fmt;

use super::Finding;
use crate::variant::OURS;

/// A bound for one metric of ours in the scenes whose names begin with `scene`.
#[derive(Debug)]
pub(super) struct Target {
    kind: &'static str,
    framework: &'static str,
    scene: &'static str,
    metric: &'static str,
    bound: Bound,
}

#[derive(Debug)]
enum Bound {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    AtMost(f64),
}
use Bound::{AtMost, RatioAtLeast, RatioAtMost};

const TARGETS: &[Target] = &[
    target("time", "axum", "one thread", "added", RatioAtMost(0.21)),
    target("time", "axum", "two threads", "added", RatioAtMost(0.27)),
    target("time", "actix-web", "", "added", RatioAtMost(0.35)),
    target("instructions", "axum", "", "added", AtMost(2_300.0)),
    target("allocations", "axum", "", "above wrap", AtMost(0.0)),
    target("allocations", "actix-web", "", "added", AtMost(1.2)),
    target("wire", "axum", "", "throughput", RatioAtLeast(0.92)),
];

const fn target(
    kind: &'static str,
    framework: &'static str,
    scene: &'static str,
    metric: &'static str,
    bound: Bound,
) -> Target {
    Target { kind, framework, scene, metric, bound }
}

/// The target of a finding, if it is about us and there is one.
pub(super) fn of(finding: &Finding) -> Option<&'static Target> {
    let subject = &finding.subject;
    TARGETS.iter().filter(|_| finding.variant == OURS).find(|target| {
        target.kind == subject.kind
            && target.framework == subject.framework
            && target.metric == finding.metric
            && subject.scene.starts_with(target.scene)
    })
}

impl Target {
    /// `None` if the finding has no ratio to compare.
    pub(super) fn is_met_by(&self, finding: &Finding) -> Option<bool> {
        match self.bound {
            RatioAtMost(bound) => Some(finding.ratio? <= bound),
            RatioAtLeast(bound) => Some(finding.ratio? >= bound),
            AtMost(bound) => Some(finding.value.median <= bound),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bound {
            RatioAtMost(bound) => write!(f, "ratio ≤ {bound}"),
            RatioAtLeast(bound) => write!(f, "ratio ≥ {bound}"),
            AtMost(bound) => write!(f, "≤ {bound}"),
        }
    }
}

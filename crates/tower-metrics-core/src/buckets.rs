//! Histogram bucket edges, checked once.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The upper edges of a histogram's buckets, in the unit of the metric.
///
/// The edges are finite, strictly ascending, and at least one; the `+Inf` bucket is implied and
/// never listed. Eight to sixteen edges are a good number: fewer make quantiles coarse, more cost a
/// time series each. Put one edge at or near every latency you promise.
///
/// ```
/// use tower_metrics_core::Buckets;
///
/// let buckets = Buckets::new([0.01, 0.1, 1.0])?;
/// assert_eq!(buckets.edges(), [0.01, 0.1, 1.0]);
/// assert!(Buckets::new([0.1, 0.01]).is_err());
/// # Ok::<(), tower_metrics_core::BucketsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    edges: Cow<'static, [f64]>,
}

impl Buckets {
    /// Checks a list of upper edges.
    ///
    /// # Errors
    ///
    /// [`BucketsError`] if the list is empty or holds an edge that is not finite, or not greater
    /// than the one before it.
    pub fn new(edges: impl IntoIterator<Item = f64>) -> Result<Self, BucketsError> {
        // Adding zero makes a negative zero positive; Prometheus takes the two for one edge.
        let edges: Vec<f64> = edges.into_iter().map(|edge| edge + 0.0).collect();
        if edges.is_empty() {
            return Err(BucketsError::Empty);
        }
        if let Some(&edge) = edges.iter().find(|edge| !edge.is_finite()) {
            return Err(BucketsError::NotFinite(edge));
        }
        for pair in edges.windows(2) {
            if let &[before, after] = pair {
                match before.total_cmp(&after) {
                    Ordering::Less => {}
                    Ordering::Equal => return Err(BucketsError::Duplicate(after)),
                    Ordering::Greater => return Err(BucketsError::Unsorted { before, after }),
                }
            }
        }
        Ok(Self { edges: Cow::Owned(edges) })
    }

    const fn preset(edges: &'static [f64]) -> Self {
        Self { edges: Cow::Borrowed(edges) }
    }

    /// The default for HTTP request durations: 5 ms to 10 s, in seconds.
    pub const fn http() -> Self {
        Self::preset(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
    }

    /// OpenTelemetry's advice for HTTP request durations: 5 ms to 10 s, in seconds ([HTTP
    /// conventions]).
    ///
    /// [HTTP conventions]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
    pub const fn open_telemetry() -> Self {
        Self::preset(&[
            0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
        ])
    }

    /// For inference in general: 10 ms to 5 s, in seconds.
    pub const fn general() -> Self {
        Self::preset(&[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0])
    }

    /// For frequent, light inference: 1 ms to 500 ms, in seconds.
    pub const fn light() -> Self {
        Self::preset(&[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5])
    }

    /// For large models: 100 ms to 60 s, in seconds.
    pub const fn large_model() -> Self {
        Self::preset(&[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
    }

    /// For generation that may take long: 100 ms to 16 min, in seconds.
    pub const fn long_generation() -> Self {
        Self::preset(&[
            0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 240.0, 480.0, 960.0,
        ])
    }

    /// For the time to the first token of a generation: 1 ms to 160 s, in seconds.
    pub const fn time_to_first_token() -> Self {
        Self::preset(&[
            0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
            10.0, 20.0, 40.0, 80.0, 160.0,
        ])
    }

    /// For the time between two tokens: 2 ms to 8 s, in seconds.
    pub const fn inter_token() -> Self {
        Self::preset(&[
            0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.06, 0.08, 0.1, 0.2,
            0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 8.0,
        ])
    }

    /// For lengths of inputs: 32 to 4 096 in powers of two, in tokens.
    pub const fn input_tokens() -> Self {
        Self::preset(&[32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0])
    }

    /// For lengths of outputs: 1 to 8 192 in powers of two, in tokens.
    pub const fn output_tokens() -> Self {
        Self::preset(&[
            1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0,
            8_192.0,
        ])
    }

    /// For batch sizes: 1 to 512 in powers of two, in items.
    pub const fn batch_sizes() -> Self {
        Self::preset(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0])
    }

    /// For the items of a batch job: 10 ms to 5 s, in seconds.
    pub const fn batch_items() -> Self {
        Self::preset(&[0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
    }

    /// For HTTP body sizes: 256 bytes to 64 MiB in powers of four, in bytes.
    pub const fn sizes() -> Self {
        Self::preset(&[
            256.0,
            1_024.0,
            4_096.0,
            16_384.0,
            65_536.0,
            262_144.0,
            1_048_576.0,
            4_194_304.0,
            16_777_216.0,
            67_108_864.0,
        ])
    }

    /// The edges, ascending.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }
}

/// Why a list of bucket edges was rejected.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BucketsError {
    /// There was no edge.
    Empty,
    /// An edge was NaN or infinite; the `+Inf` bucket is implied.
    NotFinite(f64),
    /// An edge was listed twice.
    Duplicate(f64),
    /// An edge was smaller than the one before it.
    Unsorted {
        /// The edge listed first.
        before: f64,
        /// The smaller edge listed after it.
        after: f64,
    },
}

impl fmt::Display for BucketsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a bucket list needs at least one edge"),
            Self::NotFinite(edge) => {
                write!(f, "bucket edge {edge} is not finite; leave out `+Inf`, it is implied")
            }
            Self::Duplicate(edge) => write!(f, "bucket edge {edge} is listed twice; keep one"),
            Self::Unsorted { before, after } => {
                write!(f, "bucket edges must ascend, but {after} comes after {before}")
            }
        }
    }
}

impl std::error::Error for BucketsError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to get a list wrong has its own error.
    #[test]
    fn bad_lists_are_rejected_with_the_offending_edge() {
        assert_eq!(Buckets::new([]), Err(BucketsError::Empty));
        assert_eq!(Buckets::new([1.0, 1.0]), Err(BucketsError::Duplicate(1.0)));
        assert_eq!(
            Buckets::new([2.0, 1.0]),
            Err(BucketsError::Unsorted { before: 2.0, after: 1.0 })
        );
        assert_eq!(Buckets::new([1.0, f64::INFINITY]), Err(BucketsError::NotFinite(f64::INFINITY)));
        assert!(matches!(Buckets::new([f64::NAN]), Err(BucketsError::NotFinite(_))));
    }

    /// Presets are lists that `new` would accept.
    #[test]
    fn presets_pass_their_own_check() {
        for preset in [
            Buckets::http(),
            Buckets::open_telemetry(),
            Buckets::general(),
            Buckets::light(),
            Buckets::large_model(),
            Buckets::sizes(),
            Buckets::long_generation(),
            Buckets::time_to_first_token(),
            Buckets::inter_token(),
            Buckets::input_tokens(),
            Buckets::output_tokens(),
            Buckets::batch_sizes(),
            Buckets::batch_items(),
        ] {
            assert_eq!(Buckets::new(preset.edges().iter().copied()), Ok(preset));
        }
    }
}

//! The middle of many measurements.

/// The median and the quartiles around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Quartiles {
    /// A quarter of the values is below.
    pub lower: f64,
    /// Half of the values is below.
    pub median: f64,
    /// A quarter of the values is above.
    pub upper: f64,
}

impl Quartiles {
    /// Sorts the values and interpolates between the two next to each quarter; all 0 for none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self {
            lower: quantile(&values, 0.25),
            median: quantile(&values, 0.5),
            upper: quantile(&values, 0.75),
        }
    }

    /// A value that was counted once and is always the same.
    pub fn exact(value: f64) -> Self {
        Self { lower: value, median: value, upper: value }
    }
}

/// The value below which this part of the sorted values is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "an index into what was counted"
)]
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let position = sorted.len().saturating_sub(1) as f64 * part;
    let at = |index: f64| sorted.get(index as usize).copied().unwrap_or_default();
    let (below, above) = (at(position.floor()), at(position.ceil()));
    below + (above - below) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As spreadsheets compute them.
    #[test]
    fn quartiles_lie_between_the_values_next_to_them() {
        let quartiles = Quartiles::of([4.0, 1.0, 3.0, 2.0]);
        assert_eq!((quartiles.lower, quartiles.median, quartiles.upper), (1.75, 2.5, 3.25));
        assert_eq!(Quartiles::of([7.0]), Quartiles::exact(7.0));
        assert_eq!(Quartiles::of([]), Quartiles::exact(0.0));
    }
}

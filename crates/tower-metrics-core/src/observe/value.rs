//! What a closure may return.

use std::time::Duration;

/// A number that becomes the value of a sample: Prometheus knows only `f64`.
pub trait Value {
    /// The number; integers beyond 2⁵³ lose their last digits, a duration is in seconds.
    fn into_f64(self) -> f64;
}

impl Value for f64 {
    fn into_f64(self) -> f64 {
        self
    }
}

impl Value for Duration {
    fn into_f64(self) -> f64 {
        self.as_secs_f64()
    }
}

impl Value for bool {
    fn into_f64(self) -> f64 {
        f64::from(u8::from(self))
    }
}

macro_rules! lossless {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn into_f64(self) -> f64 {
                f64::from(self)
            }
        }
    )*};
}

macro_rules! rounded {
    ($($number:ty),*) => {$(
        impl Value for $number {
            #[expect(clippy::cast_precision_loss, reason = "documented, and far away")]
            fn into_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}

lossless!(i8, i16, i32, u8, u16, u32, f32);
rounded!(i64, isize, u64, usize);

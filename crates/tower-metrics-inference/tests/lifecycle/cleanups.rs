//! What destructors do while a panic goes on.

use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::measured::{MODEL, Measured, measured};

/// Does something when it is dropped.
struct Cleanup<F: FnMut()>(F);

impl<F: FnMut()> Drop for Cleanup<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn while_panicking(cleanup: impl FnMut()) {
    let unwound: Option<()> = catch_scripted_panic(|| {
        let _cleanup = Cleanup(cleanup);
        scripted_panic()
    });
    assert_eq!(unwound, None);
}

/// What begins and ends while another panic goes on did not panic itself.
#[test]
fn what_starts_during_a_panic_does_not_end_by_it() {
    measured(|measured| {
        while_panicking(|| drop(measured.model.start()));
        assert_eq!(measured.statuses(), "cancelled 1");
    });
    let loads = |measured: &Measured| measured.by_label("model_loads_total", "status");
    measured(|measured| {
        while_panicking(|| drop(measured.inference.loading(MODEL).unwrap()));
        assert_eq!(loads(measured), "cancelled 1");
    });
    // But for what was under way, it is the end.
    measured(|measured| {
        let (mut request, mut loading) =
            (Some(measured.model.start()), Some(measured.inference.loading(MODEL).unwrap()));
        while_panicking(|| drop((request.take(), loading.take())));
        assert_eq!(measured.statuses(), "error 1");
        assert_eq!(loads(measured), "error 1");
    });
}

//! The instructions that each variant adds to a request, as callgrind counts them.
//!
//! They do not depend on what else the machine does, nor much on which machine it is.

use std::process::{Command, Stdio};

use tower_metrics_overhead::report::{Finding, Report};
use tower_metrics_overhead::stats::Quartiles;
use tower_metrics_overhead::variant::{BARE, Framework, Routing, Subject, Variant};
use tower_metrics_overhead::workload::Mix;

use crate::child::{Part, Task};

/// Thirty turns of all requests.
const REQUESTS: usize = 990;

/// The function in which callgrind counts: nothing before the last request of the warm-up.
const COUNTED: &str = "--toggle-collect=*answer_counted_requests*";

/// How many freed blocks of a size glibc keeps at hand: more than there ever are. With its seven, what
/// an allocation takes depends on how many were freed before anybody counts, by hundreds of
/// instructions a request, in any variant, all or nothing.
const ALLOCATOR: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=1000");

/// Counts for every variant of a framework, unless there is no valgrind.
pub(crate) fn measure(report: &mut Report, framework: Framework) {
    if !is_installed() {
        eprintln!("instructions are not counted: there is no valgrind");
        return;
    }
    let scenes: &[_] = match framework {
        Framework::Axum => &[("per request", Routing::PerRequest), ("served", Routing::Served)],
        _ => &[("", Routing::Served)],
    };
    for (scene, routing) in scenes {
        let variants = framework.variants();
        let counts: Vec<_> = variants
            .iter()
            .map(|variant| (variant.name(), count(framework, variant.name(), *routing)))
            .collect();
        let of = |name| counts.iter().find(|(variant, _)| *variant == name).map(|(_, count)| count);
        let bare = of(BARE).unwrap();
        let reference = of(framework.reference()).map_or(f64::NAN, |count| count - bare);
        for (variant, count) in &counts {
            let finding = Finding::new("instructions", framework.name(), *scene).of(*variant);
            report.add(if *variant == BARE {
                finding.with("total", Quartiles::exact(*count), "per request")
            } else {
                let added = count - bare;
                let finding = finding.with("added", Quartiles::exact(added), "per request");
                finding.with_ratio(added / reference)
            });
        }
    }
}

fn is_installed() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// The instructions of one request.
#[expect(clippy::cast_precision_loss, reason = "there are few requests")]
fn count(framework: Framework, variant: &str, routing: Routing) -> f64 {
    let task = Task::new(Part::Instructions(routing), framework, variant);
    let callgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", COUNTED];
    let (name, value) = ALLOCATOR;
    let mut command = task.command_under("valgrind", &callgrind);
    let output = command.env(name, value).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    collected(&log).filter(|count| *count > 0.0).unwrap() / REQUESTS as f64
}

/// Reads `==7== Collected : 1234` from what callgrind says at its end.
fn collected(log: &str) -> Option<f64> {
    let line = log.lines().find_map(|line| line.split_once("Collected : "))?;
    line.1.trim().parse().ok()
}

/// Answers requests under callgrind.
pub(crate) fn drive(variant: &Variant, routing: Routing) {
    let mut subject = variant.subject(Mix::AllRoutes, routing);
    subject.answer(2 * REQUESTS);
    answer_counted_requests(subject.as_mut());
}

#[inline(never)]
fn answer_counted_requests(subject: &mut dyn Subject) {
    subject.answer(REQUESTS);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line as callgrind writes it.
    #[test]
    fn the_count_is_read_from_callgrinds_last_words() {
        let log = "==12== Events    : Ir\n==12== Collected : 123456789\n==12==\n";
        assert_eq!(collected(log), Some(123_456_789.0));
        assert_eq!(collected("valgrind: no such tool"), None);
    }
}

//! The allocations that each variant adds to a request, as the program `overhead-allocations`
//! counts them: another program, so that counting slows down no time.

use std::env;
use std::process::Command;

use serde_json::Value;
use tower_metrics_overhead::report::{Finding, Report};
use tower_metrics_overhead::stats::Quartiles;
use tower_metrics_overhead::variant::{BARE, Framework, OURS, WRAP};

/// What was counted for one variant, per request.
#[derive(Clone, Debug)]
struct Count {
    scene: String,
    variant: String,
    allocations: f64,
    bytes: f64,
}

/// Counts for every variant of a framework.
pub(crate) fn measure(report: &mut Report, framework: Framework) {
    let counts = counts(framework);
    for scene in counts.chunk_by(|one, next| one.scene == next.scene) {
        let of = |name: &str| scene.iter().find(|count| count.variant == name);
        let bare = of(BARE).unwrap();
        let reference = of(framework.reference()).map(|count| count.allocations - bare.allocations);
        let finding = |count: &Count| {
            Finding::new("allocations", framework.name(), &*count.scene).of(&*count.variant)
        };
        let total = Quartiles::exact(bare.allocations);
        report.add(finding(bare).with("total", total, "per request"));
        report.add(finding(bare).with("bytes", Quartiles::exact(bare.bytes), "per request"));
        for count in scene.iter().filter(|count| count.variant != BARE) {
            let finding = || finding(count);
            let added = Quartiles::exact(count.allocations - bare.allocations);
            let ratio = added.median / reference.unwrap_or(f64::NAN);
            let bytes = Quartiles::exact(count.bytes - bare.bytes);
            report.add(finding().with("added", added, "per request").with_ratio(ratio));
            report.add(finding().with("added bytes", bytes, "per request"));
            if let (OURS, Some(wrap)) = (&*count.variant, of(WRAP)) {
                let above = Quartiles::exact(count.allocations - wrap.allocations);
                report.add(finding().with("above wrap", above, "per request"));
            }
        }
    }
}

fn counts(framework: Framework) -> Vec<Count> {
    let program = env::current_exe().unwrap().with_file_name("overhead-allocations");
    let output = Command::new(&program).arg(framework.name()).output();
    let output = output.unwrap_or_else(|error| {
        eprintln!("cannot start {}: {error}", program.display());
        std::process::exit(1)
    });
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| parse(&serde_json::from_str(line).unwrap()).unwrap()).collect()
}

fn parse(line: &Value) -> Option<Count> {
    Some(Count {
        scene: line.get("scene")?.as_str()?.to_owned(),
        variant: line.get("variant")?.as_str()?.to_owned(),
        allocations: line.get("allocations")?.as_f64()?,
        bytes: line.get("bytes")?.as_f64()?,
    })
}

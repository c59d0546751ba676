//! The time that each variant adds to a request.

use crate::report::{Finding, Report};
use crate::rounds::{self, Measured, Plan, Times};
use crate::stats::Quartiles;
use crate::variant::{BARE, Framework};

/// The name of what is said about the whole scene.
const ALL: &str = "(all)";

/// Times every variant of a framework, and reports what each adds to the bare one.
pub fn measure(report: &mut Report, framework: Framework, scene: &str, plan: Plan) {
    let variants = framework.variants();
    let Measured { times, ran, .. } = rounds::run(&variants, plan);
    let of = |name: &str| variants.iter().position(|variant| variant.name() == name);
    let times_of = |name: &str| of(name).and_then(|index| times.get(index)).cloned();
    let bare = times_of(BARE).unwrap_or_default();
    let reference = added(&times_of(framework.reference()).unwrap_or_default(), &bare);

    let finding = || Finding::new("time", framework.name(), scene);
    report.add(finding().of(BARE).with("total", Quartiles::of(bare.iter().copied()), "ns"));
    report.add(finding().of(ALL).with("ran", Quartiles::exact(ran), "of the time"));
    for (variant, times) in variants.iter().zip(&times).filter(|(v, _)| v.name() != BARE) {
        let added = added(times, &bare);
        // Of the same round each, since a machine's speed changes while it runs.
        let ratios = added.iter().zip(&reference).map(|(added, reference)| added / reference);
        let ratio = Quartiles::of(ratios.collect::<Vec<_>>()).median;
        let value = Quartiles::of(added);
        let finding = finding().of(variant.name()).with("added", value, "ns");
        report.add(if reference.is_empty() { finding } else { finding.with_ratio(ratio) });
    }
}

/// What was added in each round to the bare time of the same round.
fn added(times: &Times, bare: &Times) -> Times {
    times.iter().zip(bare).map(|(time, bare)| time - bare).collect()
}

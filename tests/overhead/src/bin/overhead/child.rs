//! Parts of measurements that need a process of their own.

use std::env;
use std::process::Command;

use tower_metrics_overhead::variant::{Framework, Routing, Variant};

use crate::scanner::Scan;
use crate::{instructions, scanner, wire};

/// The first argument of a process that is a part of another's measurement.
pub(crate) const ARGUMENT: &str = "child";

/// What a process of its own does for one variant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Task {
    part: Part,
    framework: Framework,
    variant: String,
}

/// The measurement that it is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Answers requests while their instructions are counted.
    Instructions(Routing),
    /// Answers a scanner.
    Scan(Scan),
    /// Serves requests on a port.
    Serve,
}

/// Every part, with the name by which the command line knows it.
const PARTS: &[(&str, Part)] = &[
    ("instructions", Part::Instructions(Routing::PerRequest)),
    ("instructions-served", Part::Instructions(Routing::Served)),
    ("scan-paths", Part::Scan(Scan::Paths)),
    ("scan-methods", Part::Scan(Scan::Methods)),
    ("serve", Part::Serve),
];

impl Task {
    pub(crate) fn new(part: Part, framework: Framework, variant: &str) -> Self {
        Self { part, framework, variant: variant.to_owned() }
    }

    /// Reads the arguments that follow [`ARGUMENT`].
    pub(crate) fn parse(arguments: &[String]) -> Option<Self> {
        let [part, framework, variant] = arguments else { return None };
        let (_, part) = PARTS.iter().find(|(name, _)| name == part)?;
        let mut frameworks = Framework::ALL.into_iter();
        let framework = frameworks.find(|known| known.name() == framework)?;
        Some(Self::new(*part, framework, variant))
    }

    /// The arguments that [`parse`](Self::parse) understands, with [`ARGUMENT`].
    fn arguments(&self) -> [&str; 4] {
        let part = PARTS.iter().find(|(_, part)| *part == self.part);
        let part = part.map_or("", |(name, _)| *name);
        [ARGUMENT, part, self.framework.name(), &self.variant]
    }

    /// This program, doing the task.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(self.arguments());
        command
    }

    /// `program` with `arguments`, running this program on the task.
    pub(crate) fn command_under(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).arg(env::current_exe().unwrap()).args(self.arguments());
        command
    }

    fn variant(&self) -> Variant {
        let mut variants = self.framework.variants().into_iter();
        variants.find(|variant| variant.name() == self.variant).unwrap()
    }
}

/// Does the task, in the process that was started for it.
pub(crate) fn run(task: &Task) {
    let variant = task.variant();
    match task.part {
        Part::Instructions(routing) => instructions::drive(&variant, routing),
        Part::Scan(scan) => scanner::run(variant, scan),
        Part::Serve => wire::server::run(&variant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one process asks for is what the other does.
    #[test]
    fn every_task_survives_the_command_line() {
        for (_, part) in PARTS {
            let task = Task::new(*part, Framework::ActixWeb, "bare");
            let arguments = task.arguments().map(str::to_owned);
            let [argument, rest @ ..] = &arguments;
            assert_eq!(argument, ARGUMENT);
            assert_eq!(Task::parse(rest), Some(task));
        }
    }
}

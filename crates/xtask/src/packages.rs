//! The Debian packages that the end-to-end tests need.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::command::Invocation;
use crate::error::Error;

/// Each program that a test starts, and the package that brings it.
const PROGRAMS: &[(&str, &str)] = &[
    ("prometheus", "prometheus"),
    ("promtool", "prometheus"),
    ("prometheus-pushgateway", "prometheus-pushgateway"),
];

/// Installs what is missing, or says how to.
pub(crate) fn ensure() -> Result<(), Error> {
    let (_, packages) = missing();
    if packages.is_empty() {
        return Ok(());
    }
    let apt = Apt::find().ok_or_else(|| Error::MissingPackages(packages.clone()))?;
    apt.install(&packages)?;
    match missing() {
        (programs, _) if programs.is_empty() => Ok(()),
        (programs, _) => Err(Error::NotInPath(programs)),
    }
}

/// The programs that are not in `PATH`, and the packages that bring them.
fn missing() -> (Vec<&'static str>, Vec<&'static str>) {
    let path = env::var_os("PATH").unwrap_or_default();
    missing_from(PROGRAMS, |program| is_in_path(&path, program))
}

fn missing_from<'a>(
    table: &[(&'a str, &'a str)],
    is_present: impl Fn(&str) -> bool,
) -> (Vec<&'a str>, Vec<&'a str>) {
    let absent = table.iter().copied().filter(|(program, _)| !is_present(program));
    let (programs, mut packages): (Vec<_>, Vec<_>) = absent.unzip();
    packages.sort_unstable();
    packages.dedup();
    (programs, packages)
}

fn is_in_path(path: &OsStr, program: &str) -> bool {
    env::split_paths(path).any(|folder| {
        let metadata = folder.join(program).metadata();
        metadata.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

/// `apt-get`, and the right by which it installs.
#[derive(Debug, Clone, Copy)]
enum Apt {
    /// This process is root.
    AsRoot,
    /// `sudo` asks for no password.
    ThroughSudo,
}

impl Apt {
    /// Finds a way to install without asking anybody for a password.
    fn find() -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        if !is_in_path(&path, "apt-get") {
            None
        } else if is_root() {
            Some(Self::AsRoot)
        } else {
            Invocation::new("sudo", &["-n", "true"]).attempt().then_some(Self::ThroughSudo)
        }
    }

    fn install(self, packages: &[&str]) -> Result<(), Error> {
        self.apt_get(&["update"]).run()?;
        self.apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat()).run()?;
        self.stop_services(packages);
        Ok(())
    }

    fn apt_get(self, arguments: &[&str]) -> Invocation {
        // In runlevel 1 no package starts a service: the tests want programs, not daemons that
        // hold the well-known ports.
        let quiet = ["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"];
        let apt_get = ["apt-get", "-q", "-o", "Acquire::Retries=3"];
        self.privileged("env", &[quiet.as_slice(), apt_get.as_slice(), arguments].concat())
    }

    /// Stops what the installation started all the same: systemd knows no runlevel. Nothing that
    /// was in use is touched, because these packages were not there a moment ago.
    fn stop_services(self, packages: &[&str]) {
        for package in packages {
            self.privileged("service", &[package, "stop"]).attempt();
            if Path::new("/run/systemd/system").exists() {
                self.privileged("systemctl", &["disable", "--quiet", package]).attempt();
            }
        }
    }

    fn privileged(self, program: &str, arguments: &[&str]) -> Invocation {
        match self {
            Self::AsRoot => Invocation::new(program, arguments),
            Self::ThroughSudo => {
                Invocation::new("sudo", &[["-n", program].as_slice(), arguments].concat())
            }
        }
    }
}

/// Linux names the user of a process as the owner of its `/proc` folder.
fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|process| process.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(&str, &str)] = &[("server", "big"), ("tool", "big"), ("other", "small")];

    /// Prometheus and promtool come in one package.
    #[test]
    fn a_package_of_several_missing_programs_is_named_once() {
        let (programs, packages) = missing_from(TABLE, |_| false);
        assert_eq!(programs, ["server", "tool", "other"]);
        assert_eq!(packages, ["big", "small"]);
    }

    /// A package that is half there is installed again.
    #[test]
    fn one_missing_program_is_enough_to_want_its_package() {
        let (programs, packages) = missing_from(TABLE, |program| program != "tool");
        assert_eq!((programs, packages), (vec!["tool"], vec!["big"]));
    }

    /// A machine that has everything is left alone.
    #[test]
    fn nothing_is_wanted_where_every_program_is_present() {
        assert_eq!(missing_from(TABLE, |_| true), (vec![], vec![]));
    }

    /// The first folder of `PATH` is not the only one.
    #[test]
    fn a_program_is_looked_up_in_every_folder_of_the_path() {
        let path = env::join_paths(["/nowhere", "/bin"]).unwrap();
        assert!(is_in_path(&path, "sh"));
        assert!(!is_in_path(&path, "no-such-program"));
    }

    /// Only what can be executed counts.
    #[test]
    fn a_folder_or_a_plain_file_is_no_program() {
        assert!(!is_in_path(OsStr::new("/"), "etc"));
        assert!(!is_in_path(OsStr::new("/etc"), "passwd"));
    }

    /// The environment is set behind `sudo`, which would clear it.
    #[test]
    fn without_root_every_command_goes_through_sudo() {
        let update = "env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get \
                      -q -o Acquire::Retries=3 update";
        assert_eq!(Apt::AsRoot.apt_get(&["update"]).to_string(), update);
        let with_sudo = Apt::ThroughSudo.apt_get(&["update"]).to_string();
        assert_eq!(with_sudo, format!("sudo -n {update}"));
    }
}

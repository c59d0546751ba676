//! Programs of this workspace, built when a test needs them.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use crate::Error;
use crate::process::Process;

/// Returns the program of a package, built with the profile of the running test.
///
/// A package is built once per test process: the first caller builds, the others wait. The program
/// has the name of its package.
///
/// # Errors
///
/// [`Error::Build`] with what Cargo printed if the package does not build.
pub fn path(package: &str) -> Result<PathBuf, Error> {
    type Built = Arc<OnceLock<Result<PathBuf, String>>>;
    static BUILT: LazyLock<Mutex<HashMap<String, Built>>> = LazyLock::new(Mutex::default);

    let built = {
        let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(package.to_owned()).or_default())
    };
    let failed =
        |output: &String| Error::Build { package: package.to_owned(), output: output.clone() };
    built.get_or_init(|| build(package)).clone().map_err(|output| failed(&output))
}

/// Starts the program of a package with these arguments.
///
/// # Errors
///
/// [`Error::Build`] if the package does not build, [`Error::Program`] if it cannot be started.
pub fn start(package: &str, arguments: &[&str]) -> Result<Process, Error> {
    let mut command = Command::new(path(package)?);
    command.args(arguments);
    Process::start(command)
}

fn build(package: &str) -> Result<PathBuf, String> {
    let test = env::current_exe().map_err(|error| error.to_string())?;
    let Some((target, profile)) = layout(&test) else {
        return Err(format!("{} is not in a target folder", test.display()));
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--package", package, "--bin", package, "--profile", cargo_name(profile)])
        .arg("--target-dir")
        .arg(target)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        let program = format!("{package}{}", env::consts::EXE_SUFFIX);
        Ok(target.join(profile).join(program))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Splits `<target>/<profile>/deps/<test>`, where Cargo puts a test, into its folders.
fn layout(test: &Path) -> Option<(&Path, &str)> {
    let profile = test.parent()?.parent()?;
    Some((profile.parent()?, profile.file_name()?.to_str()?))
}

/// The dev profile is the one whose folder has another name.
fn cargo_name(profile: &str) -> &str {
    if profile == "debug" { "dev" } else { profile }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A release test runs a release program, wherever the target folder is.
    #[test]
    fn the_target_folder_and_the_profile_are_those_of_the_test() {
        let layout = layout(Path::new("/somewhere/release/deps/e2e-0123"));
        assert_eq!(layout, Some((Path::new("/somewhere"), "release")));
    }

    /// Cargo's one exception.
    #[test]
    fn the_debug_folder_belongs_to_the_dev_profile() {
        assert_eq!(cargo_name("debug"), "dev");
        assert_eq!(cargo_name("release"), "release");
    }

    /// The second caller gets the reason too, from the cache.
    #[test]
    fn a_package_that_does_not_exist_is_reported_each_time() {
        for _ in 0..2 {
            let error = path("no-such-package").unwrap_err();
            assert!(error.to_string().contains("did not match any packages"), "{error}");
        }
    }
}

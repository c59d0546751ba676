//! The feature matrix: every library, with no feature, with each one alone, and with those that
//! meet.
//!
//! Features are additive only if each compiles without the others, which neither the default set
//! nor `--all-features` shows. A library without features is checked too: alone, it has what it
//! asks of its dependencies, and not what others of this workspace ask of them.

use serde_json::Value;

use crate::command::Invocation;
use crate::error::Error;

/// A library of this workspace and the features that a user may choose.
#[derive(Debug, PartialEq, Eq)]
struct Library {
    name: String,
    features: Vec<String>,
    /// Two features of which one adds to the dependency that the other brings.
    meeting: Vec<String>,
}

/// The commands that check every combination.
pub(crate) fn commands() -> Result<Vec<Invocation>, Error> {
    // Not through `Invocation::cargo`: `cargo metadata --no-deps` resolves nothing to be locked.
    let metadata = Invocation::new("cargo", &["metadata", "--no-deps", "--format-version", "1"]);
    let metadata = serde_json::from_slice(&metadata.read()?)
        .map_err(|source| Error::Unreadable { command: metadata.to_string(), source })?;
    Ok(libraries(&metadata).iter().flat_map(matrix).collect())
}

/// Clippy rather than `cargo check`: it can deny warnings (an import that only another feature
/// uses) without the `RUSTFLAGS` that would compile every dependency once more.
fn matrix(library: &Library) -> Vec<Invocation> {
    let clippy = |features: &[&str]| {
        let package = ["-p", &library.name, "--no-default-features"];
        Invocation::cargo("clippy", &[&package, features, &["--", "-D", "warnings"]].concat())
    };
    let some = library.features.iter().chain(&library.meeting);
    let some = some.map(|features| clippy(&["--features", features]));
    std::iter::once(clippy(&[])).chain(some).collect()
}

/// The libraries under `crates/`.
fn libraries(metadata: &Value) -> Vec<Library> {
    let root = text(metadata, "workspace_root");
    list(metadata, "packages")
        .filter(|package| {
            let manifest = text(package, "manifest_path").strip_prefix(root);
            manifest.is_some_and(|manifest| manifest.starts_with("/crates/"))
        })
        .filter(|package| list(package, "targets").any(is_library))
        .map(|package| Library {
            name: text(package, "name").to_owned(),
            features: public_features(package),
            meeting: meeting_features(package),
        })
        .collect()
}

fn is_library(target: &Value) -> bool {
    list(target, "kind").any(|kind| matches!(kind.as_str(), Some("lib" | "proc-macro")))
}

/// The features of a package; a leading underscore marks one as no part of its public interface.
fn public_features(package: &Value) -> Vec<String> {
    let features = package.get("features").and_then(Value::as_object);
    let names = features.into_iter().flat_map(|features| features.keys());
    names.filter(|name| !name.starts_with('_')).cloned().collect()
}

/// The pairs in which one feature says `dependency?/feature`, and the other `dep:dependency`.
fn meeting_features(package: &Value) -> Vec<String> {
    let features = package.get("features").unwrap_or(&Value::Null);
    let mut pairs = vec![];
    for adding in public_features(package) {
        let enabled = list(features, &adding).filter_map(Value::as_str);
        for (dependency, _) in enabled.filter_map(|enabled| enabled.split_once("?/")) {
            let brought = format!("dep:{dependency}");
            let mut others = public_features(package);
            others.retain(|other| list(features, other).any(|enabled| enabled == brought.as_str()));
            pairs.extend(others.iter().map(|bringing| format!("{adding},{bringing}")));
        }
    }
    pairs
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, folder: &str, kind: &str, features: &Value) -> Value {
        json!({
            "name": name,
            "manifest_path": format!("/w/{folder}/{name}/Cargo.toml"),
            "targets": [{ "kind": [kind] }],
            "features": features,
        })
    }

    fn names(packages: &[Value]) -> Vec<String> {
        let metadata = json!({ "workspace_root": "/w", "packages": packages });
        libraries(&metadata).into_iter().map(|library| library.name).collect()
    }

    /// Programs and examples have no matrix.
    #[test]
    fn only_libraries_in_the_crates_folder_are_checked() {
        let some = json!({ "a": [] });
        let packages = [
            package("wanted", "crates", "lib", &some),
            package("macros", "crates", "proc-macro", &some),
            package("plain", "crates", "lib", &json!({})),
            package("program", "crates", "bin", &some),
            package("example", "examples", "lib", &some),
        ];
        assert_eq!(names(&packages), ["wanted", "macros", "plain"]);
    }

    /// A leading underscore keeps a feature out of the matrix.
    #[test]
    fn hidden_features_are_skipped() {
        let package =
            package("x", "crates", "lib", &json!({ "_bench": [], "axum": [], "default": [] }));
        assert_eq!(public_features(&package), ["axum", "default"]);
    }

    /// What a feature adds to an optional dependency is compiled only beside the feature that
    /// brings it.
    #[test]
    fn features_that_meet_in_a_dependency_are_paired() {
        let features = json!({
            "axum": ["dep:adapter"],
            "inference": ["adapter?/inference", "other?/inference"],
            "push": ["dep:gateway"],
        });
        let package = package("x", "crates", "lib", &features);
        assert_eq!(meeting_features(&package), ["inference,axum"]);
    }

    /// The commands are exactly these.
    #[test]
    fn the_matrix_is_no_feature_then_each_one_alone_then_pairs() {
        let library = Library {
            name: "x".to_owned(),
            features: vec!["a".to_owned(), "b".to_owned()],
            meeting: vec!["a,b".to_owned()],
        };
        let lines: Vec<String> = matrix(&library).iter().map(ToString::to_string).collect();
        let lines: Vec<&str> =
            lines.iter().map(|line| line.split(" -p ").last().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "x --no-default-features -- -D warnings",
                "x --no-default-features --features a -- -D warnings",
                "x --no-default-features --features b -- -D warnings",
                "x --no-default-features --features a,b -- -D warnings",
            ]
        );
    }

    /// Surprising metadata never panics.
    #[test]
    fn metadata_of_another_shape_has_no_libraries() {
        assert!(libraries(&json!({ "packages": 3 })).is_empty());
    }
}

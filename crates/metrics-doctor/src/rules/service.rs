//! What only the whole answer shows.

use std::collections::BTreeMap;

use super::others;
use crate::exposition::{Exposition, Family, Kind};
use crate::{Finding, Rule};

/// What the label that has the route is called.
const ROUTES: &[&str] = &["endpoint", "handler", "http_route", "path", "route", "uri", "url"];

pub(super) fn empty(exposition: &Exposition) -> Option<Finding> {
    let advice = "record something, and install the recorder before metrics are made";
    exposition.samples().next().is_none().then(|| Rule::Empty.error("no samples", advice))
}

/// Prometheus 3 refuses what is declared as nothing that it knows.
pub(crate) fn content_type(content_type: Option<&str>) -> Option<Finding> {
    let advice = "answer with `text/plain; version=0.0.4; charset=utf-8`";
    let Some(text) = content_type else {
        return Some(Rule::ContentType.error("no content type", advice));
    };
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let version = parts.find_map(|part| part.strip_prefix("version=")).unwrap_or("0.0.4");
    let is_known =
        media_type.eq_ignore_ascii_case("text/plain") && version.trim_matches('"') == "0.0.4";
    (!is_known).then(|| {
        let problem = format!("content type `{}`", text.escape_debug());
        Rule::ContentType.error(problem, advice)
    })
}

/// The guide's middleware leaves it out: it would be most of what a quiet service counts.
pub(super) fn self_measured(exposition: &Exposition) -> Option<Finding> {
    let is_own = |family: &&Family| {
        family.samples().iter().any(|s| ROUTES.iter().any(|r| s.label(r) == Some("/metrics")))
    };
    let own: Vec<_> = exposition.families().iter().filter(is_own).collect();
    let family = own.first()?;
    let problem = format!("scrapes are measured, as `/metrics`{}", metrics(own.len()));
    let advice = "leave the route of the metrics out of them";
    Some(Rule::SelfMeasured.warning(problem, advice).on(family))
}

fn metrics(count: usize) -> String {
    match others(count) {
        others if others.is_empty() => others,
        others => format!("{others} too"),
    }
}

/// Both are recorded once per request, when it ends: one without the other is a request lost.
pub(super) fn balance(exposition: &Exposition) -> Option<Finding> {
    exposition.families().iter().find_map(|requests| {
        let prefix = requests.name().strip_suffix("http_requests_total")?;
        let other = |name| exposition.family(&format!("{prefix}{name}"));
        let durations = other("http_request_duration_seconds").filter(|f| f.is(Kind::Histogram))?;
        let in_flight = other("http_requests_in_flight");
        let in_flight =
            in_flight.map(|f| f.samples().iter().map(crate::Sample::value).sum::<f64>());
        unbalanced(requests, durations, in_flight)
    })
}

fn unbalanced(requests: &Family, durations: &Family, in_flight: Option<f64>) -> Option<Finding> {
    let counts = format!("{}_count", durations.name());
    let (requests_by, durations_by) =
        (by_route(requests, requests.name()), by_route(durations, &counts));
    let routes =
        requests_by.keys().chain(durations_by.keys().filter(|r| !requests_by.contains_key(*r)));
    let count = |by: &BTreeMap<_, f64>, route| by.get(route).copied().unwrap_or(0.0);
    let wrong: Vec<_> = routes
        .map(|route| (route, count(&requests_by, route), count(&durations_by, route)))
        .filter(|(_, requests, durations)| (requests - durations).abs() > 0.5)
        .collect();
    let ((method, endpoint), counted, timed) = wrong.first()?;
    let problem = format!(
        "{counted} requests and {timed} durations of {} {}{}",
        method.escape_debug(),
        endpoint.escape_debug(),
        others(wrong.len())
    );
    // A scrape may fall between the two.
    let finding = match in_flight {
        Some(0.0) => Rule::Balance.error(problem, "record both once, when the request ends"),
        _ => Rule::Balance.warning(problem, "look again when no request is in flight"),
    };
    Some(finding.on(requests))
}

/// The sum of the samples of that name for each method and endpoint; none without these labels.
fn by_route<'a>(family: &'a Family, name: &str) -> BTreeMap<(&'a str, &'a str), f64> {
    let mut sums = BTreeMap::new();
    for sample in family.samples().iter().filter(|sample| sample.name() == name) {
        if let (Some(method), Some(endpoint)) = (sample.label("method"), sample.label("endpoint")) {
            *sums.entry((method, endpoint)).or_default() += sample.value();
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Exposition) -> Option<Finding>, text: &str) -> Option<String> {
        rule(&Exposition::parse(text).unwrap()).map(|finding| finding.to_string())
    }

    /// Help and types alone are nothing to query.
    #[test]
    fn an_exposition_without_samples_is_an_error() {
        for text in ["", "# HELP a A.\n# TYPE a gauge\n"] {
            assert!(found(empty, text).unwrap().starts_with("error[empty]: no samples; "));
        }
        assert_eq!(found(empty, "a 1\n"), None);
    }

    /// As Prometheus 3 takes it.
    #[test]
    fn another_content_type_is_an_error() {
        for text in [
            "text/plain; version=0.0.4; charset=utf-8",
            "text/plain;version=0.0.4",
            "Text/Plain",
            "text/plain; charset=utf-8",
        ] {
            assert_eq!(content_type(Some(text)), None, "{text}");
        }
        for text in [
            None,
            Some(""),
            Some("text/html"),
            Some("application/json"),
            Some("text/plain; version=1.0.0"),
            Some("application/openmetrics-text; version=1.0.0"),
        ] {
            assert!(content_type(text).is_some(), "{text:?}");
        }
    }

    /// Once, however many metrics there are of it.
    #[test]
    fn a_service_that_measures_its_metrics_is_found() {
        let text = "a{path=\"/metrics\"} 1\nb{endpoint=\"/metrics\"} 1\nb{endpoint=\"/\"} 1\n";
        let finding = "warning[self-measured]: a: scrapes are measured, as `/metrics`, and 1 other too; \
                       leave the route of the metrics out of them";
        assert_eq!(found(self_measured, text).as_deref(), Some(finding));
        assert_eq!(found(self_measured, "a{endpoint=\"/\",page=\"/metrics\"} 1\n"), None);
    }

    const BALANCED: &str = "\
        # TYPE http_request_duration_seconds histogram\n\
        http_request_duration_seconds_count{method=\"GET\",endpoint=\"/a\"} 3\n\
        http_request_duration_seconds_count{method=\"GET\",endpoint=\"/b\"} 1\n\
        # TYPE http_requests_in_flight gauge\n\
        http_requests_in_flight{method=\"GET\"} 0\n\
        http_requests_total{method=\"GET\",endpoint=\"/a\",status_code=\"200\"} 2\n\
        http_requests_total{method=\"GET\",endpoint=\"/a\",status_code=\"500\"} 1\n\
        http_requests_total{method=\"GET\",endpoint=\"/b\",status_code=\"200\"} 1\n";

    /// Whatever their statuses, and whatever stands before the names.
    #[test]
    fn requests_without_durations_are_an_error_at_rest() {
        assert_eq!(found(balance, BALANCED), None);
        let lost = BALANCED.replace("\"500\"} 1", "\"500\"} 2");
        for (text, name) in [
            (lost.clone(), "http_requests_total"),
            (lost.replace("http_", "app_http_"), "app_http_requests_total"),
        ] {
            let finding = format!("error[balance]: {name}: 4 requests and 3 durations of GET /a; ");
            assert!(found(balance, &text).unwrap().starts_with(&finding), "{text}");
        }
        let busy = lost.replace("flight{method=\"GET\"} 0", "flight{method=\"GET\"} 1");
        assert!(found(balance, &busy).unwrap().starts_with("warning[balance]"));
    }

    /// In either of the two.
    #[test]
    fn a_route_that_is_only_counted_or_only_timed_is_found() {
        let counted =
            format!("{BALANCED}http_requests_total{{method=\"GET\",endpoint=\"/c\"}} 1\n");
        assert!(found(balance, &counted).unwrap().contains("1 requests and 0 durations of GET /c"));
        let timed = BALANCED.replace(",endpoint=\"/b\",status", ",endpoint=\"/a\",status");
        let finding = found(balance, &timed).unwrap();
        assert!(
            finding.contains("4 requests and 3 durations of GET /a, and 1 other;"),
            "{finding}"
        );
        let none = BALANCED.replace("endpoint", "handler");
        assert_eq!(found(balance, &none), None);
    }
}

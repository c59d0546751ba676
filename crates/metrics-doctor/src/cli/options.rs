//! The command line.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use metrics_doctor::{Doctor, Rule};

use super::error::Error;
use super::report::Format;
use super::source::Source;
use super::target::Target;

/// A command line that was understood.
#[derive(Debug)]
pub(crate) enum Request {
    Help,
    Version,
    Examine(Box<Options>),
}

/// What to examine, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) source: Source,
    pub(crate) doctor: Doctor,
    pub(crate) format: Format,
    /// Whether warnings count as errors.
    pub(crate) is_strict: bool,
    /// How long to wait for a second look.
    pub(crate) watch: Option<Duration>,
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Error> {
    let mut draft = Draft::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if let Some(request) = draft.add(&argument, &mut arguments)? {
            return Ok(request);
        }
    }
    draft.finish().map(|options| Request::Examine(Box::new(options)))
}

/// Explains the command line and lists the rules.
pub(crate) fn help() -> String {
    let mut text = "\
Checks what a service exposes to Prometheus.

Usage: metrics-doctor [OPTIONS] SOURCE

SOURCE is a URL (/metrics unless it has a path), a file, or - for stdin.

Options:
  --strict              fail on warnings too
  --json                print a JSON object for each finding, and no summary
  --allow RULE[:METRIC] ignore a rule, for everything or for one metric; can be repeated
  --max-series N        how many series a metric may have (default: 1000)
  --watch SECONDS       look a second time after a while, and compare
  --header 'NAME: TEXT' send a header, such as `authorization: Bearer ..`; can be repeated
  --timeout SECONDS     how long to wait for an answer (default: 10)
  --version             print the version
  --help                print this

Exit code: 0 without errors, 1 with errors, 2 if nothing could be read.

Rules:"
        .to_owned();
    for rule in Rule::ALL {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n  {rule}");
    }
    text
}

/// What the arguments up to here say.
#[derive(Debug, Default)]
struct Draft {
    source: Option<OsString>,
    doctor: Doctor,
    is_json: bool,
    is_strict: bool,
    watch: Option<Duration>,
    headers: HeaderMap,
    timeout: Option<Duration>,
}

impl Draft {
    /// Reads an argument, and its value from those that follow.
    fn add(
        &mut self,
        argument: &OsString,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<Option<Request>, Error> {
        let unexpected = || Error::UnexpectedArgument(argument.to_string_lossy().into_owned());
        let option = argument.to_str().filter(|text| text.starts_with('-') && *text != "-");
        let Some(option) = option else {
            return if self.source.is_some() {
                Err(unexpected())
            } else {
                self.source = Some(argument.clone());
                Ok(None)
            };
        };
        let mut value = || rest.next().and_then(|value| value.into_string().ok());
        match option {
            "-h" | "--help" => return Ok(Some(Request::Help)),
            "-V" | "--version" => return Ok(Some(Request::Version)),
            "--strict" => self.is_strict = true,
            "--json" => self.is_json = true,
            "--allow" => self.allow(&value().unwrap_or_default())?,
            "--max-series" => {
                let count = value().and_then(|value| value.parse().ok());
                let wants = "a whole number";
                let count = count.ok_or(Error::BadValue { option: "--max-series", wants })?;
                self.doctor = std::mem::take(&mut self.doctor).with_max_series(count);
            }
            "--watch" => self.watch = Some(seconds("--watch", value())?),
            "--timeout" => self.timeout = Some(seconds("--timeout", value())?),
            "--header" => {
                let (name, value) = header(&value().unwrap_or_default())
                    .ok_or(Error::BadValue { option: "--header", wants: "`NAME: TEXT`" })?;
                self.headers.append(name, value);
            }
            _ => return Err(unexpected()),
        }
        Ok(None)
    }

    fn allow(&mut self, text: &str) -> Result<(), Error> {
        let (rule, metric) = match text.split_once(':') {
            Some((rule, metric)) => (rule, Some(metric)),
            None => (text, None),
        };
        let rule = Rule::named(rule).ok_or_else(|| Error::UnknownRule(rule.to_owned()))?;
        let doctor = std::mem::take(&mut self.doctor);
        self.doctor = match metric {
            Some(metric) => doctor.with_allowed_for(rule, metric),
            None => doctor.with_allowed(rule),
        };
        Ok(())
    }

    fn finish(self) -> Result<Options, Error> {
        let Self { source, doctor, is_json, is_strict, watch, headers, timeout } = self;
        let source = source.ok_or(Error::NoSource)?;
        let url = source.to_str().filter(|source| source.contains("://"));
        let source = match url {
            Some(url) => {
                let timeout = timeout.unwrap_or(Duration::from_secs(10));
                Source::Url { target: Target::parse(url)?, headers, timeout }
            }
            None if watch.is_some() => return Err(Error::NeedsUrl("--watch")),
            None if !headers.is_empty() => return Err(Error::NeedsUrl("--header")),
            None if timeout.is_some() => return Err(Error::NeedsUrl("--timeout")),
            None if source == "-" => Source::Stdin,
            None => Source::File(source.into()),
        };
        let format = if is_json { Format::Json } else { Format::Text };
        Ok(Options { source, doctor, format, is_strict, watch })
    }
}

fn seconds(option: &'static str, value: Option<String>) -> Result<Duration, Error> {
    let number = value.and_then(|value| value.parse().ok()).filter(|seconds: &f64| *seconds > 0.0);
    let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or(Error::BadValue { option, wants: "a number of seconds above zero" })
}

fn header(text: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':')?;
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(arguments: &[&str]) -> Result<Request, Error> {
        parse(arguments.iter().map(OsString::from))
    }

    fn options(arguments: &[&str]) -> Options {
        match request(arguments).unwrap() {
            Request::Examine(options) => *options,
            other => panic!("{other:?}"),
        }
    }

    /// A URL is what has a scheme, and a dash is stdin.
    #[test]
    fn the_source_is_a_url_a_file_or_stdin() {
        assert!(matches!(options(&["-"]).source, Source::Stdin));
        assert!(
            matches!(options(&["a.prom"]).source, Source::File(path) if path.ends_with("a.prom"))
        );
        let source = options(&["http://service:1"]).source;
        assert!(matches!(source, Source::Url { timeout, .. } if timeout.as_secs() == 10));
    }

    /// In any order.
    #[test]
    fn every_option_is_read() {
        let options = options(&[
            "--json",
            "--strict",
            "--watch",
            "0.5",
            "http://service",
            "--timeout",
            "3",
            "--header",
            "authorization: Bearer x",
            "--allow",
            "unit",
            "--allow",
            "counter-suffix:a",
            "--max-series",
            "1",
        ]);
        assert!(options.is_strict && options.format == Format::Json);
        assert_eq!(options.watch, Some(Duration::from_millis(500)));
        let Source::Url { headers, timeout, .. } = options.source else { panic!("no URL") };
        assert_eq!((headers["authorization"].as_bytes(), timeout.as_secs()), (&b"Bearer x"[..], 3));
        let text = "# HELP a A.\n# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 1\n\
                    # HELP b_ms B.\n# TYPE b_ms gauge\nb_ms 1\n";
        let exposition = metrics_doctor::Exposition::parse(text).unwrap();
        let rules: Vec<_> =
            options.doctor.examine(&exposition).iter().map(metrics_doctor::Finding::rule).collect();
        assert_eq!(rules, [Rule::SeriesCount]);
    }

    /// Nothing on the command line is silently ignored.
    #[test]
    fn what_makes_no_sense_is_an_error() {
        for (arguments, said) in [
            (&[][..], "no URL and no file is given"),
            (&["-", "-"], "unexpected argument `-`"),
            (&["--verbose", "-"], "unexpected argument `--verbose`"),
            (&["-", "--allow", "nothing"], "there is no rule `nothing`"),
            (&["-", "--allow"], "there is no rule ``"),
            (&["-", "--max-series", "-1"], "`--max-series` wants a whole number"),
            (&["-", "--watch", "0"], "`--watch` wants a number of seconds above zero"),
            (&["-", "--timeout", "1e300"], "`--timeout` wants a number of seconds above zero"),
            (&["-", "--timeout", "NaN"], "`--timeout` wants a number of seconds above zero"),
            (&["-", "--header", "a"], "`--header` wants `NAME: TEXT`"),
            (&["-", "--watch", "1"], "`--watch` needs a URL to read from"),
            (&["a", "--header", "a: b"], "`--header` needs a URL to read from"),
            (&["a", "--timeout", "1"], "`--timeout` needs a URL to read from"),
            (&["ftp://a"], "the URL cannot be used: its scheme is neither `http` nor `https`"),
        ] {
            let error = request(arguments).unwrap_err();
            assert!(error.is_usage());
            assert_eq!(error.to_string(), said);
        }
    }

    /// Whoever asks is answered, whatever else is wrong.
    #[test]
    fn help_lists_every_rule() {
        assert!(matches!(request(&["--help"]), Ok(Request::Help)));
        assert!(matches!(request(&["a", "-h", "--wrong"]), Ok(Request::Help)));
        assert!(matches!(request(&["-V"]), Ok(Request::Version)));
        for rule in Rule::ALL {
            assert!(help().contains(&format!("\n  {rule}")), "{rule} is missing");
        }
    }
}

//! `#[timed]` on every kind of function.

mod support;

use std::fmt::{Debug, Display};
use std::future::{Future, pending};
use std::num::ParseIntError;
use std::pin::Pin;
use std::sync::LazyLock;

use tokio_test::block_on;
use tower_metrics_core::Buckets;
use tower_metrics_inference::timed;
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::log::logged;

use support::{count, lines, outcomes, panics, pause, poll_once, private_exporter};

/// Each test has names of its own in it.
static EXPORTER: LazyLock<Exporter> = LazyLock::new(private_exporter);

#[timed(
    name = "described_seconds",
    help = "Time of nothing.",
    buckets = [1, 2.5],
    labels(stage = "first", r#type = TYPE),
    recorder = EXPORTER.recorder(),
)]
fn described() {}

const TYPE: &str = "jpeg";

/// Nothing has to be said elsewhere.
#[test]
fn the_arguments_describe_the_metric() {
    described();
    let text = EXPORTER.render();
    assert!(text.contains("# HELP described_seconds Time of nothing.\n"), "{text}");
    let label = r#"{stage="first",type="jpeg""#;
    assert_eq!(
        lines(&EXPORTER, "described_seconds_bucket"),
        [
            format!("described_seconds_bucket{label},le=\"1\"}} 1"),
            format!("described_seconds_bucket{label},le=\"2.5\"}} 1"),
            format!("described_seconds_bucket{label},le=\"+Inf\"}} 1"),
        ]
    );
}

#[timed(recorder = EXPORTER.recorder(), buckets = Buckets::light())]
fn r#try() {}

/// A function has a name already.
#[test]
fn the_name_of_the_function_is_the_default() {
    r#try();
    assert_eq!(count(&EXPORTER, "try_duration_seconds"), 1);
    assert_eq!(lines(&EXPORTER, "try_duration_seconds_bucket").len(), 9);
}

/// `?` and `return` leave early, and are timed.
#[timed(recorder = EXPORTER.recorder())]
fn sync(input: &str) -> Result<u8, ParseIntError> {
    if input.is_empty() {
        return Ok(0);
    }
    let number: u8 = input.parse()?;
    assert!(number < 100, "scripted");
    Ok(number)
}

#[timed(recorder = EXPORTER.recorder(), outcome)]
fn sync_outcome(input: &str) -> Result<u8, Box<dyn std::error::Error>> {
    if input.is_empty() {
        return Err("empty".into());
    }
    let number: u8 = input.parse()?;
    assert!(number < 100, "scripted");
    Ok(number)
}

/// Every way out of a function is one.
#[test]
fn a_function_is_timed_however_it_ends() {
    assert_eq!(sync(""), Ok(0));
    assert_eq!(sync("7"), Ok(7));
    assert!(sync("a cat").is_err());
    assert!(panics(|| sync("100")));
    assert_eq!(count(&EXPORTER, "sync_duration_seconds"), 4);

    assert!(sync_outcome("").is_err());
    assert!(sync_outcome("a cat").is_err());
    assert_eq!(sync_outcome("7").unwrap(), 7);
    assert!(panics(|| sync_outcome("100")));
    assert_eq!(outcomes(&EXPORTER, "sync_outcome_duration_seconds"), [1, 2, 0, 1]);
}

#[timed(recorder = EXPORTER.recorder())]
async fn a_sync(input: &str) -> Result<u8, ParseIntError> {
    if input.is_empty() {
        return pending().await;
    }
    pause().await;
    let number: u8 = input.parse()?;
    assert!(number < 100, "scripted");
    Ok(number)
}

#[timed(recorder = EXPORTER.recorder(), outcome)]
async fn a_sync_outcome(input: &str) -> Result<u8, Box<dyn std::error::Error>> {
    match input {
        "" => return pending().await,
        "no" => return Err("no".into()),
        _ => pause().await,
    }
    let number: u8 = input.parse()?;
    assert!(number < 100, "scripted");
    Ok(number)
}

/// What is returned is what the signature says, not what the body looks like.
#[timed(recorder = EXPORTER.recorder(), outcome)]
async fn coerced() -> Result<Box<dyn Display>, String> {
    Ok(Box::new(7))
}

/// The whole of it is timed, not the making of its future.
#[test]
fn an_async_function_is_timed_to_its_end_or_until_it_is_dropped() {
    let name = "a_sync_duration_seconds";
    {
        let mut future = std::pin::pin!(a_sync("7"));
        assert!(poll_once(future.as_mut()).is_pending());
        assert_eq!(count(&EXPORTER, name), 0);
        assert_eq!(block_on(future), Ok(7));
        assert_eq!(count(&EXPORTER, name), 1);
    }
    assert!(block_on(a_sync("a cat")).is_err());
    assert!(panics(|| block_on(a_sync("100"))));
    assert!(poll_once(a_sync("")).is_pending());
    assert_eq!(count(&EXPORTER, name), 4);
    // Nothing of it has run.
    drop(a_sync(""));
    assert_eq!(count(&EXPORTER, name), 4);

    let name = "a_sync_outcome_duration_seconds";
    assert_eq!(block_on(a_sync_outcome("7")).unwrap(), 7);
    assert!(block_on(a_sync_outcome("a cat")).is_err());
    assert!(block_on(a_sync_outcome("no")).is_err());
    assert!(panics(|| block_on(a_sync_outcome("100"))));
    assert!(poll_once(a_sync_outcome("")).is_pending());
    assert_eq!(outcomes(&EXPORTER, name), [1, 2, 1, 1]);
    assert_eq!(block_on(coerced()).unwrap().to_string(), "7");
}

#[timed(recorder = EXPORTER.recorder())]
fn future(eager: &str) -> impl Future<Output = usize> + Send + use<> {
    let length = eager.len();
    async move {
        pause().await;
        length
    }
}

#[timed(recorder = EXPORTER.recorder(), outcome)]
fn future_outcome(input: &str) -> impl Future<Output = Result<u8, ParseIntError>> + '_ {
    async move {
        pause().await;
        input.parse()
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[timed(recorder = EXPORTER.recorder())]
fn boxed(input: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
    if input.is_empty() {
        return Box::pin(pending());
    }
    Box::pin(async { input.len() })
}

#[timed(recorder = EXPORTER.recorder(), outcome)]
fn pinned(input: &str) -> Pin<Box<dyn Future<Output = Result<u8, ParseIntError>> + Send + '_>> {
    Box::pin(async { input.parse() })
}

/// What this attribute cannot see is timed as what it looks like.
#[timed(recorder = EXPORTER.recorder())]
fn hidden(input: &str) -> Boxed<'_, usize> {
    Box::pin(async { input.len() })
}

/// To the caller they are async functions.
#[test]
fn a_function_that_returns_a_future_is_timed_to_the_end_of_that() {
    let name = "future_duration_seconds";
    let future = future("a cat");
    assert_eq!(count(&EXPORTER, name), 0);
    assert_eq!(block_on(future), 5);
    assert_eq!(count(&EXPORTER, name), 1);

    assert_eq!(block_on(future_outcome("7")), Ok(7));
    assert!(block_on(future_outcome("a cat")).is_err());
    drop(future_outcome("7"));
    assert_eq!(outcomes(&EXPORTER, "future_outcome_duration_seconds"), [1, 1, 1, 0]);

    assert_eq!(block_on(boxed("a cat")), 5);
    let mut pending = boxed("");
    assert!(poll_once(pending.as_mut()).is_pending());
    assert_eq!(count(&EXPORTER, "boxed_duration_seconds"), 1);
    drop(pending);
    assert_eq!(count(&EXPORTER, "boxed_duration_seconds"), 2);

    assert_eq!(block_on(pinned("7")), Ok(7));
    drop(pinned("7"));
    assert_eq!(outcomes(&EXPORTER, "pinned_duration_seconds"), [1, 0, 1, 0]);

    let future = hidden("a cat");
    assert_eq!(count(&EXPORTER, "hidden_duration_seconds"), 1);
    assert_eq!(block_on(future), 5);
}

struct Model<T> {
    name: T,
    runs: u32,
}

trait Predict {
    type Error: Debug;

    async fn predict(&mut self, input: &str) -> Result<String, Self::Error>;

    fn later(&self) -> impl Future<Output = u32> + Send;

    #[timed(recorder = EXPORTER.recorder())]
    fn provided(&self) -> u32 {
        7
    }
}

impl<T: Display + Sync> Predict for Model<T>
where
    T: Clone,
{
    type Error = ParseIntError;

    #[timed(recorder = EXPORTER.recorder(), outcome)]
    async fn predict(&mut self, input: &str) -> Result<String, Self::Error> {
        self.runs += input.parse::<u32>()?;
        pause().await;
        Ok(format!("{}: {}", self.name.clone(), self.runs))
    }

    #[timed(recorder = EXPORTER.recorder())]
    fn later(&self) -> impl Future<Output = u32> + Send {
        async { self.runs }
    }
}

impl<T: Display> Model<T> {
    #[timed(recorder = EXPORTER.recorder(), outcome)]
    fn first<'a, const N: usize, U>(
        &'a mut self,
        (one, _): (&'a U, u8),
        mut rest: [u32; N],
    ) -> Result<(&'a mut T, impl Iterator<Item = u32> + use<T, N, U>), &'a U>
    where
        U: PartialEq<u32> + ?Sized,
    {
        rest.reverse();
        self.runs += 1;
        if *one == self.runs {
            return Err(one);
        }
        Ok((&mut self.name, rest.into_iter()))
    }

    #[timed(recorder = EXPORTER.recorder())]
    fn into_name(self) -> T {
        self.name
    }
}

/// The attribute stands where the body does.
#[test]
fn methods_are_timed() {
    let mut model = Model { name: "bert", runs: 0 };
    assert_eq!(block_on(model.predict("7")).unwrap(), "bert: 7");
    assert!(block_on(model.predict("a cat")).is_err());
    assert_eq!(outcomes(&EXPORTER, "predict_duration_seconds"), [1, 1, 0, 0]);
    assert_eq!(block_on(model.later()), 7);
    assert_eq!(count(&EXPORTER, "later_duration_seconds"), 1);
    assert_eq!(model.provided(), 7);
    assert_eq!(count(&EXPORTER, "provided_duration_seconds"), 1);

    let (name, rest) = model.first((&1, 0), [1, 2]).ok().unwrap();
    *name = "gpt";
    assert_eq!(rest.collect::<Vec<_>>(), [2, 1]);
    assert!(model.first((&9, 0), []).is_err());
    assert_eq!(outcomes(&EXPORTER, "first_duration_seconds"), [1, 1, 0, 0]);
    assert_eq!(model.into_name(), "gpt");
    assert_eq!(count(&EXPORTER, "into_name_duration_seconds"), 1);
}

#[async_trait::async_trait]
trait Load: Sync {
    async fn load(&self, name: &str) -> Result<usize, String>;

    #[timed(recorder = EXPORTER.recorder(), labels(by = "default"))]
    async fn unload(&self) -> usize {
        pause().await;
        7
    }
}

#[async_trait::async_trait]
impl Load for String {
    #[timed(recorder = EXPORTER.recorder(), outcome)]
    async fn load(&self, name: &str) -> Result<usize, String> {
        pause().await;
        if name == self { Ok(name.len()) } else { Err(name.to_owned()) }
    }
}

/// `#[async_trait]` expands first, and leaves a function that returns a box.
#[test]
fn methods_of_async_trait_are_timed() {
    let dynamic: &dyn Load = &String::from("bert");
    assert_eq!(block_on(dynamic.load("bert")), Ok(4));
    assert!(block_on(dynamic.load("gpt")).is_err());
    assert!(poll_once(dynamic.load("bert")).is_pending());
    assert_eq!(outcomes(&EXPORTER, "load_duration_seconds"), [1, 1, 1, 0]);
    let future = dynamic.unload();
    let count = || lines(&EXPORTER, "unload_duration_seconds_count");
    assert_eq!(count(), [r#"unload_duration_seconds_count{by="default"} 0"#]);
    assert_eq!(block_on(future), 7);
    assert_eq!(count(), [r#"unload_duration_seconds_count{by="default"} 1"#]);
}

#[timed(name = "clash_seconds", help = "One.", recorder = EXPORTER.recorder())]
fn one() -> u8 {
    1
}

#[timed(name = "clash_seconds", help = "Other.", recorder = EXPORTER.recorder())]
fn other() -> u8 {
    2
}

#[timed(buckets = broken(), recorder = EXPORTER.recorder())]
fn broken_buckets() -> u8 {
    3
}

#[expect(clippy::panic, reason = "it is scripted")]
fn broken() -> Buckets {
    panic!("scripted")
}

/// Metrics are never the reason for a failure.
#[test]
fn a_function_whose_metric_is_refused_goes_on() {
    assert_eq!(one(), 1);
    let log = logged(|| assert_eq!([other(), other()], [2, 2]));
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].contains("with another help text"), "{log:?}");
    assert_eq!(count(&EXPORTER, "clash_seconds"), 3);

    let log = logged(|| assert_eq!([broken_buckets(), broken_buckets()], [3, 3]));
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].contains("an argument of `#[timed]` panicked"), "{log:?}");
    assert_eq!(lines(&EXPORTER, "broken_buckets"), [] as [&str; 0]);
}

/// Names that the expansion uses are free for the function.
#[timed(recorder = EXPORTER.recorder())]
fn hygienic(timer: u8) -> u8 {
    #![expect(unused_variables, reason = "it stands inside of the function")]
    static HANDLE: u8 = 1;
    let builder = timer;
    let returned = 3;
    builder + HANDLE
}

/// It knows nothing of what is around it, either.
#[test]
fn a_function_may_use_any_name() {
    assert_eq!(hygienic(1), 2);
    assert_eq!(count(&EXPORTER, "hygienic_duration_seconds"), 1);
}

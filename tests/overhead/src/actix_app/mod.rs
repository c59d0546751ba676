//! The variants of the actix-web app.

mod nothing;
mod subject;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::test::init_service;
use actix_web::{App, Error};
use tower_metrics::Exporter;
use tower_metrics::actix_web::Metrics;

use crate::variant::{BARE, NOTHING, OURS, Scrape, Variant};
use nothing::Nothing;
use subject::ActixSubject;

pub(crate) use subject::configure;

/// An app that `app` makes for each thread; what it wraps it with shares its metrics.
pub(crate) fn variant<T, B>(
    name: &'static str,
    app: impl Fn() -> App<T> + Send + Sync + 'static,
) -> Variant
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    Variant::new(name, move |mix, _| {
        let init = async || init_service(app().configure(configure)).await;
        Box::new(ActixSubject::new(init, mix))
    })
}

pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = vec![variant(BARE, App::new), variant(NOTHING, || App::new().wrap(Nothing))];
    #[cfg(feature = "peers")]
    variants.extend(crate::peers::actix_variants());
    variants.push(ours());
    variants
}

fn ours() -> Variant {
    let exporter = Exporter::builder().build().unwrap();
    let metrics = Metrics::new(&exporter);
    variant(OURS, move || App::new().wrap(metrics.clone()))
        .with_scrape(move || Scrape::of_text(&exporter.render()))
}

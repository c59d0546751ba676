//! The variants of the axum app.

mod layers;
mod subject;

use axum::Router;
use tower_metrics::Exporter;

use crate::variant::{BARE, NOTHING, OURS, Scrape, Variant, WRAP};
use layers::{NothingLayer, WrapLayer};
use subject::AxumSubject;

pub(crate) use subject::router;

/// An app whose metrics are those of all clones of `router`.
pub(crate) fn variant(name: &'static str, router: Router) -> Variant {
    let served = router.clone();
    Variant::new(name, move |mix, routing| Box::new(AxumSubject::new(router.clone(), mix, routing)))
        .with_router(served)
}

pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = vec![
        variant(BARE, router()),
        variant(NOTHING, router().layer(NothingLayer("nothing"))),
        variant(WRAP, router().layer(WrapLayer("wrap"))),
    ];
    #[cfg(feature = "peers")]
    variants.extend(crate::peers::axum_variants());
    variants.push(ours());
    variants
}

fn ours() -> Variant {
    let exporter = Exporter::builder().build().unwrap();
    let layer = tower_metrics::axum::builder().with_recorder(exporter.recorder()).build().unwrap();
    variant(OURS, router().layer(layer)).with_scrape(move || Scrape::of_text(&exporter.render()))
}

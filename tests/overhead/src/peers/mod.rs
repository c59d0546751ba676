//! The peers, each set up as its documentation shows.

mod axum_example;
mod open_telemetry;
mod recorder;
mod stores;

use actix_web::App;
use actix_web_metrics::ActixWebMetricsBuilder;
use actix_web_prom::PrometheusMetricsBuilder;
use axum::middleware::from_fn;
use axum_otel_metrics::HttpMetricsLayerBuilder;
use axum_prometheus::PrometheusMetricLayer;
use opentelemetry_030::metrics::MeterProvider as _;
use prometheus::TextEncoder;
use tower_otel_http_metrics::HTTPMetricsLayerBuilder;

use crate::variant::{Scrape, Variant};
use crate::{actix_app, axum_app};
use axum_app::router;

pub(crate) use stores::stores;

pub(crate) fn axum_variants() -> Vec<Variant> {
    recorder::handle();
    let scrape = || Scrape::of_text(&recorder::handle().render());
    vec![
        axum_app::variant("axum-prometheus", router().layer(PrometheusMetricLayer::new()))
            .with_upkeep(recorder::upkeep)
            .with_scrape(scrape),
        tower_otel_http_metrics(),
        axum_otel_metrics(),
        axum_app::variant("axum-example", router().layer(from_fn(axum_example::track_metrics)))
            .with_upkeep(recorder::upkeep)
            .with_scrape(scrape),
    ]
}

fn tower_otel_http_metrics() -> Variant {
    let reader = open_telemetry::for_tower_otel::Reader::default();
    let provider = reader.provider();
    let layer = HTTPMetricsLayerBuilder::builder().with_meter(provider.meter("overhead")).build();
    let layer = layer.ok().unwrap();
    axum_app::variant("tower-otel-http-metrics", router().layer(layer)).with_scrape(move || {
        let _alive = &provider;
        reader.scrape()
    })
}

fn axum_otel_metrics() -> Variant {
    let reader = open_telemetry::for_axum_otel::Reader::default();
    let provider = reader.provider();
    let layer = HttpMetricsLayerBuilder::new().with_provider(provider.clone()).build();
    axum_app::variant("axum-otel-metrics", router().layer(layer)).with_scrape(move || {
        let _alive = &provider;
        reader.scrape()
    })
}

pub(crate) fn actix_variants() -> Vec<Variant> {
    recorder::handle();
    let prom = PrometheusMetricsBuilder::new("api").endpoint("/metrics").build().unwrap();
    let registry = prom.registry.clone();
    let metrics = ActixWebMetricsBuilder::new().build();
    vec![
        actix_app::variant("actix-web-prom", move || App::new().wrap(prom.clone())).with_scrape(
            move || {
                let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
                Scrape::of_text(&text)
            },
        ),
        actix_app::variant("actix-web-metrics", move || App::new().wrap(metrics.clone()))
            .with_upkeep(recorder::upkeep)
            .with_scrape(|| Scrape::of_text(&recorder::handle().render())),
    ]
}

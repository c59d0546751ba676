//! Answers scrapes.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use tower_metrics_prometheus::{Exporter, Scrape, ScrapeAnswer, ScrapeRequest};

use crate::scrape_body::ScrapeBody;

/// A resource that answers `GET` and `HEAD` for `path` with the metrics of `exporter`; other
/// methods with 405.
///
/// For apps that mount it as a route of their own, in a scope behind authentication for example.
/// It is measured like any other route, unless it stands where [`Metrics`](crate::Metrics) answers.
///
/// ```
/// use actix_web::{App, web};
/// use tower_metrics_actix_web::endpoint;
/// use tower_metrics_prometheus::Exporter;
///
/// let exporter = Exporter::builder().build()?;
/// let app = App::new().service(web::scope("/admin").service(endpoint("/metrics", &exporter)));
/// # Ok::<(), tower_metrics_prometheus::ExporterError>(())
/// ```
pub fn endpoint(path: &str, exporter: &Exporter) -> Resource {
    let exporter = exporter.clone();
    web::resource(path).route(web::to(move |request: HttpRequest| {
        let scrape = scrape(&exporter, &request);
        async { respond(scrape.await) }
    }))
}

pub(crate) fn scrape(exporter: &Exporter, request: &HttpRequest) -> Scrape {
    let asked = request
        .headers()
        .iter()
        .fold(ScrapeRequest::new(request.method().as_str()), |asked, (name, value)| {
            asked.with_header(name.as_str(), value.as_bytes())
        });
    exporter.scrape(&asked)
}

/// The answer; actix-web leaves out the body of one to `HEAD`.
pub(crate) fn respond(answer: ScrapeAnswer) -> HttpResponse<ScrapeBody> {
    let status = StatusCode::from_u16(answer.status());
    let mut response = HttpResponse::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in answer.headers() {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response.set_body(ScrapeBody::new(answer.into_body()))
}

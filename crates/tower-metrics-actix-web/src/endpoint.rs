//! Answers scrapes.

use actix_web::http::{Method, header};
use actix_web::{HttpResponse, Resource, web};
use bytes::Bytes;
use tower_metrics_prometheus::{CONTENT_TYPE, Exporter, RenderingFailed};

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
    let scrape = {
        let exporter = exporter.clone();
        move || {
            let rendering = exporter.rendering();
            async { respond(rendering.await) }
        }
    };
    web::resource(path)
        .route(web::get().to(scrape.clone()))
        .route(web::head().to(scrape))
        .default_service(web::to(async || method_not_allowed()))
}

pub(crate) fn allows(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

pub(crate) fn respond(rendered: Result<Bytes, RenderingFailed>) -> HttpResponse<Bytes> {
    match rendered {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, CONTENT_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish()
            .set_body(text),
        Err(error) => {
            HttpResponse::InternalServerError().finish().set_body(format!("{error}\n").into())
        }
    }
}

pub(crate) fn method_not_allowed() -> HttpResponse<Bytes> {
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, "GET, HEAD"))
        .finish()
        .set_body(Bytes::new())
}

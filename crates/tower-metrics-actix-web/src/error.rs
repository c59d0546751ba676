//! How a request ends that a service answers with an error.

use actix_web::Error;
use actix_web::http::StatusCode;
use tower_metrics_core::request::AbortReason;

/// The status of the response that actix-web makes of `error`, and why the request did not end well:
/// it is an ordinary answer, unless it says that the service failed.
pub(crate) fn answer_to(error: &Error) -> (StatusCode, Option<AbortReason>) {
    let status = error.as_response_error().status_code();
    (status, status.is_server_error().then_some(AbortReason::ServiceError))
}

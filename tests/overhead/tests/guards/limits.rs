//! What a request may cost, and why that much.

/// A limit of one number.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) what: &'static str,
    pub(crate) max: f64,
    pub(crate) reason: &'static str,
}

const fn limit(what: &'static str, max: f64, reason: &'static str) -> Limit {
    Limit { what, max, reason }
}

/// Allocations per request, over the whole load.
pub(crate) const ALLOCATIONS: &[Limit] = &[
    limit(
        "axum, served, above wrap",
        0.0,
        "the guard travels in the future and in the body, which any layer has to wrap that sees \
         where a response ends",
    ),
    limit(
        "axum, per request, above wrap",
        0.0,
        "a service is no larger than a pointer beside its inner one, whatever axum does with it",
    ),
    limit(
        "actix-web, above bare",
        1.2,
        "actix-web gives the pattern of a route as a `String`, which grows once if the pattern is \
         longer than 24 bytes, as 6 of 33 are in this load",
    ),
];

/// Bytes of what is moved in the life of a request, beside what it wraps.
pub(crate) const SIZES: &[Limit] = &[
    limit("RequestGuard", 8.0, "it is a pointer to what is known of the request"),
    limit(
        "middleware::MetricsService",
        16.0,
        "it holds a pointer to what all services share, or to one thread's copy of that",
    ),
    limit(
        "middleware::ResponseFuture",
        16.0,
        "it holds a guard, and a pointer to the functions that make labels of responses",
    ),
    limit("middleware::ResponseBody", 8.0, "it holds a guard"),
    limit("actix_web::MetricsService", 16.0, "it holds two pointers to what a worker shares"),
    limit(
        "actix_web::ResponseFuture",
        88.0,
        "it holds a guard, what the route was named and where else to find it, or a scrape that is \
         being answered",
    ),
    limit("actix_web::ResponseBody", 8.0, "it holds a guard"),
];

//! Moving a service here from another library: its code, the names of its metrics, its queries, and
//! what is counted differently.

#[cfg(all(feature = "axum", feature = "prometheus"))]
#[doc = include_str!("../docs/from-axum-prometheus.md")]
pub mod from_axum_prometheus {}

#[cfg(all(feature = "actix-web", feature = "prometheus"))]
#[doc = include_str!("../docs/from-actix-web-prom.md")]
pub mod from_actix_web_prom {}

#[cfg(all(feature = "axum", feature = "macros", feature = "push"))]
#[doc = include_str!("../docs/from-fastapi.md")]
pub mod from_fastapi {}

//! A gateway, and how it is spoken to.

mod credentials;
mod grouping;
mod headers;
mod settings;
mod target;
mod tls;

pub(crate) use self::settings::Gateway;
pub use self::settings::PushGateway;
pub(crate) use self::target::Target;

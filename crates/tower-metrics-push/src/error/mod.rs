//! What can go wrong: while a gateway is described, and while it is pushed to.

mod gateway;
mod push;

pub use self::gateway::PushGatewayError;
pub use self::push::PushError;

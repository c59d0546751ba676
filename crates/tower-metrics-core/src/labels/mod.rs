//! Label values as types with a bounded set of values.

mod grpc_status;
mod limit;
mod method;
pub(crate) mod route;

pub use self::grpc_status::GrpcStatus;
pub use self::limit::LabelLimit;
pub use self::method::Method;
pub(crate) use self::method::{MethodLabel, MethodNames};
pub(crate) use self::route::{Route, RouteSlot};

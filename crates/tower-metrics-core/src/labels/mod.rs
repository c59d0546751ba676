//! Label values as types with a bounded set of values.

mod grpc_status;
mod method;
mod route;

pub use self::grpc_status::GrpcStatus;
pub use self::method::Method;
pub use self::route::Route;
pub(crate) use self::route::RouteSlot;

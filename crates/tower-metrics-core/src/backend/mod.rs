//! Where metrics go: a recorder that also takes declarations.
//!
//! That is a [`Backend`]. [`Global`] stands for the one of the process;
//! [`Describing`] makes one of any [`metrics::Recorder`].

pub(crate) mod contract;
mod describing;
pub(crate) mod error;
mod forward;
mod global;

pub(crate) use self::contract::Backend;
pub use self::contract::{Operation, observable};
pub use self::describing::{Describing, describe};
pub(crate) use self::error::DeclareError;
pub use self::global::Global;

//! Requests whose path names a model, measured by a layer: the handler has no code for it.
//!
//! | file | what it shows |
//! |---|---|
//! | `outcomes` | each way in which a request can end, by scripts |
//! | `names` | where the model's name comes from, and what a client can make of it |
//! | `transparency` | that neither side notices the layer |
//! | `servers` | real axum servers, and clients that leave |

mod measured;
mod names;
mod outcomes;
mod servers;
mod transparency;

use self::measured::{Books, MODEL, inference};

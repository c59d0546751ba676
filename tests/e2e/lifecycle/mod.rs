//! Every request is counted once, whatever happens to it.
//!
//! Services and bodies follow scripts and are polled by hand, without a runtime or a socket, so
//! that each test decides at which poll something happens. Nothing but the public API is used: a
//! layer that records into an exporter of its own, and the text that this exporter renders.
//!
//! | file | what it shows |
//! |---|---|
//! | `table` | each way in which a request can end |
//! | `panics` | that a panic is told from a cancellation, whoever catches it |
//! | `complete` | that a body can be complete though nobody polled it to its end |
//! | `transparency` | that neither side notices the layer |
//! | `grpc` | the label `grpc_status` |
//! | `clock` | when the clocks of a request stop |
//! | `sizes` | that bytes are counted once per request, as far as they went |
//! | `names` | late names, and more names than are allowed |
//! | `recorders` | recorders of others, which know no declarations and forget |
//! | `late` | requests that are there before the recorder |
//! | `lifetime` | what is kept of a layer that is gone |
//! | `threads` | requests that arrive on one thread and end on another |
//! | `property` | all of it at random, against a model |

mod clock;
mod complete;
mod grpc;
mod late;
mod lifetime;
mod measured;
mod names;
mod panics;
mod property;
mod recorders;
mod sizes;
mod table;
mod tally;
mod threads;
mod time;
mod transparency;

//! Models: registered once, loaded and unloaded, and counted under their own name from then on.
//!
//! An [`Entry`] is all that is known of a registered model: its name, its [`State`](state::State),
//! and its [`Series`], in which requests are recorded. [`Model`] is what users hold of it. There is
//! one more entry, `unknown`, for names that were never registered; it is made when it is needed.
//!
//! The gauges follow from the state, and are set under its lock: `model_loaded` is 1 only after a
//! [`Loading`] has succeeded, and a load that fails leaves alone what an earlier one has loaded.
//! Handles of the recorder are kept, and looked up again where it may have forgotten them
//! ([`Handle`](handle::Handle)), or where another one was installed ([`Source`]).

mod entry;
mod handle;
mod load;
mod loading;
mod model;
mod name;
mod series;
mod source;
mod state;

pub(crate) use self::entry::Entry;
pub use self::load::Load;
pub use self::loading::{Loaded, Loading};
pub use self::model::Model;
pub(crate) use self::name::check_name;
pub(crate) use self::series::Series;
pub(crate) use self::source::{Source, to_f64};
pub use self::state::{LoadStatus, ModelState};

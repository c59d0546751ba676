//! Models: registered once, loaded and unloaded, and counted under their own name from then on.

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

//! What is known of a model besides its requests.

use std::sync::Arc;

/// Where a model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelState {
    /// It has a name, and was never loaded.
    Registered,
    /// It is being loaded, and is not loaded yet.
    Loading,
    /// It is loaded, and maybe being loaded anew.
    Loaded,
    /// It is not loaded, and the last attempt failed.
    Failed,
    /// It was loaded, and is not any more.
    Unloaded,
}

impl ModelState {
    /// Whether the model is loaded.
    pub fn is_loaded(self) -> bool {
        self == Self::Loaded
    }

    /// Returns the state in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Loading => "loading",
            Self::Loaded => "loaded",
            Self::Failed => "failed",
            Self::Unloaded => "unloaded",
        }
    }
}

/// How a load ended: the values of the label `status` of `model_loads_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadStatus {
    /// The model is loaded.
    Success,
    /// Loading returned an error or panicked.
    Error,
    /// Loading was dropped before it had ended.
    Cancelled,
}

impl LoadStatus {
    /// All of them.
    pub const ALL: &'static [Self] = &Self::EACH;

    // Apart, since its length is no part of the interface.
    pub(crate) const EACH: [Self; 3] = [Self::Success, Self::Error, Self::Cancelled];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The state of a model, from which its gauges follow.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) loaded: bool,
    loading: usize,
    /// What the model is while it is neither loaded nor being loaded.
    otherwise: ModelState,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) max_concurrency: Option<usize>,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            loaded: false,
            loading: 0,
            otherwise: ModelState::Registered,
            version: None,
            max_concurrency: None,
        }
    }

    pub(crate) fn get(&self) -> ModelState {
        if self.loaded {
            ModelState::Loaded
        } else if self.loading > 0 {
            ModelState::Loading
        } else {
            self.otherwise
        }
    }

    pub(crate) fn begin_loading(&mut self) {
        self.loading += 1;
    }

    /// A load that fails leaves alone what an earlier one has loaded.
    pub(crate) fn end_loading(&mut self, status: LoadStatus) {
        self.loading = self.loading.saturating_sub(1);
        match status {
            LoadStatus::Success => self.loaded = true,
            LoadStatus::Error => self.otherwise = ModelState::Failed,
            LoadStatus::Cancelled => {}
        }
    }

    /// Whether there was something to unload.
    pub(crate) fn unload(&mut self) -> bool {
        let was_loaded = std::mem::take(&mut self.loaded);
        if was_loaded {
            self.otherwise = ModelState::Unloaded;
        }
        was_loaded
    }
}

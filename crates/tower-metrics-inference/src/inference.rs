//! The registry of models.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use tower_metrics_core::observe::{BackendExt as _, Value};
use tower_metrics_core::{Backend, DeclareError, Observation};

use crate::builder::InferenceBuilder;
use crate::error::InferenceError;
use crate::models::{Entry, Load, Loading, Model, ModelState, Source, check_name};
use crate::names::InferenceMetric;

/// The metrics of an inference service, and the registry of its models.
///
/// Clones share everything. Build one for each backend: `models_loaded_count` has no label, so that
/// two would overwrite each other's. See the [crate's docs](crate).
#[derive(Clone)]
pub struct Inference {
    shared: Arc<Shared>,
}

struct Shared {
    source: Arc<Source>,
    max_models: usize,
    /// Read for each request, written when a model is registered.
    models: ArcSwap<BTreeMap<Arc<str>, Arc<Entry>>>,
    registering: Mutex<()>,
    /// Made when it is needed, so that a service without unknown models does not show it.
    unknown: OnceLock<Arc<Entry>>,
}

impl Inference {
    /// Starts from the defaults.
    pub fn builder() -> InferenceBuilder {
        InferenceBuilder::new()
    }

    pub(crate) fn from_parts(
        backend: Arc<dyn Backend>,
        with_tokens: bool,
        max_models: usize,
        max_label_values: usize,
    ) -> Self {
        let source = Arc::new(Source::new(backend, with_tokens, max_label_values));
        let shared = Arc::new(Shared {
            source,
            max_models,
            models: ArcSwap::default(),
            registering: Mutex::default(),
            unknown: OnceLock::new(),
        });
        let weak = Arc::downgrade(&shared);
        shared.source.backend.when_recording(Box::new(move || {
            if let Some(shared) = weak.upgrade() {
                shared.show();
            }
        }));
        Self { shared }
    }

    /// Registers a model: from now on its requests are counted under `name`, and its series are
    /// there, at zero. The same name again is the same model.
    ///
    /// # Errors
    ///
    /// [`InferenceError`] if as many models as are allowed are registered, or the name is empty,
    /// longer than 256 bytes, or `unknown`, which stands for all that is not registered.
    pub fn register(&self, name: &str) -> Result<Model, InferenceError> {
        self.shared.register(name).map(Model::new)
    }

    /// Registers a model and loads it: `model_loaded` is 1 once `load` has returned `Ok`.
    ///
    /// A model that is loaded already stays so meanwhile, and also if loading it anew fails. A
    /// model that is unloaded meanwhile is loaded when `load` has returned.
    ///
    /// ```
    /// # use tower_metrics_inference::{Inference, ModelState};
    /// # async fn read_weights() -> Result<Vec<f32>, std::io::Error> { Ok(vec![1.0]) }
    /// # tokio_test::block_on(async {
    /// let inference = Inference::builder().build()?;
    /// let model = inference.load("resnet50", read_weights()).await?;
    /// assert_eq!(model.value(), &[1.0]);
    /// assert_eq!(model.state(), ModelState::Loaded);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`LoadError`](crate::LoadError): as [`register`](Self::register), or what `load` failed with.
    ///
    /// # Cancellation
    ///
    /// Dropped before `load` has returned, the load counts as cancelled.
    pub fn load<F, T, E>(&self, name: &str, load: F) -> Load<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        Load::new(self.clone(), name, load)
    }

    /// Registers a model and notes that it is being loaded: [`load`](Self::load) for code that is
    /// not a future.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub fn loading(&self, name: &str) -> Result<Loading, InferenceError> {
        self.shared.register(name).map(Loading::new)
    }

    /// Notes that a model was unloaded; `false` if it was not loaded.
    ///
    /// Requests that run meanwhile go on, and are counted as ever.
    pub fn unload(&self, name: &str) -> bool {
        self.shared.find(name).is_some_and(|entry| entry.unload())
    }

    /// The metrics for requests to the model of this name; those of `unknown` if it was never
    /// registered.
    ///
    /// The name may come from anybody: it is looked up, and never kept.
    pub fn model(&self, name: &str) -> Model {
        self.find(name).unwrap_or_else(|| Model::new(self.shared.unknown()))
    }

    /// The registered model of this name.
    pub fn find(&self, name: &str) -> Option<Model> {
        self.shared.find(name).map(Model::new)
    }

    /// All registered models, by name.
    pub fn models(&self) -> Vec<Model> {
        self.shared.models.load().values().cloned().map(Model::new).collect()
    }

    /// Where the registered model of this name stands.
    pub fn state(&self, name: &str) -> Option<ModelState> {
        self.shared.find(name).map(|entry| entry.state())
    }

    /// Shows what `length` returns as `inference_queue_length`: it is called whenever the metrics
    /// are rendered, and at no other time. Dropping the handle ends it.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if the metric is declared already with another meaning, or is observed
    /// already.
    pub fn observe_queue_length<V: Value>(
        &self,
        length: impl Fn() -> V + Send + Sync + 'static,
    ) -> Result<Observation, DeclareError> {
        let spec = InferenceMetric::QueueLength.spec();
        self.shared.source.backend.gauge_fn(spec, &[], length)
    }
}

impl Shared {
    fn find(&self, name: &str) -> Option<Arc<Entry>> {
        self.models.load().get(name).cloned()
    }

    fn unknown(&self) -> Arc<Entry> {
        let make = || Arc::new(Entry::unknown(Arc::clone(&self.source)));
        Arc::clone(self.unknown.get_or_init(make))
    }

    fn register(&self, name: &str) -> Result<Arc<Entry>, InferenceError> {
        let _registering = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = self.find(name) {
            return Ok(entry);
        }
        check_name(name)?;
        let mut models = BTreeMap::clone(&self.models.load());
        if models.len() >= self.max_models {
            let (name, max) = (name.to_owned(), self.max_models);
            return Err(InferenceError::TooManyModels { name, max });
        }
        let name: Arc<str> = name.into();
        let entry = Arc::new(Entry::registered(Arc::clone(&name), Arc::clone(&self.source)));
        models.insert(name, Arc::clone(&entry));
        self.models.store(Arc::new(models));
        Ok(entry)
    }

    /// Makes everything visible that is known before the first request.
    fn show(&self) {
        let _registering = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        self.source.show_count(&self.source.states());
        for entry in self.models.load().values() {
            entry.show();
        }
    }
}

impl fmt::Debug for Inference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.shared.models.load();
        f.debug_struct("Inference").field("models", &names.keys()).finish_non_exhaustive()
    }
}

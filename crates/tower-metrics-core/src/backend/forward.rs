//! A recorder that hands everything to another.

/// Writes the methods of a recorder; `$with` calls a closure with the one behind it.
macro_rules! forward_recorder {
    ($self:ident, $with:expr) => {
        forward_recorder!(@describe describe_counter, $self, $with);
        forward_recorder!(@describe describe_gauge, $self, $with);
        forward_recorder!(@describe describe_histogram, $self, $with);
        forward_recorder!(@register register_counter -> Counter, $self, $with);
        forward_recorder!(@register register_gauge -> Gauge, $self, $with);
        forward_recorder!(@register register_histogram -> Histogram, $self, $with);
    };
    (@describe $method:ident, $self:ident, $with:expr) => {
        fn $method(
            &$self,
            key: metrics::KeyName,
            unit: Option<metrics::Unit>,
            help: metrics::SharedString,
        ) {
            $with(|recorder: &dyn metrics::Recorder| recorder.$method(key, unit, help));
        }
    };
    (@register $method:ident -> $handle:ident, $self:ident, $with:expr) => {
        fn $method(
            &$self,
            key: &metrics::Key,
            metadata: &metrics::Metadata<'_>,
        ) -> metrics::$handle {
            $with(|recorder: &dyn metrics::Recorder| recorder.$method(key, metadata))
        }
    };
}

pub(super) use forward_recorder;

//! Meter providers for the peers that record into OpenTelemetry, read when they are asked.
//!
//! The peers need different releases of OpenTelemetry, whose types do not mix.

macro_rules! provider {
    ($module:ident, $sdk:ident) => {
        pub(super) mod $module {
            use std::sync::Arc;
            use std::time::Duration;

            use $sdk::error::OTelSdkResult;
            use $sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
            use $sdk::metrics::reader::MetricReader;
            use $sdk::metrics::{
                InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
            };

            use crate::variant::Scrape;

            /// A reader whose clones collect the same.
            #[derive(Clone, Debug, Default)]
            pub(in crate::peers) struct Reader(Arc<ManualReader>);

            impl Reader {
                pub(in crate::peers) fn provider(&self) -> SdkMeterProvider {
                    SdkMeterProvider::builder().with_reader(self.clone()).build()
                }

                pub(in crate::peers) fn scrape(&self) -> Scrape {
                    let mut collected = ResourceMetrics::default();
                    self.0.collect(&mut collected).unwrap();
                    let scopes = collected.scope_metrics().flat_map(|scope| scope.metrics());
                    let samples = scopes.map(|metric| match metric.data() {
                        AggregatedMetrics::F64(data) => samples(data),
                        AggregatedMetrics::U64(data) => samples(data),
                        AggregatedMetrics::I64(data) => samples(data),
                    });
                    Scrape { samples: samples.sum(), bytes: None }
                }
            }

            fn samples<T>(data: &MetricData<T>) -> usize {
                match data {
                    MetricData::Gauge(gauge) => gauge.data_points().count(),
                    MetricData::Sum(sum) => sum.data_points().count(),
                    // Prometheus has a sample for each bucket, the sum and the count.
                    MetricData::Histogram(histogram) => {
                        histogram.data_points().map(|point| point.bucket_counts().count() + 2).sum()
                    }
                    MetricData::ExponentialHistogram(histogram) => histogram.data_points().count(),
                }
            }

            impl MetricReader for Reader {
                fn register_pipeline(&self, pipeline: std::sync::Weak<Pipeline>) {
                    self.0.register_pipeline(pipeline);
                }

                fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
                    self.0.collect(metrics)
                }

                fn force_flush(&self) -> OTelSdkResult {
                    self.0.force_flush()
                }

                fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
                    self.0.shutdown_with_timeout(timeout)
                }

                fn temporality(&self, kind: InstrumentKind) -> Temporality {
                    self.0.temporality(kind)
                }
            }
        }
    };
}

provider!(for_tower_otel, opentelemetry_sdk_030);
provider!(for_axum_otel, opentelemetry_sdk_032);

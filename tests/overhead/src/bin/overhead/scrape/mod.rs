//! What scraping costs: the one who renders, and those who wait meanwhile.

pub(crate) mod latency;
pub(crate) mod render;

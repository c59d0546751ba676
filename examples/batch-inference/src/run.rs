//! The run over all items.

use std::{error::Error, fmt, io};

use inference_model::{ApiError, OfflineModel};
use tower_metrics::BatchJob;

use crate::{
    items::{Items, Line, LineError},
    progress::Progress,
};

/// How many items were processed, and how many of them in vain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) items: u64,
    pub(crate) errors: u64,
}

/// Processes one item after the other. What is wrong with one is counted and printed, and the run
/// goes on; only a file that cannot be read any further ends it.
pub(crate) async fn process(
    mut items: Items,
    model: &OfflineModel,
    job: &BatchJob,
    progress: &Progress,
    tally: &mut Tally,
) -> io::Result<()> {
    while let Some(line) = items.next().await? {
        let processed = job.item_async(predict(model, &line)).await;
        tally.items += 1;
        if let Err(error) = processed {
            tally.errors += 1;
            progress.print(format_args!("line {}: {}", line.number, Explained(&error)));
        }
        progress.advance(line.length, tally.items);
    }
    Ok(())
}

/// Runs the model, whose answer a real job would keep.
async fn predict(model: &OfflineModel, line: &Line) -> Result<(), ItemError> {
    let request = line.parse().map_err(ItemError::Line)?;
    model.predict(request).await.map_err(ItemError::Model)?;
    Ok(())
}

/// Why an item has no prediction.
#[derive(Debug)]
enum ItemError {
    Line(LineError),
    Model(ApiError),
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(error) => error.fmt(f),
            Self::Model(error) => error.fmt(f),
        }
    }
}

impl Error for ItemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // Their text is the whole text above.
        match self {
            Self::Line(error) => error.source(),
            Self::Model(error) => error.source(),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} items, {} of them errors", self.items, self.errors)
    }
}

/// An error with what caused it, in one line.
pub(crate) struct Explained<'a>(pub(crate) &'a dyn Error);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

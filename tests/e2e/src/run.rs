//! Running tests: on the shared stage, or alone.

use std::sync::{LazyLock, OnceLock};

use anyhow::{Context as _, Result, anyhow};
use tokio::{
    runtime::Runtime,
    sync::{OnceCell, Semaphore},
};

use crate::{Operator, Stage};

/// Labs of single tests that run at the same time: more of them than this only wait for the processor.
const LABS: usize = 3;

/// One runtime for all tests: clients are bound to the runtime that made them, and the shared stage outlives each test.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();
static SHARED: OnceCell<Result<(Stage, Operator), String>> = OnceCell::const_new();
static PERMITS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(LABS));

/// Runs `test` with the lab and operator that ordinary tests share. They are started for the first of them, and end with
/// the process. After each test everything that the operator has said so far is searched for secret values.
///
/// # Errors
/// Those of `test`; the stage could not be set; a secret value got out.
pub fn shared(test: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    runtime()?.block_on(async {
        let shared = SHARED
            .get_or_init(|| async { set().await.map_err(|error| format!("{error:#}")) })
            .await;
        let (stage, operator) = shared
            .as_ref()
            .map_err(|error| anyhow!("the shared stage is not set: {error}"))?;
        test(stage).await?;
        operator.search().await
    })
}

/// Runs `test` beside the others, for one that has a lab of its own.
///
/// # Errors
/// Those of `test`.
pub fn alone(test: impl AsyncFnOnce() -> Result<()>) -> Result<()> {
    runtime()?.block_on(async {
        let _permit = PERMITS.acquire().await?;
        test().await
    })
}

async fn set() -> Result<(Stage, Operator)> {
    let stage = Stage::with_controllers().await?;
    let operator = stage.operator().await?;
    Ok((stage, operator))
}

fn runtime() -> Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Runtime::new().context("starting the tests' runtime")?;
    // Another test may have been faster; the runtime that lost has nothing to do and ends here.
    Ok(RUNTIME.get_or_init(|| made))
}

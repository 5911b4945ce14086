//! Several operators behind the Service that is shipped.

use anyhow::{Result, ensure};
use secretwire_e2e::alone;

use super::{fleet::Fleet, load::Load, objects::elements, stand::Stand};

#[test]
fn no_admission_fails_while_every_replica_is_replaced() -> Result<()> {
    alone(async || {
        let fleet = Fleet::install().await?;
        let (first, second) = tokio::try_join!(fleet.join(), fleet.join())?;
        for entry in elements(&fleet.configuration().await?["webhooks"]) {
            let service = &entry["clientConfig"]["service"]["name"];
            ensure!(service == "secretwire-webhook", "{entry}");
        }
        let stand = Stand::open(fleet.stage(), "replaced").await?;
        stand.synced("db").await?;
        let load = Load::start(&stand).await?;
        // As a rolling update does: one is there before another goes.
        let third = fleet.join().await?;
        fleet.leave(first).await?;
        load.go_on().await?;
        let fourth = fleet.join().await?;
        fleet.leave(second).await?;
        load.stop().await?;
        stand.search().await?;
        drop((stand, third, fourth));
        fleet.stop().await
    })
}

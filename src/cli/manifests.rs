use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, ResourceExt,
    api::{Patch, PatchParams},
};

use super::write_out;
use crate::{
    args::ManifestsArgs,
    manifests::{Selection, render},
};

/// Prints what was selected to standard output.
pub(crate) fn print(args: &ManifestsArgs) -> anyhow::Result<()> {
    let namespace = args.namespace.as_str();
    let selection = match (args.crds, args.webhook_url.as_deref()) {
        (true, _) => Selection::Definitions,
        (false, Some(webhook_url)) => Selection::Outside {
            namespace,
            webhook_url,
        },
        (false, None) => Selection::InCluster { namespace },
    };
    let text = render(selection)?;
    Ok(write_out(&text)?)
}

/// Creates or updates the CustomResourceDefinitions.
pub(crate) async fn install_crds(client: &Client) -> Result<(), kube::Error> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let params = PatchParams::apply("secretwire-crds").force();
    for crd in secretwire_api::crds() {
        api.patch(&crd.name_any(), &params, &Patch::Apply(&crd))
            .await?;
    }
    Ok(())
}

//! A lab in which the operator is installed.

use anyhow::{Result, ensure};
use kube::Client;
use secretwire_lab::{ApiRequest, AuditEntry, Lab, LabBuilder, Mark, OperatorOptions, User};

use crate::{Operator, Space, binary, operator_binary};

/// A lab with the operator's resource definitions, account and rights, as `secretwire manifests` prints them. Operators
/// that run in it have these rights and no others.
pub struct Stage {
    lab: Lab,
    client: Client,
}

impl Stage {
    /// With Vault, and without controllers: nothing in it writes by itself.
    ///
    /// # Errors
    /// A server does not start, or the API server refuses the manifests.
    pub async fn quiet() -> Result<Self> {
        Self::start(Lab::builder().vault()).await
    }

    /// With Vault and controllers.
    ///
    /// # Errors
    /// As for [`quiet`](Self::quiet).
    pub async fn with_controllers() -> Result<Self> {
        Self::start(Lab::builder().vault().controllers()).await
    }

    /// With what `builder` asks for.
    ///
    /// # Errors
    /// As for [`quiet`](Self::quiet).
    pub async fn start(builder: LabBuilder) -> Result<Self> {
        // A missing operator is told before servers are started for it.
        let manifests = binary::manifests()?;
        let lab = builder.start().await?;
        lab.apply(&manifests).await?;
        let client = lab.apiserver().client().await?;
        Ok(Self { lab, client })
    }

    /// The lab.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// The administrator's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How operators run here: logging all that they can, and trying again soon.
    ///
    /// # Errors
    /// There is no operator to run.
    pub fn options(&self) -> Result<OperatorOptions> {
        Ok(OperatorOptions::new(operator_binary()?)
            .arg("--zap-log-level=info,secretwire=trace")
            .arg("--backoff-initial-interval=1s")
            .arg("--backoff-max-interval=4s"))
    }

    /// Starts an operator and waits until it is ready.
    ///
    /// # Errors
    /// It ended, or was not ready in time.
    pub async fn operator(&self) -> Result<Operator> {
        self.operator_with(&self.options()?).await
    }

    /// Starts an operator with other options.
    ///
    /// # Errors
    /// As for [`operator`](Self::operator).
    pub async fn operator_with(&self, options: &OperatorOptions) -> Result<Operator> {
        Ok(Operator::new(self.lab.operator(options).await?))
    }

    /// A namespace for one test, with a `VaultConnection`, and a `VaultAuth` that may read what the test writes.
    ///
    /// # Errors
    /// The API server or Vault refuses.
    pub async fn space(&self, prefix: &str) -> Result<Space<'_>> {
        let space = self.empty_space(prefix).await?;
        space.create_connection().await?;
        space.create_auth().await?;
        space.grant().await?;
        Ok(space)
    }

    /// A namespace for one test with nothing in it but the service account `default`, which may log in to Vault and read
    /// nothing there.
    ///
    /// # Errors
    /// The API server or Vault refuses.
    pub async fn empty_space(&self, prefix: &str) -> Result<Space<'_>> {
        Space::open(self, prefix).await
    }

    /// What operators asked of the API server since `mark`.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub fn api_requests(&self, mark: &Mark) -> Result<Vec<ApiRequest>> {
        self.lab.apiserver().requests(mark, Some(&User::Operator))
    }

    /// What operators wrote to resources called `resource`, also by subresource, since `mark`.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub fn writes(&self, mark: &Mark, resource: &str) -> Result<Vec<ApiRequest>> {
        let mut requests = self.api_requests(mark)?;
        requests.retain(|request| {
            let write = !matches!(request.verb.as_str(), "get" | "list" | "watch");
            write && request.resource == resource
        });
        Ok(requests)
    }

    /// The reads of a path below `/v1/` since `mark` that Vault's audit log shows, refused ones included.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub fn vault_reads(&self, mark: &Mark, path: &str) -> Result<Vec<AuditEntry>> {
        let mut requests = self.lab.vault().requests(mark)?;
        requests.retain(|request| {
            request.path == path && request.operation == "read" && request.identity != "root"
        });
        Ok(requests)
    }

    /// The logins since `mark`.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub fn logins(&self, mark: &Mark) -> Result<Vec<AuditEntry>> {
        let mut requests = self.lab.vault().requests(mark)?;
        requests.retain(|request| {
            request.path.starts_with("auth/") && request.path.ends_with("/login")
        });
        Ok(requests)
    }

    /// Ends everything. A stage that is dropped instead, by a failing test, leaves its logs for reading.
    ///
    /// # Errors
    /// A server did not end even when killed.
    pub async fn stop(self) -> Result<()> {
        self.lab.stop().await
    }

    pub(crate) async fn run_kubectl(&self, arguments: &[&str]) -> Result<String> {
        let output = self.lab.kubectl(arguments).await?;
        ensure!(
            output.status.success(),
            "kubectl {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

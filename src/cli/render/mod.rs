//! What a resource would produce, without a cluster and without Vault.

mod input;
mod produce;
mod resources;
mod schema;
mod screen;
mod secret_type;

use std::{collections::BTreeMap, io::Read as _, path::Path, time::Duration};

use anyhow::{Context as _, anyhow};
use k8s_openapi::ByteString;
use secretwire_core::{SecretData, render::TEMPLATE_TIME};
use serde_json::json;
use zeroize::Zeroizing;

use super::write_out;
use crate::{
    args::{DataFormat, RenderArgs},
    clock::Clock,
    settings::GlobalTransformationOptions,
};
use input::VaultData;
use produce::{Product, produce};
use resources::{Resources, choices, inline_faults, is_called};

/// Prints what the resources of a file would produce. What is wrong with them comes back as one error.
pub(crate) fn print(args: &RenderArgs) -> anyhow::Result<()> {
    let file = read(&args.file)?;
    let data = args.data.as_deref().map(read).transpose()?;
    let job = Job {
        file: &file,
        data: data.as_deref().map(String::as_str),
        namespace: &args.namespace,
        name: args.name.as_deref(),
        exclude_raw: GlobalTransformationOptions::parse(&args.global_transformation_options)?
            .exclude_raw,
        format: args.output,
        template_time: TEMPLATE_TIME,
    };
    let printed = job.run();
    write_out(&printed.output)?;
    for note in &printed.notes {
        eprintln!("secretwire: note: {note}");
    }
    if printed.problems.is_empty() {
        Ok(())
    } else {
        Err(anyhow!(printed.problems.join("\nsecretwire: ")))
    }
}

/// What is asked for.
struct Job<'a> {
    /// The resources, as YAML.
    file: &'a str,
    /// What Vault would answer.
    data: Option<&'a str>,
    /// Namespace of resources that name none.
    namespace: &'a str,
    /// The resource, with or without its namespace, where it is one of several.
    name: Option<&'a str>,
    exclude_raw: bool,
    format: Option<DataFormat>,
    /// How long the templates of one resource may take.
    template_time: Duration,
}

/// What goes to standard output and what beside it.
#[derive(Default)]
struct Printed {
    output: Zeroizing<String>,
    notes: Vec<String>,
    problems: Vec<String>,
}

impl Job<'_> {
    fn run(&self) -> Printed {
        let mut printed = Printed::default();
        if let Err(problems) = self.fill(&mut printed) {
            printed.problems.extend(problems);
        }
        printed
    }

    fn fill(&self, printed: &mut Printed) -> Result<(), Vec<String>> {
        let resources = Resources::parse(self.file, self.namespace)?;
        let data = VaultData::parse(self.data).map_err(|problem| vec![problem])?;
        let wanted: Vec<_> = resources
            .secrets
            .iter()
            .filter(|(key, _)| self.name.is_none_or(|name| is_called(key, name)))
            .collect();
        if wanted.is_empty() {
            return Err(vec![resources.nothing_to_render(self.name)]);
        }
        if self.format.is_some() && wanted.len() > 1 {
            let choices = choices(wanted.iter().map(|(key, _)| key));
            return Err(vec![format!(
                "-o json prints one resource, and there are several: choose one by --name ({choices})"
            )]);
        }
        printed.problems = resources.shared_faults();
        let shared_are_fine = printed.problems.is_empty();
        for (key, secret) in wanted {
            let faults = inline_faults(key, secret, self.exclude_raw);
            if !faults.is_empty() {
                printed.problems.extend(faults);
                continue;
            }
            let deadline = Clock.instant() + self.template_time;
            match produce(key, secret, &resources, &data, self.exclude_raw, deadline) {
                Ok(product) => self.show(&product, printed),
                // Told already, at its field.
                Err(problem) if problem.is_of_shared() && !shared_are_fine => {}
                Err(problem) => printed
                    .problems
                    .push(format!("VaultStaticSecret {key}: {problem}")),
            }
        }
        Ok(())
    }

    fn show(&self, product: &Product<'_>, printed: &mut Printed) {
        match self.format {
            None => {
                if !printed.output.is_empty() {
                    printed.output.push('\n');
                }
                screen::show(product, &mut printed.output);
            }
            Some(DataFormat::Json) => {
                printed.output.push_str(&as_json(&product.rendered.data));
                printed.notes.extend(product.notes.iter().cloned());
            }
        }
    }
}

/// The data as a Secret has it in JSON.
fn as_json(data: &SecretData) -> Zeroizing<String> {
    let data: BTreeMap<_, _> = data
        .expose()
        .map(|(key, value)| (key, ByteString(value.to_vec())))
        .collect();
    Zeroizing::new(format!("{}\n", json!({ "data": data })))
}

/// The text of a file, or of standard input for `-`.
fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    if path == Path::new("-") {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin()
            .read_to_string(&mut text)
            .context("reading standard input")?;
        return Ok(text);
    }
    let text = std::fs::read_to_string(path);
    text.map(Zeroizing::new)
        .with_context(|| format!("reading {}", path.display()))
}

#[cfg(test)]
mod documents;
#[cfg(test)]
mod tests;

//! Every example of the documentation is run, and every example resource produces something.

use std::{fs, path::Path};

use secretwire_core::render::TEMPLATE_TIME;
use secretwire_gotemplate::sprig;
use serde_json::{Value, json};

use super::Job;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A fenced block of a Markdown text: what follows the fence, and the lines up to the next one.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info.to_owned(), body.join("\n") + "\n"));
        }
    }
    blocks
}

/// What `secretwire render` says to standard output, or to standard error where it fails.
fn run(file: &str, data: &str) -> String {
    let job = Job {
        file,
        data: Some(data),
        namespace: "default",
        name: None,
        exclude_raw: false,
        format: None,
        template_time: TEMPLATE_TIME,
    };
    let printed = job.run();
    if printed.problems.is_empty() {
        printed.output.to_string()
    } else {
        format!("secretwire: {}\n", printed.problems.join("\nsecretwire: "))
    }
}

/// The resource of the first example with another transformation, and only the keys that it makes.
fn run_part(first: &str, transformation: &str, data: &str) -> String {
    let mut resource: Value = serde_saphyr::from_str(first).unwrap();
    let mut transformation: Value = serde_saphyr::from_str(transformation).unwrap();
    let says_more = ["includes", "excludes", "excludeRaw"]
        .iter()
        .any(|field| transformation.get(field).is_some());
    if !says_more {
        transformation["excludeRaw"] = json!(true);
        transformation["excludes"] = json!([".*"]);
    }
    resource["spec"]["destination"]["transformation"] = transformation;
    let printed = run(&resource.to_string(), data);
    match printed.split_once("\n\n") {
        Some((_heading, keys)) => keys.to_owned(),
        None => printed,
    }
}

#[test]
fn every_example_of_the_guide_gives_what_the_guide_says() {
    let guide = read("docs/templates.md");
    let (mut first, mut example, mut data) = (None, None, String::new());
    let mut count = 0;
    for (info, body) in blocks(&guide) {
        match info.as_str() {
            "yaml" => {
                first.get_or_insert_with(|| body.clone());
                example = Some(body);
            }
            "json" => data = body,
            "text" => {
                let example = example.take().expect("an answer without an example");
                let given = if example.lines().any(|line| line.starts_with("kind:")) {
                    run(&example, &data)
                } else {
                    run_part(first.as_deref().unwrap(), &example, &data)
                };
                assert_eq!(given, body, "of this example:\n{example}");
                count += 1;
            }
            "sh" | "text functions" => {}
            other => panic!("nobody knows how to run a block of {other:?}"),
        }
        let follows = matches!(info.as_str(), "yaml" | "json");
        assert!(follows || example.is_none(), "an example without an answer");
    }
    assert!(count > 15, "{count} examples were found");
}

#[test]
fn the_guide_lists_the_functions_that_there_are() {
    let guide = read("docs/templates.md");
    let (_, listed) = blocks(&guide)
        .into_iter()
        .find(|(info, _)| info == "text functions")
        .unwrap();
    let listed: Vec<_> = listed.split_whitespace().collect();
    let mut names = sprig::vso().names();
    names.sort_unstable();
    assert_eq!(listed, names);
}

/// Something for each key that one of the example resources uses.
const SAMPLE: &str = r#"{
    "data": {
        "certificate": "CERTIFICATE", "host": "db", "known_hosts": "HOSTS", "password": "p@ss",
        "private_key": "KEY", "registry": "registry.example.com", "secret": "s", "user": "u", "username": "n"
    },
    "metadata": {}
}"#;

#[test]
fn every_example_resource_produces_a_secret_without_gaps() {
    const FOLDER: &str = "manifests/examples/templates";
    let kustomization: Value =
        serde_saphyr::from_str(&read(&format!("{FOLDER}/kustomization.yaml"))).unwrap();
    let mut files = vec!["kustomization.yaml"];
    for file in kustomization["resources"].as_array().unwrap() {
        let file = file.as_str().unwrap();
        let printed = run(&read(&format!("{FOLDER}/{file}")), SAMPLE);
        assert!(
            printed.starts_with("VaultStaticSecret"),
            "{file}: {printed}"
        );
        assert!(!printed.contains("<no value>"), "{file}: {printed}");
        files.push(file);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let mut there: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort_unstable();
    there.sort_unstable();
    assert_eq!(there, files, "kustomization.yaml names all files");
}

//! Parses and renders the typical five-key template set that the Go oracle is timed on too
//! (`go run . bench` in `tests/gotemplate-oracle`).

#![expect(clippy::unwrap_used, reason = "a benchmark may")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use secretwire_gotemplate::json::{self, Numbers};
use secretwire_gotemplate::{Limits, Map, ParsedCache, Set, Str, Value, sprig};

struct Typical {
    templates: Vec<(String, Str)>,
    data: Value,
}

fn typical() -> Typical {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gotemplate-oracle/bench.json");
    let case = map_of(json::parse(&fs::read(path).unwrap(), Numbers::Text).unwrap());
    let Some(Value::List(templates)) = case.get(b"templates") else {
        panic!("templates expected")
    };
    let field = |map: &Map, key: &str| map.get(key.as_bytes()).unwrap().as_str().unwrap().clone();
    let templates = templates
        .items()
        .iter()
        .map(|template| {
            let template = map_of(template.clone());
            let name = field(&template, "name").to_text().into_owned();
            (name, field(&template, "text"))
        })
        .collect();
    let data = case.get(b"data").unwrap();
    Typical { templates, data }
}

fn map_of(value: Value) -> Map {
    match value {
        Value::Map(map) => map,
        other => panic!("{other:?} is no map"),
    }
}

fn five_keys(c: &mut Criterion) {
    let typical = typical();
    let empty = Set::new().funcs(Arc::new(sprig::vso()));
    let texts: Vec<(&str, &[u8])> = typical
        .templates
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    let render_all = |set: &Set| {
        for (name, _) in &texts {
            black_box(set.render(name, &typical.data, &Limits::default()).unwrap());
        }
    };
    c.bench_function("five keys: parse and render", |b| {
        b.iter(|| {
            let mut set = empty.clone();
            for (name, text) in &texts {
                set.parse(name, text).unwrap();
            }
            render_all(&set);
        });
    });
    let cache = ParsedCache::new(empty.clone(), 1 << 20);
    c.bench_function("five keys: parsed before", |b| {
        b.iter(|| render_all(&cache.get_or_parse(&texts).unwrap()));
    });
}

criterion_group!(benches, five_keys);
criterion_main!(benches);

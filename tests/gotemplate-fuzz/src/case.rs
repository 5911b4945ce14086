//! A template set together with the data it is rendered over.

use std::sync::{Arc, LazyLock};

use anyhow::{Context as _, Result, bail};
use secretwire_gotemplate::json::{self, Numbers, Style};
use secretwire_gotemplate::{
    Ctx, Error, FuncMap, Limits, List, Map, MissingKey, Set, Str, Value, sprig,
};

use crate::answer::Answer;
use crate::data;

/// The oracle's bound, `OutputLimit`: what one of the two writes to the end, the other does too.
const ORACLE_OUTPUT_BYTES: usize = 8 << 20;

/// A template set together with the data it is rendered over.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called in reports.
    pub name: String,
    /// Which functions it may call.
    pub profile: Profile,
    /// The option `missingkey`; none is the profile's own.
    pub missing_key: Option<String>,
    /// Left and right; none are the usual ones.
    pub delims: Option<[String; 2]>,
    /// Parsed in this order into one set.
    pub templates: Vec<Template>,
    /// The template to render.
    pub render: String,
    /// Plain JSON with tags; none is nil.
    pub data: Option<Value>,
}

/// A named text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// What it is parsed as.
    pub name: String,
    /// UTF-8 wherever the oracle is to see it.
    pub text: Vec<u8>,
}

/// The functions that a case may call beside the builtins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// None.
    Text,
    /// Those of the Vault Secrets Operator.
    Vso,
    /// Those of External Secrets.
    Eso,
}

impl Profile {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Text, Self::Vso, Self::Eso];

    /// As cases spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Vso => "vso",
            Self::Eso => "eso",
        }
    }

    /// The functions themselves.
    pub fn functions(self) -> Arc<FuncMap> {
        static VSO: LazyLock<Arc<FuncMap>> = LazyLock::new(|| Arc::new(sprig::vso()));
        static ESO: LazyLock<Arc<FuncMap>> = LazyLock::new(|| Arc::new(sprig::eso()));
        match self {
            Self::Text => Arc::default(),
            Self::Vso => Arc::clone(&VSO),
            Self::Eso => Arc::clone(&ESO),
        }
    }
}

impl Case {
    /// Reads a line that `fuzzgen` has written.
    pub fn parse(line: &[u8]) -> Result<Self> {
        match json::parse(line, Numbers::Text)? {
            Value::Map(fields) => Self::read(&fields),
            other => bail!("a case is an object, not {other:?}"),
        }
    }

    pub(crate) fn read(fields: &Map) -> Result<Self> {
        let text = |key: &str| fields.get(key.as_bytes()).map(|value| text_of(&value));
        let name = text("name").context("a case has a name")??;
        let profile = text("profile").context("a case has a profile")??;
        let profile = Profile::ALL
            .into_iter()
            .find(|known| known.name() == profile)
            .with_context(|| format!("unknown profile {profile}"))?;
        let Some(Value::List(templates)) = fields.get(b"templates") else {
            bail!("{name} has no templates");
        };
        let delims = match fields.get(b"delims") {
            None => None,
            Some(Value::List(pair)) => match pair.items() {
                [left, right] => Some([text_of(left)?, text_of(right)?]),
                _ => bail!("delims are a pair"),
            },
            Some(_) => bail!("delims are a list"),
        };
        Ok(Self {
            profile,
            missing_key: text("missingkey").transpose()?,
            delims,
            templates: templates
                .items()
                .iter()
                .map(Template::read)
                .collect::<Result<_>>()?,
            render: text("render").context("a case names what to render")??,
            data: fields.get(b"data"),
            name,
        })
    }

    /// The line that `serve` reads.
    pub fn line(&self) -> Result<Vec<u8>> {
        let templates = self.templates.iter().map(Template::object).collect();
        let mut fields: Vec<(&str, Value)> = vec![
            ("name", self.name.as_str().into()),
            ("profile", self.profile.name().into()),
            ("templates", List::any(templates).into()),
            ("render", self.render.as_str().into()),
        ];
        if let Some(missing_key) = &self.missing_key {
            fields.push(("missingkey", missing_key.as_str().into()));
        }
        if let Some(delims) = &self.delims {
            let pair = delims.iter().map(|delim| delim.as_str().into()).collect();
            fields.push(("delims", List::any(pair).into()));
        }
        if let Some(data) = &self.data {
            fields.push(("data", data.clone()));
        }
        let fields: Map = fields
            .into_iter()
            .map(|(key, value)| (Str::from(key), value))
            .collect();
        encode(&fields.into())
    }

    /// Our answer, with limits that every case passes that ends by itself.
    pub fn answer(&self) -> Result<Answer> {
        let limits = Limits {
            output_bytes: ORACLE_OUTPUT_BYTES,
            steps: 3_000_000,
            ..Limits::default()
        };
        let data = self.value()?;
        Ok(Answer::ours(self.render(&data, &limits)))
    }

    /// The data as templates see it.
    pub fn value(&self) -> Result<Value> {
        let Some(data) = &self.data else {
            return Ok(Value::Nil);
        };
        let typed = data::typed(data)?;
        Ok(match self.profile {
            Profile::Text | Profile::Vso => typed,
            Profile::Eso => data::as_strings(typed),
        })
    }

    /// Parses and renders.
    pub fn render(&self, data: &Value, limits: &Limits) -> Result<Vec<u8>, Error> {
        let mut set = self.options();
        for template in &self.templates {
            set.parse(&template.name, &template.text)?;
        }
        set.render(&self.render, data, limits)
    }

    /// An empty set with the functions and options of the case.
    pub fn options(&self) -> Set {
        let missing_key = match (self.missing_key.as_deref(), self.profile) {
            (Some("error"), _) | (None, Profile::Eso) => MissingKey::Error,
            (Some("zero"), _) => MissingKey::Zero,
            _ => MissingKey::Default,
        };
        let set = Set::new()
            .missing_key(missing_key)
            .funcs(self.profile.functions());
        match &self.delims {
            Some([left, right]) => set.delims(left, right),
            None => set,
        }
    }
}

impl Template {
    fn read(value: &Value) -> Result<Self> {
        let Value::Map(fields) = value else {
            bail!("a template is an object");
        };
        let text = fields.get(b"text").context("a template has a text")?;
        Ok(Self {
            name: text_of(&fields.get(b"name").context("a template has a name")?)?,
            text: text.as_str().context("text is a string")?.to_vec(),
        })
    }

    fn object(&self) -> Value {
        let fields: Map = [
            (Str::from("name"), Value::from(self.name.as_str())),
            (Str::from("text"), Value::str(self.text.as_slice())),
        ]
        .into_iter()
        .collect();
        fields.into()
    }
}

/// Compact JSON.
pub(crate) fn encode(value: &Value) -> Result<Vec<u8>> {
    let mut ctx = Ctx::new(&Limits::default());
    let style = Style {
        escape_html: false,
        ..Style::COMPACT
    };
    Ok(json::encode(&mut ctx, value, style)?)
}

fn text_of(value: &Value) -> Result<String> {
    let text = value.as_str().context("a string was expected")?;
    Ok(text.to_text().into_owned())
}

//! What a resource takes of the transformations that it names.

use anyhow::Result;
use secretwire_e2e::{Data as _, secret_value, shared};
use serde_json::{Value, json};

use super::{hourly, transformation};

#[test]
fn a_link_takes_templates_under_other_keys_and_filters_as_far_as_it_is_told() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("chosen").await?;
        let data = json!({"user": secret_value("u"), "password": secret_value("p"), "port": 5432});
        space.put("all", &data).await?;
        let spec = json!({
            "sourceTemplates": [{"name": "who", "text": "{{ .Secrets.user }}"}],
            "templates": {
                "one": {"text": "1 {{ template \"who\" . }}"},
                "two": {"name": "two", "text": "2"},
            },
            "includes": ["^p"],
            "excludes": ["word"],
        });
        transformation(&space, "shared", spec).await?;
        let far = stage.empty_space("chosen-far").await?;
        transformation(&far, "far", json!({"templates": {"far": {"text": "f"}}})).await?;

        let one = json!([{"name": "one", "keyOverride": "ONE"}]);
        let cases = [
            (
                "everything",
                json!([{"name": "shared"}]),
                vec!["one", "port", "two"],
            ),
            (
                "chosen",
                json!([{"name": "shared", "templateRefs": one}]),
                vec!["ONE", "port"],
            ),
            (
                "includes-ignored",
                json!([{"name": "shared", "ignoreIncludes": true}]),
                vec!["one", "port", "two", "user"],
            ),
            (
                "excludes-ignored",
                json!([{"name": "shared", "ignoreExcludes": true}]),
                vec!["one", "password", "port", "two"],
            ),
            (
                "other-namespace",
                json!([{"name": "shared"}, {"name": "far", "namespace": far.name()}]),
                vec!["far", "one", "port", "two"],
            ),
        ];
        for (name, links, _) in &cases {
            let mut spec = hourly(&json!({"excludeRaw": true, "transformationRefs": links}));
            spec["path"] = json!(space.path("all"));
            space.sync(name, spec).await?;
        }
        for (name, _, keys) in &cases {
            space.await_synced(name).await?;
            assert_eq!(space.secret(name).await?.keys(), *keys, "{name}");
        }
        let one = format!("1 {}", secret_value("u"));
        assert_eq!(space.secret("chosen").await?.text("ONE"), Some(&*one));
        space.search().await
    })
}

#[test]
fn an_unknown_template_is_told_with_those_there_are_and_of_one_key_the_last_name_wins() -> Result<()>
{
    shared(async |stage| {
        let space = stage.space("not-there").await?;
        space
            .put("all", &json!({"user": secret_value("u")}))
            .await?;
        let spec = json!({"templates": {"url": {"text": "x"}, "other": {"text": "y"}}});
        transformation(&space, "shared", spec).await?;
        let with = async |name: &str, transformation: &Value| {
            let mut spec = hourly(transformation);
            spec["path"] = json!(space.path("all"));
            space.sync(name, spec).await
        };
        let links = json!([{"name": "shared", "templateRefs": [{"name": "ulr"}]}]);
        with("unknown", &json!({"transformationRefs": links})).await?;
        let words = "no template \"ulr\"; it has: other, url";
        space.await_failure("unknown", &[words]).await?;
        assert!(space.find_secret("unknown").await?.is_none());

        // `…/shared/url` sorts after `…/mine/url`.
        let inline = json!({"url": {"text": "z"}});
        let links = json!([{"name": "shared"}]);
        with(
            "mine",
            &json!({"templates": inline, "transformationRefs": links}),
        )
        .await?;
        space.await_synced("mine").await?;
        assert_eq!(space.secret("mine").await?.text("url"), Some("x"));
        Ok(())
    })
}

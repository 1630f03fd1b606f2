//! What is the Profile API's own: the wire of both generations, and indexes that come and go.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use datafly_sandbox::{self as sandbox, Fault, IndexDefinition};
use http::Request;

use crate::destination::tests::InProcess;
use crate::http::{Answer, HttpError, Transport};
use crate::profile::ProviderError;
use crate::profile::tests::{
    INDEX_V0, INDEX_V0_POST, INDEX_V2, Subject, email, vendor, vera, veras_id,
};

/// Notes what is sent.
#[derive(Default)]
struct Wire(Mutex<Vec<Request<Bytes>>>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        self.0.lock().unwrap().push(request.clone());
        InProcess(Router::new()).send(request, max_bytes).await
    }
}

async fn sent(subject: &Subject, value: &str) -> Request<Bytes> {
    let wire = Arc::new(Wire::default());
    let provider = subject.over(wire.clone(), &vendor(), &[]).unwrap().provider;
    let _ = provider.look_up(&email(value)).await;
    wire.0.lock().unwrap().pop().unwrap()
}

#[tokio::test]
async fn the_wire_of_v0() {
    let get = sent(&INDEX_V0, "a+b c&d@example.com").await;
    let path =
        format!("https://vendor.test/amperity_index/attribute/v0/indexes/{}", sandbox::INDEX_ID);
    assert_eq!(get.uri(), &*format!("{path}?email=a%2Bb%20c%26d%40example.com"));
    assert_eq!(get.headers()["x-amperity-tenant"], "acme");
    assert!(!get.headers().contains_key("amperity-tenant"));
    assert_eq!(get.headers()["authorization"], format!("Bearer {}", sandbox::INDEX_TOKENS[0]));
    assert!(get.headers()["authorization"].is_sensitive() && get.body().is_empty());

    let post = sent(&INDEX_V0_POST, "vera@example.com").await;
    assert_eq!(post.uri(), &*path, "the identifier is in the body alone");
    assert_eq!(post.body(), r#"{"email":"vera@example.com"}"#);
    assert_eq!(post.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn the_wire_of_v2() {
    let get = sent(&INDEX_V2, "a+b@example.com").await;
    let path =
        format!("https://vendor.test/amperity_index/api/indexes/{}/profiles", sandbox::INDEX_ID);
    assert_eq!(get.uri(), &*format!("{path}?filter%5Bemail%5D=a%2Bb%40example.com&limit=1"));
    assert_eq!(get.headers()["amperity-tenant"], "acme");
    assert_eq!(get.headers()["api-version"], "2025-07-31");
    assert!(!get.headers().contains_key("x-amperity-tenant"));
}

#[tokio::test]
async fn an_index_that_is_edited_generated_and_deleted() {
    for subject in [INDEX_V0, INDEX_V2] {
        let vendor = vendor();
        let provider = subject.provider(&vendor);
        let persona_only = IndexDefinition {
            id: sandbox::INDEX_ID.to_owned(),
            name: "Personas".to_owned(),
            keys: vec!["email".to_owned()],
            attributes: Some(vec!["Persona".to_owned()]),
        };
        vendor.define_index(persona_only);
        assert!(provider.look_up(&vera()).await.unwrap().unwrap().attributes.len() > 1);
        assert!(vendor.generate_index(sandbox::INDEX_ID));
        assert_eq!(provider.look_up(&vera()).await.unwrap().unwrap().attributes.len(), 1);
        // A deleted index is a mistake to show, and nobody's missing profile.
        assert!(vendor.delete_index(sandbox::INDEX_ID));
        let gone = provider.look_up(&vera()).await;
        assert_eq!(gone, Err(ProviderError::Unexpected { status: 404 }), "{}", subject.route);
    }
}

#[tokio::test]
async fn a_token_of_another_api_is_the_scope_s_fault() {
    for subject in [INDEX_V0, INDEX_V0_POST, INDEX_V2] {
        let other = format!("{{ env = '{}' }}", sandbox::PROFILE_TOKEN);
        let changes = [("profile_api_key", &*other)];
        let provider = subject.set_up(&vendor(), &changes).unwrap().provider;
        let scope = "Profile API Data Access";
        let refused = ProviderError::ScopeRefused { key: "profile_api_key", scope };
        assert_eq!(provider.look_up(&vera()).await, Err(refused));
    }
}

#[tokio::test]
async fn attributes_come_as_a_map_or_in_a_list() {
    for attributes in [r#"{"a":1,"b":2}"#, r#"[{"a":1},{"b":2}]"#] {
        let vendor = vendor();
        let profile = format!(r#"{{"id":"p","index_id":"ix-1","attributes":{attributes}}}"#);
        vendor
            .fault(INDEX_V2.route, None, Fault::body(format!(r#"{{"data":[{profile}]}}"#)))
            .unwrap();
        vendor.fault(INDEX_V2.read_route, None, Fault::body(profile)).unwrap();
        let provider = INDEX_V2.provider(&vendor);
        let found = provider.look_up(&vera()).await.unwrap().unwrap();
        assert_eq!((found.id.expose(), found.attributes.len()), ("p", 2));
        assert_eq!(provider.profile(&veras_id()).await, Ok(Some(found)));
    }
    for id in ["", "..", "a\\nb"] {
        let body = format!(r#"{{"data":[{{"id":"{id}","attributes":{{}}}}]}}"#);
        let error = INDEX_V2.error_under(Fault::body(body)).await;
        assert!(matches!(error, ProviderError::BadAnswer { .. }), "{id}: {error:?}");
    }
}

#[test]
fn the_section_says_which_generation() {
    for (subject, key, value, says) in [
        (
            INDEX_V0,
            "index_id",
            "'apc-1'",
            "`index_id` is `apc-1`: write the index's id, which starts with `ix-`",
        ),
        (INDEX_V0, "index_id", "'ix-a/b'", "starts with `ix-`"),
        (INDEX_V0, "api_version", "'v1'", "write `v0` or `v2`"),
        (INDEX_V0, "method", "'PUT'", "write `GET` or `POST`"),
        (INDEX_V2, "method", "'POST'", "by GET only"),
        (INDEX_V0, "profile_api_key", "[]", "write one token, or a list of two"),
    ] {
        let said = subject.mistakes(&[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
    }
    let rate = |subject: &Subject| subject.provider(&vendor()).quota().requests_per_second;
    assert_eq!((rate(&INDEX_V0), rate(&INDEX_V2)), (100, 2000));
    let by_name = INDEX_V0.set_up(&vendor(), &[("base_url", "")]).unwrap().provider;
    assert!(by_name.identity().contains("https://acme.amperity.com/"));
}

//! Kinds of input that public reports on similar programs name: fields that a file does not have, ids of Azure in any case,
//! lines that repeat themselves, and snapshots with refused entries.

use crate::support::fixture::{Fixture, resource};
use crate::support::service::Service;
use crate::support::uploads::{counts, import_with, until_idle};
use serde_json::{Value, json};
use virtual_tagging::domain::discovery::{Rejection, ReportSink};
use virtual_tagging::domain::inventory::Reconciler;

const INVENTORY: &str = "mutation($file: Upload!, $mode: ImportMode!) {
    import: importInventory(input: {file: $file, mode: $mode}) { run { id } userErrors { code field message } } }";
const TAGS: &str = "mutation($file: Upload!) {
    import: importVirtualTags(input: {file: $file, status: APPROVED}) {
        run { id } userErrors { code field message } } }";
const RESOURCES: &str = "{ resources { nodes { resourceId name region resourceType nativeTags } } }";

async fn start() -> (Service, Fixture) {
    let service = Service::start_with(&[("ENABLE_WORKERS", "true")]).await;
    let fixture = Fixture::on(service.db.clone()).await;
    (service, fixture)
}

async fn import(service: &Service, file: &str) -> Value {
    let run = import_with(service, INVENTORY, file, json!({"mode": "ALL_OR_NOTHING"})).await;
    run["counts"].clone()
}

async fn resources(service: &Service) -> Value {
    service.data(RESOURCES, json!({})).await["resources"]["nodes"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_a_file_does_not_have_say_nothing() {
    let (service, fixture) = start().await;
    let whole = json!({"cloud": "aws", "account_id": "1", "resource_type": "t", "resource_id": "a", "name": "orders",
        "region": "eu-west-1", "native_tags": {"CostCenter": "CC-9", "Owner": "ada"}});
    assert_eq!(import(&service, &whole.to_string()).await, counts(1, 0, 0, 0));
    let required = "cloud,account_id,resource_type,resource_id";
    for (what, file, changed, expected) in [
        (
            "ids alone",
            format!("{required}\naws,1,t,a\n"),
            counts(0, 0, 1, 0),
            json!({"name": "orders", "region": "eu-west-1", "nativeTags": {"CostCenter": "CC-9", "Owner": "ada"}}),
        ),
        (
            "one more tag",
            format!("{required},tag:team\naws,1,t,a,blue\n"),
            counts(0, 1, 0, 0),
            json!({"name": "orders", "region": "eu-west-1",
                   "nativeTags": {"CostCenter": "CC-9", "Owner": "ada", "team": "blue"}}),
        ),
        (
            "a blank cell clears its tag",
            format!("{required},tag:team\naws,1,t,a,\n"),
            counts(0, 1, 0, 0),
            json!({"name": "orders", "region": "eu-west-1", "nativeTags": {"CostCenter": "CC-9", "Owner": "ada"}}),
        ),
        (
            "a tag's column edits the native tags",
            format!(
                "{required},native_tags,tag:Owner\naws,1,t,a,\"{{\"\"Owner\"\":\"\"ada\"\",\"\"x\"\":1}}\",eve\n"
            ),
            counts(0, 1, 0, 0),
            json!({"name": "orders", "region": "eu-west-1", "nativeTags": {"Owner": "eve", "x": "1"}}),
        ),
        (
            "fields of JSON that are absent",
            json!({"cloud": "aws", "account_id": "1", "resource_type": "t", "resource_id": "a"}).to_string(),
            counts(0, 0, 1, 0),
            json!({"name": "orders", "region": "eu-west-1", "nativeTags": {"Owner": "eve", "x": "1"}}),
        ),
        (
            "blank cells clear",
            format!("{required},name,region,native_tags\naws,1,t,a,,,\n"),
            counts(0, 1, 0, 0),
            json!({"name": "a", "region": null, "nativeTags": {}}),
        ),
    ] {
        until_idle(&fixture).await;
        assert_eq!(import(&service, &file).await, changed, "{what}");
        let mut seen = resources(&service).await[0].clone();
        for field in ["resourceId", "resourceType"] {
            seen.as_object_mut().unwrap().remove(field);
        }
        assert_eq!(seen, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_types_of_azure_have_no_case() {
    let (service, fixture) = start().await;
    let id = "/subscriptions/0b1c2d3e-1111-4222-8333-444455556666/resourceGroups/RG-Orders/providers/Microsoft.Compute/virtualMachines/vmOrders01";
    let line = |id: &str, kind: &str, name: &str, tags: Value| {
        json!({"cloud": "azure", "account_id": "0b1c2d3e-1111-4222-8333-444455556666", "resource_type": kind,
            "resource_id": id, "name": name, "native_tags": tags})
        .to_string()
    };
    let graph = line(
        id,
        "Microsoft.Compute/virtualMachines",
        "vmOrders01",
        json!({"Env": "prod"}),
    );
    assert_eq!(import(&service, &graph).await, counts(1, 0, 0, 0));
    let seen = resources(&service).await;
    let lower = line(
        &id.to_lowercase(),
        "microsoft.compute/virtualmachines",
        "vmorders01",
        json!({"Env": "prod"}),
    );
    assert_eq!(import(&service, &lower).await, counts(0, 0, 1, 0));
    assert_eq!(resources(&service).await, seen);
    assert_eq!(seen[0]["resourceId"], id);
    assert_eq!(seen[0]["name"], "vmOrders01");
    until_idle(&fixture).await;

    let upper = id.to_uppercase();
    let query = "query($id: String!) { resource(resourceId: $id) { name } }";
    let found = service.data(query, json!({"id": upper})).await;
    assert_eq!(found["resource"]["name"], "vmOrders01");
    let query =
        "query($type: String!) { resources(filter: {resourceType: $type}) { totalCount nodes { name } } }";
    for kind in [
        "microsoft.compute/VIRTUALMACHINES",
        "Microsoft.Compute/virtualMachines",
    ] {
        let found = service.data(query, json!({"type": kind})).await;
        assert_eq!(found["resources"]["totalCount"], 1, "{kind}");
        assert_eq!(found["resources"]["nodes"][0]["name"], "vmOrders01", "{kind}");
    }
    let tags = format!(
        "resource_id,tag_key,tag_value\n{upper},team,blue\n{},team,blue\n",
        id.to_lowercase()
    );
    let run = import_with(&service, TAGS, &tags, json!({})).await;
    assert_eq!(run["counts"], counts(1, 0, 1, 0));
    let url = service.url("/csv/export?what=tags&resourceType=Microsoft.Compute/virtualMachines");
    let exported = service
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(exported.contains("team,blue"), "{exported}");

    // A subscription in another case is the same, and what was decided stays.
    let subscription = graph.replace("0b1c2d3e", "0B1C2D3E");
    assert_eq!(import(&service, &subscription).await, counts(0, 0, 1, 0));
    let approved = "virtual_tags WHERE tag_value = 'blue' AND approval_status = 'APPROVED'";
    assert_eq!(fixture.count(approved).await, 1);

    let team = "cloud,account_id,resource_type,resource_id,tag:ENV\n";
    let edited = format!("{team}azure,0b1c2d3e-1111-4222-8333-444455556666,t/x,{upper},test\n");
    assert_eq!(import(&service, &edited).await, counts(0, 1, 0, 0));
    assert_eq!(resources(&service).await[0]["nativeTags"], json!({"ENV": "test"}));
    // Ids of other clouds have.
    let gcp = |id: &str| {
        json!({"cloud": "gcp", "account_id": "p", "resource_type": "t", "resource_id": id}).to_string()
    };
    let both = gcp("//x.googleapis.com/A") + "\n" + &gcp("//x.googleapis.com/a");
    assert_eq!(import(&service, &both).await, counts(2, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_repeats_another_is_no_fault_and_one_that_contradicts_it_is() {
    let (service, fixture) = start().await;
    let line = |name: &str| {
        json!({"cloud": "aws", "account_id": "123456789012", "resource_type": "iam/role", "name": name,
            "resource_id": "arn:aws:iam::123456789012:role/deploy"})
        .to_string()
            + "\n"
    };
    assert_eq!(
        import(&service, &line("deploy").repeat(3)).await,
        counts(1, 0, 2, 0)
    );
    until_idle(&fixture).await;
    let contradicted = line("deploy") + &line("deploy") + &line("other");
    let run = import_with(&service, INVENTORY, &contradicted, json!({"mode": "GOOD_ROWS"})).await;
    assert_eq!(run["counts"], counts(0, 0, 2, 1));
}

#[tokio::test]
async fn a_refused_entry_keeps_its_own_resource_and_no_other() {
    let fixture = Fixture::new().await;
    let mut first = Reconciler::new(&fixture.pool, "file:a", None);
    first
        .resources(vec![resource("a"), resource("b"), resource("c")])
        .await
        .unwrap();
    first.finish().await.unwrap();
    let mut second = Reconciler::new(&fixture.pool, "file:a", None);
    second.resources(vec![resource("a")]).await.unwrap();
    let refused = Rejection {
        resource_id: Some(resource("b").resource_id),
        ..Rejection::new("is wrong")
    };
    second.rejected(vec![refused]).await.unwrap();
    assert_eq!(second.retire_missing().await.unwrap(), 1);
    let retired = format!(
        "resources WHERE retired_at IS NOT NULL AND resource_id = '{}'",
        resource("c").resource_id
    );
    assert_eq!(fixture.count(&retired).await, 1);
}

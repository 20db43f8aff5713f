//! Contents of files, read without a service: what makes an answer incomplete, which fields it says nothing of, and what is
//! refused with its reason.

use virtual_tagging::domain::discovery::{FileSummary, InventoryEntry, InventoryReader, ReadOptions};

/// Entries and summary of a file.
pub(super) fn read(file: &str) -> (Vec<InventoryEntry>, FileSummary) {
    let input = std::io::Cursor::new(file.to_owned().into_bytes());
    let mut reader = InventoryReader::from_reader(input, None, ReadOptions::default()).unwrap();
    let entries = reader.by_ref().map(Result::unwrap).collect();
    (entries, reader.summary())
}

/// Complete answers by the format and their incomplete counterparts, read without a service.
#[test]
fn an_answer_that_has_more_pages_is_taken_and_said_to_be_incomplete() {
    let bucket = r#"{"Arn": "arn:aws:s3:::b", "OwningAccountId": "111122223333", "ResourceType": "s3:bucket",
        "Region": "global", "Properties": [{"Name": "tags", "Data": [{"Key": "a", "Value": "b"}]}]}"#;
    let vm = r#"{"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/disks/d", "name": "d",
        "type": "microsoft.compute/disks", "location": "x", "tags": null, "subscriptionId": "s"}"#;
    let asset = r#"{"name": "//pubsub.googleapis.com/projects/p/topics/t", "assetType": "pubsub.googleapis.com/Topic"}"#;
    for (file, gap) in [
        (format!(r#"{{"Resources": [{bucket}], "ViewArn": "v"}}"#), None),
        (
            format!(r#"{{"Resources": [{bucket}], "NextToken": "n"}}"#),
            Some("NextToken"),
        ),
        (
            format!(r#"{{"Count": {{"Complete": true, "TotalResources": 1}}, "Resources": [{bucket}]}}"#),
            None,
        ),
        (
            format!(r#"{{"Resources": [{bucket}], "Count": {{"Complete": false}}}}"#),
            Some("Count.Complete"),
        ),
        (format!(r#"{{"value": [{vm}]}}"#), None),
        (
            format!(r#"{{"value": [{vm}], "nextLink": "https://x"}}"#),
            Some("nextLink"),
        ),
        (
            format!(r#"{{"count": 1, "data": [{vm}], "skip_token": null, "total_records": 1}}"#),
            None,
        ),
        (
            format!(r#"{{"count": 1, "data": [{vm}], "skip_token": null, "total_records": 7}}"#),
            Some("1 of 7"),
        ),
        (
            format!(r#"{{"count": 1, "data": [{vm}], "totalRecords": 1, "$skipToken": "t"}}"#),
            Some("skip token"),
        ),
        (format!("[{asset}]"), None),
        (
            format!(r#"{{"results": [{asset}], "nextPageToken": "t"}}"#),
            Some("nextPageToken"),
        ),
        // Pages behind each other in one file: the last one tells whether there are more.
        (
            format!(
                "{{\"Resources\": [{bucket}], \"NextToken\": \"n\"}}\n{{\"Resources\": [], \"NextToken\": null}}"
            ),
            None,
        ),
    ] {
        let (entries, summary) = read(&file);
        assert!(
            matches!(entries.as_slice(), [InventoryEntry::Resource(1, _)]),
            "{file}: {entries:?}"
        );
        let gaps = summary.gaps.join("; ");
        match gap {
            None => assert!(summary.is_complete(), "{file}: {gaps}"),
            Some(gap) => assert!(gaps.contains(gap), "{file}: {gaps}"),
        }
    }
    // Resource Explorer ends at 1,000 without a word.
    let many: Vec<String> = (0..1000)
        .map(|n| bucket.replace(":::b", &format!(":::b{n}")))
        .collect();
    let (entries, summary) = read(&format!(r#"{{"Resources": [{}]}}"#, many.join(",")));
    assert_eq!(entries.len(), 1000);
    assert!(
        summary.gaps.iter().any(|gap| gap.contains("ends at 1,000")),
        "{:?}",
        summary.gaps
    );
}

#[test]
fn what_holds_no_inventory_is_refused_with_its_kind() {
    for (file, words) in [
        (r#"{"FailedResourcesMap": {}}"#, "change of tags"),
        (
            r#"{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}}"#,
            "Terraform plan",
        ),
        (r#"{"version": 3, "lineage": "x", "modules": []}"#, "old version"),
        (r#"{"error": {"code": 403}}"#, "error of the cloud"),
        ("[]", "JSON array"),
        ("BilledCost,ChargePeriodStart,ResourceId\n1,2,3\n", "import-cost"),
        (
            "identity_line_item_id,line_item_usage_start_date\n1,2\n",
            "import-cost",
        ),
    ] {
        let input = std::io::Cursor::new(file.as_bytes());
        let refused = InventoryReader::from_reader(input, None, ReadOptions::default())
            .err()
            .unwrap();
        assert!(refused.to_string().contains(words), "{file}: {refused}");
    }
    // A document that breaks off fails as a whole.
    let cut = std::io::Cursor::new(
        r#"{"ResourceTagMappingList": [{"ResourceARN": "arn:aws:sqs:r:111122223333:q"}, {"Res"#,
    );
    let mut reader = InventoryReader::from_reader(cut, None, ReadOptions::default()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert_eq!(
        reader.next().unwrap().unwrap_err().to_string(),
        "ends within a value, after entry 1"
    );
}

/// Answers that were asked for without tags say nothing of them: a resource that is there keeps its own.
#[test]
fn an_answer_without_tags_says_nothing_of_them() {
    let azure = r#""id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/disks/d",
        "type": "microsoft.compute/disks""#;
    let google =
        r#""name": "//compute.googleapis.com/projects/p/zones/z/disks/d", "ancestors": ["projects/1"],
        "assetType": "compute.googleapis.com/Disk""#
            .replace('\n', " ");
    let data = r#""resource": {"version": "v1", "data": {"name": "d"}}"#;
    for (file, keeps_tags) in [
        (format!(r#"{{"data": [{{{azure}}}], "total_records": 1}}"#), true),
        (
            format!(r#"{{"data": [{{{azure}, "tags": null}}], "total_records": 1}}"#),
            false,
        ),
        // Azure Resource Manager leaves out what is empty.
        (format!(r#"{{"value": [{{{azure}}}]}}"#), false),
        (format!("[{{{google}}}]"), true),
        (format!("[{{{google}, {data}}}]"), false),
        (format!("{{{google}}}\n"), true),
        (format!("{{{google}, {data}}}\n"), false),
    ] {
        let (entries, summary) = read(&file);
        let [InventoryEntry::Resource(_, report)] = entries.as_slice() else {
            panic!("{file}: {entries:?}")
        };
        assert_eq!(report.unstated.native_tags, keeps_tags, "{file}");
        assert_eq!(summary.is_complete(), !keeps_tags, "{file}: {:?}", summary.gaps);
    }
}

/// Lines of one resource are told apart by what they say, not by the case of its id.
#[test]
fn a_line_that_repeats_another_in_another_case_is_no_fault() {
    let line = |id: &str, name: &str| {
        format!(
            r#"{{"cloud": "azure", "account_id": "s", "resource_type": "t", "resource_id": "{id}", "name": "{name}"}}"#
        )
    };
    let lines = [
        line("/subscriptions/s/A", "a"),
        line("/subscriptions/s/a", "a"),
        line("/subscriptions/S/a", "b"),
    ];
    let (entries, summary) = read(&lines.join("\n"));
    assert_eq!((entries.len(), summary.rejected), (3, 1), "{entries:?}");
}

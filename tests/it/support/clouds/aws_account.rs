//! An account of the invented organisation, and what the APIs say of it.

use serde_json::{Value, json};

/// Account of the invented organisation; its queues are made when they are asked for.
#[derive(Clone)]
pub struct FakeAccount {
    pub id: String,
    pub state: &'static str,
    /// Regions, each with its number of queues.
    pub regions: Vec<(&'static str, usize)>,
    /// Regions with an index of Resource Explorer.
    pub indexed: Vec<&'static str>,
    /// Region whose index has the resources of all of them.
    pub aggregator: Option<&'static str>,
    pub view_has_tags: bool,
    pub view_filter: &'static str,
    /// The index has tags of yesterday.
    pub is_stale: bool,
    /// Ids and tags that the Tagging API alone lists.
    pub tagged: Vec<(String, Value)>,
    /// Resources that Resource Explorer alone lists.
    pub explored: Vec<Value>,
    /// The account does not let the role be assumed.
    pub is_closed_to_us: bool,
    /// Operations that the role may not call.
    pub denied: Vec<&'static str>,
}

impl FakeAccount {
    /// An account with so many queues in each region, and an aggregator in the first.
    pub fn new(id: &str, regions: &[&'static str], queues: usize) -> Self {
        Self {
            id: id.into(),
            state: "ACTIVE",
            regions: regions.iter().map(|region| (*region, queues)).collect(),
            indexed: regions.to_vec(),
            aggregator: regions.first().copied(),
            view_has_tags: true,
            view_filter: "",
            is_stale: false,
            tagged: Vec::new(),
            explored: Vec::new(),
            is_closed_to_us: false,
            denied: Vec::new(),
        }
    }

    pub fn queue(&self, region: &str, number: usize) -> String {
        format!("arn:aws:sqs:{region}:{}:queue-{number}", self.id)
    }

    /// Indexes as `ListIndexes` answers them.
    pub fn indexes(&self) -> Value {
        let kind = |region| {
            if self.aggregator == Some(region) {
                "AGGREGATOR"
            } else {
                "LOCAL"
            }
        };
        let indexes = self
            .indexed
            .iter()
            .map(|region| json!({ "Region": region, "Type": kind(*region) }));
        indexes.collect()
    }

    /// Number of resources that the index of a region lists.
    pub fn explored_count(&self, region: &str) -> usize {
        self.queues(self.aggregator != Some(region), region) + self.explored.len()
    }

    /// Number of resources that the Tagging API lists in a region.
    pub fn tagged_count(&self, region: &str) -> usize {
        self.queues(true, region) + self.tagged_in(region).count()
    }

    fn queues(&self, only: bool, region: &str) -> usize {
        let regions = self.regions.iter().filter(|(name, _)| !only || *name == region);
        regions.map(|(_, queues)| queues).sum()
    }

    fn tagged_in(&self, region: &str) -> impl Iterator<Item = &(String, Value)> {
        let tagged = self.tagged.iter();
        tagged.filter(move |(id, _)| id.split(':').nth(3) == Some(region))
    }

    /// Resource of this number of the index of a region.
    pub fn explored_at(&self, region: &str, number: usize) -> Value {
        let mut rest = number;
        for (name, queues) in &self.regions {
            if self.aggregator != Some(region) && *name != region {
                continue;
            }
            if rest < *queues {
                let team = if self.is_stale {
                    "of-yesterday".to_owned()
                } else {
                    format!("team-{}", rest % 7)
                };
                let tags = json!([{ "Key": "team", "Value": team }]);
                let tags =
                    json!([{ "Name": "tags", "LastReportedAt": "2026-11-01T00:00:00Z", "Data": tags }]);
                return json!({
                    "Arn": self.queue(name, rest), "OwningAccountId": self.id, "Region": name,
                    "ResourceType": "sqs:queue", "Service": "sqs", "LastReportedAt": "2026-11-01T00:00:00Z",
                    "Properties": if self.view_has_tags { tags } else { json!([]) },
                });
            }
            rest -= queues;
        }
        self.explored[rest].clone()
    }

    /// Resource of this number that the Tagging API lists in a region.
    pub fn tagged_at(&self, region: &str, number: usize) -> Value {
        let queues = self.queues(true, region);
        if number < queues {
            let tags = json!([{ "Key": "team", "Value": format!("team-{}", number % 7) }]);
            return json!({ "ResourceARN": self.queue(region, number), "Tags": tags });
        }
        let (id, tags) = self.tagged_in(region).nth(number - queues).unwrap();
        json!({ "ResourceARN": id, "Tags": tags })
    }

    /// Number of resources that AWS Config has of all regions.
    pub fn configured_count(&self) -> usize {
        self.regions.iter().map(|(_, queues)| queues).sum()
    }

    /// Result of this number of a query to AWS Config: an object in a text.
    pub fn configured_at(&self, number: usize) -> Value {
        let mut rest = number;
        let mut regions = self.regions.iter();
        let region = regions.find_map(|(region, queues)| {
            let is_here = rest < *queues;
            rest -= if is_here { 0 } else { *queues };
            is_here.then_some(*region)
        });
        let region = region.unwrap();
        let result = json!({
            "arn": self.queue(region, rest), "resourceId": format!("queue-{rest}"), "resourceName": format!("queue-{rest}"),
            "resourceType": "AWS::SQS::Queue", "accountId": self.id, "awsRegion": region,
            "resourceCreationTime": "2026-10-01T08:00:00.000Z",
            "tags": [{ "key": "team", "value": "data", "tag": "team=data" }],
        });
        result.to_string().into()
    }
}

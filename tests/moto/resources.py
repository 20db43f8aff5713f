"""Resources that boto3 makes: ten of each service, with tags in the spelling of that service."""

NAMES = range(10)


def tags(service, number):
    """Tags of a resource, as people write them: blanks, capitals, other scripts, nothing."""
    return {
        "Service": service,
        "Cost Center": f"{number:04}",
        "owner": "payments@example.com",
        "größe": "XL" if number % 2 else "",
    }


def pairs(service, number, key="Key", value="Value"):
    return [{key: name, value: text} for name, text in tags(service, number).items()]


def sqs(client, n):
    return client.create_queue(QueueName=f"queue-{n}", tags=tags("sqs", n))


def sns(client, n):
    return client.create_topic(Name=f"topic-{n}", Tags=pairs("sns", n))


def s3(client, n):
    client.create_bucket(
        Bucket=f"virtual-tagging-{n}",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    client.put_bucket_tagging(
        Bucket=f"virtual-tagging-{n}", Tagging={"TagSet": pairs("s3", n)}
    )


def dynamodb(client, n):
    client.create_table(
        TableName=f"table-{n}",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=pairs("dynamodb", n),
    )


def ec2(client, n):
    specification = {"ResourceType": "volume", "Tags": pairs("ec2", n)}
    client.create_volume(
        AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=[specification]
    )


def kms(client, n):
    client.create_key(Tags=pairs("kms", n, "TagKey", "TagValue"))


def logs(client, n):
    client.create_log_group(logGroupName=f"/group/{n}", tags=tags("logs", n))


def secretsmanager(client, n):
    client.create_secret(
        Name=f"secret-{n}", SecretString="x", Tags=pairs("secretsmanager", n)
    )


def ssm(client, n):
    client.put_parameter(
        Name=f"/parameter/{n}", Value="x", Type="String", Tags=pairs("ssm", n)
    )


def rds(client, n):
    client.create_db_instance(
        DBInstanceIdentifier=f"database-{n}",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=10,
        MasterUsername="root",
        MasterUserPassword="not-a-password",
        Tags=pairs("rds", n),
    )


def ecs(client, n):
    client.create_cluster(clusterName=f"cluster-{n}", tags=pairs("ecs", n, "key", "value"))


def efs(client, n):
    client.create_file_system(CreationToken=f"files-{n}", Tags=pairs("efs", n))


def athena(client, n):
    client.create_work_group(Name=f"group-{n}", Configuration={}, Tags=pairs("athena", n))


def backup(client, n):
    client.create_backup_vault(BackupVaultName=f"vault-{n}", BackupVaultTags=tags("backup", n))


def stepfunctions(client, n):
    client.create_state_machine(
        name=f"machine-{n}",
        definition='{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
        roleArn="arn:aws:iam::123456789012:role/any",
        tags=pairs("stepfunctions", n, "key", "value"),
    )


def acm(client, n):
    client.request_certificate(DomainName=f"n{n}.example.com", Tags=pairs("acm", n))


def cloudwatch(client, n):
    client.put_metric_alarm(
        AlarmName=f"alarm-{n}",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        Threshold=1,
        Tags=pairs("cloudwatch", n),
    )


def elasticache(client, n):
    client.create_cache_cluster(
        CacheClusterId=f"cache-{n}",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        NumCacheNodes=1,
        Tags=pairs("elasticache", n),
    )


def codedeploy(client, n):
    client.create_application(applicationName=f"application-{n}", tags=pairs("codedeploy", n))


def elb(client, n):
    client.create_load_balancer(
        LoadBalancerName=f"balancer-{n}",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
        AvailabilityZones=["eu-west-1a"],
        Tags=pairs("elb", n),
    )


def firehose(client, n):
    client.create_delivery_stream(
        DeliveryStreamName=f"stream-{n}",
        S3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/any",
            "BucketARN": "arn:aws:s3:::any",
        },
        Tags=pairs("firehose", n),
    )


def glue(client, n):
    client.create_job(
        Name=f"job-{n}",
        Role="any",
        Command={"Name": "glueetl", "ScriptLocation": "s3://any/script"},
        Tags=tags("glue", n),
    )


def sagemaker(client, n):
    client.create_model(
        ModelName=f"model-{n}",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/any",
        Tags=pairs("sagemaker", n),
    )


SERVICES = [
    sqs, sns, s3, dynamodb, ec2, kms, logs, secretsmanager, ssm, rds, ecs, efs, athena, backup,
    stepfunctions, acm, cloudwatch, elasticache, codedeploy, elb, firehose, glue, sagemaker,
]  # fmt: skip


def make_all(client_of):
    """Makes all resources; `client_of` gives the boto3 client of a service."""
    for make in SERVICES:
        client = client_of(make.__name__)
        for number in NAMES:
            make(client, number)

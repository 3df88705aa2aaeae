//! The design that most shorteners on DynamoDB have: each click reads the link by a query and counts itself in it. The
//! names, the requests and the index are those of the url-shortener of the Canadian Digital Service
//! (<https://github.com/cds-snc/url-shortener>, `api/models/ShortUrls.py` and `terragrunt/aws/dynamodb` of September 2023).

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use shortener_core::table::dynamo::Limits;
use shortener_core::table::dynamo::in_process::InProcess;

use crate::Outcome;
use crate::meter::{request, tell};

const TABLE: &str = "url_shortener";

pub(crate) async fn measure() -> Outcome<()> {
    let engine = InProcess::start()?;
    let client = engine.client(Limits::INTERACTIVE);
    make_table(&client).await?;
    engine.start_metering();
    create(&client).await?;
    tell(&engine, "counter in the link: create", 1);
    click(&client).await?;
    tell(&engine, "counter in the link: click", 1);
    Ok(())
}

async fn make_table(client: &Client) -> Outcome<()> {
    let key = |name| KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build();
    let text =
        |name| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let everything = Projection::builder().projection_type(ProjectionType::All).build();
    let by_email = GlobalSecondaryIndex::builder().index_name("emailIndex").key_schema(key("email")?);
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(text("key_id")?)
        .attribute_definitions(text("email")?)
        .key_schema(key("key_id")?)
        .global_secondary_indexes(by_email.projection(everything).build()?)
        .send()
        .await?;
    Ok(())
}

async fn create(client: &Client) -> Outcome<()> {
    let number = |digits: &str| AttributeValue::N(digits.to_owned());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = [
        ("key_id", text("URL/abcdefgh")),
        ("original_url", text(&request(0).target)),
        ("click_count", number("0")),
        ("active", AttributeValue::Bool(true)),
        ("created_at", number("1794744000")),
        ("created_by", text("someone@example.com")),
        ("last_access_date", number("1794744000")),
        ("ttl", number("1857816000")),
    ];
    client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(HashMap::from(item.map(|(name, value)| (name.to_owned(), value)))))
        .condition_expression("attribute_not_exists(key_id)")
        .send()
        .await?;
    Ok(())
}

async fn click(client: &Client) -> Outcome<()> {
    let key = AttributeValue::S("URL/abcdefgh".to_owned());
    let number = |digits: &str| AttributeValue::N(digits.to_owned());
    let found = client
        .query()
        .table_name(TABLE)
        .key_condition_expression("#key_id = :key_id")
        .filter_expression("#t > :ttl")
        .expression_attribute_names("#t", "ttl")
        .expression_attribute_names("#key_id", "key_id")
        .expression_attribute_values(":ttl", number("1794744060"))
        .expression_attribute_values(":key_id", key.clone())
        .send()
        .await?;
    if found.items().len() != 1 {
        return Err("the link is not found".into());
    }
    client
        .update_item()
        .table_name(TABLE)
        .key("key_id", key)
        .update_expression("SET click_count = click_count + :val, last_access_date = :now, #ttl = :expiry")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":val", number("1"))
        .expression_attribute_values(":now", number("1794744060"))
        .expression_attribute_values(":expiry", number("1857816060"))
        .send()
        .await?;
    Ok(())
}

//! The checked-in schema is the one that the reader and the table give.

#[test]
fn the_checked_in_schema_is_derived() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/plan.schema.json");
    let derived = criu_plan::plan::schema_text();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &derived).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(
        checked_in == derived,
        "schemas/plan.schema.json is stale: `UPDATE_SCHEMA=1 cargo test --test plan_schema` renews it"
    );
}

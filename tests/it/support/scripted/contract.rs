//! The scripted destination as the core meets it.

use super::*;

const KINDS: &[Kind] = &[Kind {
    word: "scripted",
    label: "Scripted",
    settings: &[],
}];

impl Connectors for Scripted {
    fn sources(&self) -> &'static [Kind] {
        BuiltIn.sources()
    }

    fn destinations(&self) -> &'static [Kind] {
        KINDS
    }

    fn source(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn SourceConnector>, ConnectorError> {
        BuiltIn.source(word, settings, surroundings)
    }

    fn destination(
        &self,
        _: &str,
        _: &ResolvedSettings,
        _: &Surroundings,
    ) -> Result<Box<dyn DestinationConnector>, ConnectorError> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl DestinationConnector for Scripted {
    async fn test(&self) -> Vec<TestStep> {
        Vec::new()
    }

    async fn objects(&self) -> Result<Vec<Object>, ConnectorError> {
        Ok(Vec::new())
    }

    async fn fields(&self, object: &str) -> Result<ObjectSchema, ConnectorError> {
        Ok(ObjectSchema {
            object: Object {
                name: object.to_owned(),
                label: object.to_owned(),
            },
            fields: Vec::new(),
            open: true,
            exists: true,
        })
    }

    async fn create_object(
        &self,
        object: &str,
        _: &RecordShape,
    ) -> Result<ObjectSchema, ConnectorError> {
        self.fields(object).await
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        let there = self.there();
        Capabilities {
            modes: Mode::ALL.to_vec(),
            refused_modes: Vec::new(),
            lookup: true,
            read_fields: true,
            list: true,
            composite_identifier: true,
            deletion: Deletion::Gone,
            identifier_form: there.form,
            max_batch_rows: there.batch_rows,
            max_batch_bytes: 1 << 20,
            concurrency: 1,
            requests_per_second: None,
            idempotent: there.idempotent,
            exactly_once: false,
            request_timeout_s: 0,
            ambiguous_5xx: false,
        }
    }

    async fn begin(&self, run: RunContext) -> Result<Box<dyn Session>, ConnectorError> {
        self.pass(Silence::Begin).await;
        let scripted = self.clone();
        Ok(Box::new(OneRun { scripted, run }))
    }

    async fn settle(&self, tickets: &[String]) -> Result<Vec<(String, Verdict)>, WriteError> {
        self.pass(Silence::Settle).await;
        Ok(self.there().settle(tickets))
    }

    async fn list(
        &self,
        object: &str,
        identifier: &[String],
        _: &CancellationToken,
    ) -> Result<mpsc::Receiver<Result<Listing, ConnectorError>>, ConnectorError> {
        let (sender, receiver) = mpsc::channel(2);
        let there = self.there();
        let held = there.objects.get(object).map(|records| &records.held);
        let listed: Vec<Vec<Value>> = held
            .into_iter()
            .flatten()
            .filter_map(|(under, record)| {
                let values = identifier.iter().map(|name| unsaid(record.get(name)?));
                let values: Vec<Value> = values.collect::<Option<_>>()?;
                // A record that was matched by another field is no record of this one.
                (there.normal(&all_said(&values)) == *under).then_some(values)
            })
            .collect();
        drop(there);
        sender.try_send(Ok(Listing::Identifiers(listed))).unwrap();
        sender.try_send(Ok(Listing::End)).unwrap();
        Ok(receiver)
    }
}

/// The value that a text says.
fn unsaid(text: &str) -> Option<Value> {
    match text.split_once(' ')? {
        ("text", text) => Some(Value::text(text)),
        ("integer", number) => Some(Value::Integer(number.parse().ok()?)),
        _ => None,
    }
}

struct OneRun {
    scripted: Scripted,
    run: RunContext,
}

#[async_trait]
impl Session for OneRun {
    async fn prepare(&self, number: u64) -> Result<Option<String>, WriteError> {
        let _ = number;
        self.scripted.pass(Silence::Prepare(0)).await;
        Ok(None)
    }

    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let answers = self.scripted.there().write(&self.run, batch);
        match answers? {
            Answers::Some(verdicts) => Ok(Written::Verdicts {
                verdicts,
                requests: 1,
                bytes: 0,
            }),
            Answers::None => {
                self.scripted.stay_silent().await;
                Ok(Written::Staged { bytes: 0 })
            }
        }
    }

    async fn finish(&self) -> Result<Finished, WriteError> {
        self.scripted.pass(Silence::Finish).await;
        Ok(Finished::default())
    }
}

//! Mutations of the vocabulary.

use crate::domain::vocabulary::{self, SavedKey};
use crate::error::{Error, Result};
use crate::graphql::error::FieldResult;
use crate::graphql::mutations::payload::payload;
use crate::graphql::state::ContextExt;
use crate::graphql::types::job_run::JobRun;
use crate::graphql::types::vocabulary::{ApprovalPolicyEnum, VocabularyKey};
use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use tagging::{KeyChange, KnownValue};

/// Input of `updateVocabularyKey`. Fields that are left out stay as they are; null takes back their change.
#[derive(InputObject)]
pub struct UpdateVocabularyKeyInput {
    /// Canonical name of the key, lower-case words joined by hyphens. A name that is not in the vocabulary adds a key.
    name: String,
    /// Version that the change is based on; a change of another version is refused. Default: any.
    version: Option<i32>,
    /// Meaning of the key.
    description: MaybeUndefined<String>,
    /// True if every taggable resource should have the key.
    governed: MaybeUndefined<bool>,
    /// True if a resource without the key breaks a policy.
    required: MaybeUndefined<bool>,
    /// True if values that are not listed are valid.
    open: MaybeUndefined<bool>,
    /// Regular expression that values which are not listed must match to be valid; empty for none.
    pattern: MaybeUndefined<String>,
    /// Decision that the values need.
    approval: MaybeUndefined<ApprovalPolicyEnum>,
    /// Lowest confidence of automatic application, 0 to 1.
    auto_apply_threshold: MaybeUndefined<f64>,
    /// Lowest confidence of review, 0 to 1.
    manual_review_threshold: MaybeUndefined<f64>,
    /// Spellings that mean this key, in place of the present ones.
    synonyms: MaybeUndefined<Vec<String>>,
    /// Spellings that often mean this key, in place of the present ones.
    weak_synonyms: MaybeUndefined<Vec<String>>,
    /// Values with a canonical name, in place of the present ones.
    values: MaybeUndefined<Vec<VocabularyValueInput>>,
    /// Mappings of raw values, in addition to the present ones.
    mappings: Option<Vec<ValueMappingInput>>,
    /// Types of resources that are not asked for the key.
    not_taggable: MaybeUndefined<Vec<String>>,
}

/// Value of a key of the vocabulary.
#[derive(InputObject)]
pub struct VocabularyValueInput {
    /// Canonical name, in lower case.
    name: String,
    /// Spellings that mean this value.
    synonyms: Vec<String>,
}

/// Mapping of a raw value, decided once for all resources.
#[derive(InputObject)]
pub struct ValueMappingInput {
    /// Value as resources have it. Case and separators do not matter.
    raw_value: String,
    /// Canonical value that it means, in lower case; null takes the mapping back.
    value: Option<String>,
}

/// Input of `deleteVocabularyKey`.
#[derive(InputObject)]
pub struct DeleteVocabularyKeyInput {
    /// Canonical name of the key.
    name: String,
    /// Version that the deletion is based on; another one is refused. Default: any.
    version: Option<i32>,
}

fn set<T, U>(field: &mut Option<U>, input: MaybeUndefined<T>, convert: impl FnOnce(T) -> U) {
    match input {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *field = None,
        MaybeUndefined::Value(value) => *field = Some(convert(value)),
    }
}

impl UpdateVocabularyKeyInput {
    fn apply(self, change: &mut KeyChange) -> Result<()> {
        let known = |value: VocabularyValueInput| KnownValue {
            name: value.name,
            synonyms: value.synonyms,
            ambiguous: Vec::new(),
            likely: Vec::new(),
        };
        set(&mut change.description, self.description, |text| text);
        set(&mut change.governed, self.governed, |flag| flag);
        set(&mut change.required, self.required, |flag| flag);
        set(&mut change.open, self.open, |flag| flag);
        set(&mut change.pattern, self.pattern, |text| text);
        set(&mut change.approval, self.approval, Into::into);
        set(
            &mut change.auto_apply_threshold,
            self.auto_apply_threshold,
            |bound| bound,
        );
        set(
            &mut change.manual_review_threshold,
            self.manual_review_threshold,
            |bound| bound,
        );
        set(&mut change.synonyms, self.synonyms, |list| list);
        set(&mut change.weak_synonyms, self.weak_synonyms, |list| list);
        set(&mut change.values, self.values, |values| {
            values.into_iter().map(known).collect()
        });
        set(&mut change.not_taggable, self.not_taggable, |list| list);
        for mapping in self.mappings.into_iter().flatten() {
            if !change.set_mapping(mapping.raw_value, mapping.value) {
                return Err(Error::invalid(
                    "mappings",
                    "there is no such mapping to take back",
                ));
            }
        }
        Ok(())
    }
}

/// Declares the payloads of mutations that change a key.
macro_rules! key_payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$about:meta])* vocabulary_key })*) => {
        $(
            payload! {
                $(#[$doc])*
                $name of saved: SavedKey {
                    $(#[$about])*
                    vocabulary_key: Option<VocabularyKey> = Some(saved.key.into()),
                    /// Run that evaluates all resources; null if nothing was changed.
                    run: Option<JobRun> = saved.run.map(Into::into),
                }
            }
        )*
    };
}

key_payloads! {
    /// Payload of `updateVocabularyKey`.
    UpdateVocabularyKeyPayload {
        /// Key in the current state; null if refused.
        vocabulary_key
    }
    /// Payload of `deleteVocabularyKey`.
    DeleteVocabularyKeyPayload {
        /// Key as shipped; a key of the customer's own as it was; null if refused.
        vocabulary_key
    }
}

/// Mutations of the vocabulary.
#[derive(Default)]
pub struct VocabularyMutation;

#[Object]
impl VocabularyMutation {
    /// Changes or adds a key of the vocabulary; all resources are evaluated again. For admins.
    async fn update_vocabulary_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Change of the key.")] input: UpdateVocabularyKeyInput,
    ) -> FieldResult<UpdateVocabularyKeyPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let (name, version) = (input.name.clone(), input.version);
        let change = |change: &mut KeyChange| input.apply(change);
        let live = &services.engine.live;
        UpdateVocabularyKeyPayload::of(
            vocabulary::update(&services.db, actor, live, &name, version, change).await,
        )
    }

    /// Takes back all changes of a key; a key of the customer's own is deleted. For admins.
    async fn delete_vocabulary_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key to take back.")] input: DeleteVocabularyKeyInput,
    ) -> FieldResult<DeleteVocabularyKeyPayload> {
        let (actor, services) = (ctx.actor()?, ctx.services()?);
        let live = &services.engine.live;
        DeleteVocabularyKeyPayload::of(
            vocabulary::delete(&services.db, actor, live, &input.name, input.version).await,
        )
    }
}

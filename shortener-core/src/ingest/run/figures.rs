//! How complete the counts of hours are, for whoever reads statistics.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::super::manifest::Manifest;
use super::{Ingest, IngestError};
use crate::service::HourFigures;
use crate::stats::Hour;
use crate::stats::progress::all_of;
use crate::table::{Condition, Consistency, Item, TableError, Write, keys};

impl Ingest {
    /// Stores the lines of an hour beside the requests that the edge says it had; beside those that it said earlier, if it
    /// does not say now.
    pub(super) async fn remember_figures(&self, hour: Hour, manifest: &Manifest) -> Result<(), IngestError> {
        let requests = match manifest.figures.expected {
            Some(requests) => Some(requests),
            None => self.figures(hour).await?.map(|figures| figures.requests),
        };
        let Some(requests) = requests else { return Ok(()) };
        let figures = HourFigures { lines: manifest.figures.lines, requests };
        self.store_figures(hour, manifest.generation, &figures).await.map(|_| ())
    }

    /// Stores figures of the count of this generation; says whether they are stored, for a later one knows more.
    pub(super) async fn store_figures(
        &self,
        hour: Hour,
        generation: u64,
        figures: &HourFigures,
    ) -> Result<bool, IngestError> {
        let mut item = Item::encode(keys::ingest_figures(hour), figures)?;
        item.attributes.insert(keys::attribute::GENERATION.to_owned(), generation.into());
        let write = [Write::put(item).when(Condition::GenerationBelow(generation + 1))];
        match self.patiently(|| self.table.write(&write)).await {
            Ok(()) => Ok(true),
            Err(IngestError::Table(TableError::ConditionFailed { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The figures that are stored of some hours.
    pub(super) async fn figures_of(
        &self,
        hours: RangeInclusive<Hour>,
    ) -> Result<BTreeMap<Hour, HourFigures>, IngestError> {
        let range = keys::ingest_figures_between(*hours.start(), *hours.end());
        let items = self.patiently(|| all_of(self.table.as_ref(), range.clone())).await?;
        let read = |item: &Item| Ok(keys::parse_ingest_figures(&item.key).zip(Some(item.decode()?)));
        items.iter().filter_map(|item| read(item).transpose()).collect()
    }

    async fn figures(&self, hour: Hour) -> Result<Option<HourFigures>, IngestError> {
        let key = keys::ingest_figures(hour);
        let item = self.patiently(|| self.table.get(&key, Consistency::Strong)).await?;
        Ok(item.map(|item| item.decode()).transpose()?)
    }
}

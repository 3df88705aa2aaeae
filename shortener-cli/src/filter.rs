//! Which links of all: the filter of 'short list' and 'short export'.

use shortener_core::wire::{LinkFilter, StateFilter};

/// The filter on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Only links with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only links that 'short apply' made for this owner
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Only this domain; '-' is the default one [default: all domains]
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Only links in this state [default: all but deleted]
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    /// Only links that lead to this host
    #[arg(long, value_name = "HOST")]
    target_host: Option<String>,
    /// Only links whose code, target or title contains this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only links created at or after this moment
    #[arg(long, value_name = "WHEN")]
    created_after: Option<String>,
    /// Only links created before this moment
    #[arg(long, value_name = "WHEN")]
    created_before: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    Active,
    Scheduled,
    Expired,
    Disabled,
    Deleted,
    Any,
}

impl From<State> for StateFilter {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Scheduled => Self::Scheduled,
            State::Expired => Self::Expired,
            State::Disabled => Self::Disabled,
            State::Deleted => Self::Deleted,
            State::Any => Self::Any,
        }
    }
}

impl FilterArgs {
    /// The filter, from the first page on.
    pub(crate) fn filter(&self) -> LinkFilter {
        LinkFilter {
            domain: self.domain.clone(),
            tag: self.tag.clone(),
            owner: self.owner.clone(),
            state: self.state.map(Into::into),
            target_host: self.target_host.clone(),
            search: self.search.clone(),
            created_after: self.created_after.clone(),
            created_before: self.created_before.clone(),
            ..LinkFilter::default()
        }
    }
}

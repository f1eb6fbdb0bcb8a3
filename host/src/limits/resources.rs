//! Counts what the guest's instances take: memories, tables, instances.
//!
//! One budget for all memories of an invocation, since a component may have several. Growth beyond
//! it ends the invocation: most languages abort when they get no memory, and an abort says less.

use std::sync::Arc;

use wasmtime::{ResourceLimiter, Result};

use super::together::{Full, Together};
use crate::limits::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};
use crate::stop::Stop;

/// What is left, and what was used.
#[derive(Debug)]
pub(crate) struct Resources {
    memory_bytes_max: u64,
    memory_bytes: u64,
    memory_bytes_peak: u64,
    table_elements: usize,
    together: Arc<Together>,
}

impl Resources {
    pub(crate) fn new(memory_bytes_max: u64, together: &Arc<Together>) -> Self {
        Self {
            together: Arc::clone(together),
            memory_bytes_max,
            memory_bytes: 0,
            memory_bytes_peak: 0,
            table_elements: 0,
        }
    }

    /// The most that all memories together had.
    pub(crate) fn memory_bytes_peak(&self) -> u64 {
        self.memory_bytes_peak
    }
}

impl Drop for Resources {
    fn drop(&mut self) {
        self.together.give_back(self.memory_bytes);
    }
}

impl ResourceLimiter for Resources {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        // Wasmtime asks first and looks at the memory's own maximum afterwards: what will fail is
        // not charged.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let growth = desired.saturating_sub(current) as u64;
        let total = self.memory_bytes.saturating_add(growth);
        if total > self.memory_bytes_max {
            return Err(Stop::OutOfMemory.into());
        }
        if let Err(Full) = self.together.take(growth) {
            return Err(Stop::HostOutOfMemory(self.together.bytes_max()).into());
        }
        self.memory_bytes = total;
        self.memory_bytes_peak = self.memory_bytes_peak.max(total);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        // The only failure left is that the machine has no memory.
        Err(Stop::OutOfMemory.into())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let total = self
            .table_elements
            .saturating_add(desired.saturating_sub(current));
        if total > TABLE_ELEMENTS_MAX {
            return Err(Stop::OutOfMemory.into());
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(memory_bytes_max: u64) -> Resources {
        Resources::new(memory_bytes_max, &Arc::new(Together::new(u64::MAX)))
    }

    #[test]
    fn all_guests_share_one_budget_and_give_back_what_they_had() {
        let together = Arc::new(Together::new(300));
        let mut one = Resources::new(200, &together);
        let mut other = Resources::new(200, &together);
        assert!(one.memory_growing(0, 200, None).unwrap());
        assert!(other.memory_growing(0, 100, None).unwrap());
        let refused = other.memory_growing(100, 101, None).unwrap_err();
        assert!(matches!(
            refused.downcast_ref::<Stop>(),
            Some(Stop::HostOutOfMemory(300))
        ));
        // Its own limit is told first: waiting for others would not help.
        let refused = one.memory_growing(200, 201, None).unwrap_err();
        assert!(matches!(
            refused.downcast_ref::<Stop>(),
            Some(Stop::OutOfMemory)
        ));
        drop(one);
        assert!(other.memory_growing(100, 200, None).unwrap());
        drop(other);
        assert_eq!(together.take(300), Ok(()));
        assert_eq!(together.take(1), Err(Full));
        together.give_back(300);
        assert_eq!(together.take(u64::MAX), Err(Full));
    }

    #[test]
    fn all_memories_share_one_budget() {
        let mut resources = resources(300);
        assert!(resources.memory_growing(0, 100, None).unwrap());
        assert!(resources.memory_growing(0, 100, None).unwrap());
        assert!(resources.memory_growing(100, 200, None).unwrap());
        let refused = resources.memory_growing(100, 101, None).unwrap_err();
        assert!(matches!(
            refused.downcast_ref::<Stop>(),
            Some(Stop::OutOfMemory)
        ));
        assert_eq!(resources.memory_bytes_peak(), 300);
    }

    #[test]
    fn growth_beyond_a_memorys_own_maximum_is_not_charged() {
        let mut resources = resources(300);
        assert!(!resources.memory_growing(0, 200, Some(100)).unwrap());
        assert_eq!(resources.memory_bytes_peak(), 0);
    }

    #[test]
    fn tables_share_one_budget() {
        let mut resources = resources(0);
        assert!(
            resources
                .table_growing(0, TABLE_ELEMENTS_MAX, None)
                .unwrap()
        );
        assert!(resources.table_growing(0, 1, None).is_err());
    }
}

// A tier that a backup host fills by itself (KHADA 8.7): seen from the panel there is nothing to reach, and nothing to order.
import { TierFault } from './faults.ts';
import type { BackupTier } from './port.ts';

/** What lies there comes back through staging (`gotgan backup fetch`); every other word about it stands in rows that the host writes. */
export function pulledTier(): BackupTier {
  const away = async () => {
    throw new TierFault('PULLED');
  };
  return {
    probe: async () => {},
    keep: away,
    open: away,
    list: away,
    check: away,
    forget: away,
    tidy: async () => {},
    // The host sees the destroyed key, and erases once its floor allows it.
    remove: async () => {},
  };
}

// The door of SSH: what was asked for, agreed to and granted, on servers apart from everybody else (KHADA 7.3).

import { GrantStore } from './grant-store.ts';
import { SshGrants } from './grants.ts';
import type { SshParts } from './parts.ts';
import { SshRequests } from './requests.ts';
import { SshStore } from './store.ts';

export type { ListedRequest } from './grants.ts';
export type { SshOverview } from './requests.ts';

/**
 * SSH is the exception: asked for by an owner with a consent of its own, decided by the operator, key only, from named networks, for a
 * while, and only on servers that hold nobody but users of SSH, which the database itself sees to (migration 024).
 */
export class Ssh {
  readonly requests: SshRequests;
  readonly grants: SshGrants;

  constructor(parts: SshParts) {
    const { connection, secrets } = parts;
    const inner = { ...parts, store: new SshStore(connection, secrets), grants: new GrantStore(connection) };
    this.requests = new SshRequests(inner);
    this.grants = new SshGrants(inner);
  }
}

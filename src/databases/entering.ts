// What the routes of databases share: their parts, and where a drawn password is shown.
import type { Request } from 'express';
import type {} from 'express-session';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import type { Sites } from '../sites/sites.ts';
import type { Databases } from './databases.ts';
import { databasesAddress } from './page.ts';

export type DatabasesRouteParts = {
  readonly databases: Databases;
  readonly sites: Sites;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
  readonly choices: Pick<Choices, 'timeZone' | 'brand'>;
};

declare module 'express-session' {
  interface SessionData {
    /** of a database, drawn a moment ago: shown on the next page and never again */
    drawnPassword: { databaseId: string; name: string; password: string };
  }
}

/** @returns where the drawn password is shown, once; without one, the page of the database */
export function afterDrawing(req: Request, made: { id: string; name: string; drawnPassword?: string }): string {
  const one = databasesAddress(req.site, `/${made.id}`);
  if (made.drawnPassword === undefined) return one;
  req.session.drawnPassword = { databaseId: made.id, name: made.name, password: made.drawnPassword };
  return `${one}/password/once`;
}

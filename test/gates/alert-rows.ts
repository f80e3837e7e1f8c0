// Tokens, and a webhook with messages in every state, as the pages of alerts and tokens show them.
import { day, hour, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import type { TestPanel } from '../support/panel.ts';

const actor = { kind: 'person', address: '203.0.113.20', agent: 'test' } as const;

/** Makes a token at the site by its owner. @returns its id, and the token itself */
export async function makeToken(
  { panel }: TestPanel,
  siteName: string,
  email: string,
  name = 'NAS',
): Promise<{ id: string; token: string }> {
  const { tokens, sites, accounts } = panel.doors;
  const [site, person] = [await sites.byName(siteName), await accounts.byLoginName(email)];
  const by = { personId: person?.id ?? '' };
  const token = await tokens.make(site, by, { name, reach: 'site', days: 90 }, { ...actor, ...by });
  const [made] = await tokens.of(site, { ...by, seesAll: false });
  return { id: made?.id ?? '', token };
}

/** A token that is in use with a long name, one that was never used, and a webhook. @returns the id of a token */
export async function writeAlerts(house: TestPanel, siteName: string, email: string): Promise<string> {
  const { alerts, tokens, sites } = house.panel.doors;
  const { token } = await makeToken(house, siteName, email, '사무실 서고에 있는 시놀로지 나스, 밤마다 받아 가는 것');
  await tokens.open(token, { address: '2001:db8:85a3:8d3:1319:8a2e:370:7348', agent: 'curl' });
  const { id } = await makeToken(house, siteName, email, '집 컴퓨터');
  const { customerId } = await sites.byName(siteName);
  // A private address: nothing is ever sent there.
  await alerts.webhooks.set(customerId, 'https://10.20.30.40/hooks/backup?channel=workshop', actor);
  await writeDeliveries(house, customerId);
  return id;
}

async function writeDeliveries({ panel, clock }: TestPanel, customerId: string): Promise<void> {
  const { connection, alerts } = panel.doors;
  const hook = await alerts.webhooks.of(customerId);
  const now = clock.now();
  const row = (age: number, event: string, more: object) => ({
    ...{ id: newId(now - age), webhook_id: hook?.id ?? '', customer_id: customerId, event, body: '{}', queued_at: now - age },
    ...{ attempts: 1, status: null, fault: null, tried_at: now - age, delivered_at: null, failed_at: null },
    ...more,
  });
  await connection.write((tx) =>
    tx
      .insertInto('webhook_deliveries')
      .values([
        row(9 * day, 'trial', { status: 204, delivered_at: now - 9 * day }),
        row(2 * day, 'backup.shrunken', { attempts: 10, fault: 'private', failed_at: now - 2 * day + 4 * hour }),
        row(10 * minute, 'backup.damaged', { attempts: 4, status: 503 }),
        row(minute, 'backup.overdue', { attempts: 0, tried_at: null }),
      ])
      .execute(),
  );
}

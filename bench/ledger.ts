// The ledger of consents: how many rows a second are verified, and what the question whether an order stands on them costs a page.
import { Audit } from '../src/audit/audit.ts';
import { Consent } from '../src/consent/consent.ts';
import { Standings } from '../src/orders/standing.ts';
import { OrderStore } from '../src/orders/store.ts';
import { packageFolder } from '../src/package-folder.ts';
import { systemClock } from '../src/platform/clock.ts';
import { Secrets } from '../src/platform/secrets.ts';
import { publishNext } from '../test/consent/publish.ts';
import { openTestDatabase, postgresServer } from '../test/support/databases.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { fillLedger } from './ledger-fill.ts';
import { median } from './load.ts';

type Engine = 'sqlite' | 'postgresql';

export const ledgerPart: Part = {
  name: 'ledger',
  measure: async (circumstances) => {
    if (!postgresServer) circumstances.say('PostgreSQL is not measured: GOTGAN_TEST_POSTGRES is not set');
    const engines: Engine[] = ['sqlite', ...(postgresServer ? (['postgresql'] as const) : [])];
    const figures: Figure[] = [];
    for (const engine of engines) figures.push(...(await measure(engine, circumstances)));
    return figures;
  },
};

const answers = 10;
const timeZone = 'Asia/Seoul';

async function measure(engine: Engine, { long, say }: Circumstances): Promise<Figure[]> {
  const customers = long ? 100_000 : 1000;
  const connection = await openTestDatabase(engine);
  try {
    const secrets = new Secrets('a secret for the benchmark only, long enough to be one');
    const parts = { connection, secrets, clock: systemClock, timeZone };
    const consent = new Consent({ ...parts, documentsFolder: packageFolder('views/documents') });
    await consent.rememberDocuments();
    const begun = performance.now();
    const ids = await fillLedger(connection.url, { customers, answers }, { secrets, consent });
    say(`${engine}: filled in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    const rate = await verified(consent, { rounds: 3, rows: customers * answers });
    const standings = new Standings({ connection, consent, timeZone, store: new OrderStore(connection) });
    const asked = { ids, times: long ? 20_000 : 1000 };
    const usual = await gate(standings, asked, 0);
    await publishNext({ consent, audit: new Audit(parts) }, 'terms');
    const changed = await gate(standings, asked, 1);
    say(
      `${engine}: ${rate.toFixed(0)} rows/s verified; gate ${usual.toFixed(3)} ms, with changed terms ${changed.toFixed(3)} ms`,
    );
    const of = `${customers.toLocaleString('en')} customers, ${(customers * answers).toLocaleString('en')} rows of the ledger`;
    return [
      { name: `${engine}: ledger verified, ${of}`, unit: '1/s', ours: rate, bound: { atLeast: 30_000 } },
      { name: `${engine}: gate of consents a page, ${of}, median`, unit: 'ms', ours: usual, bound: { atMost: 1 } },
      { name: `${engine}: the same once a document has changed`, unit: 'ms', ours: changed, bound: { atMost: 1 } },
    ];
  } finally {
    await connection.remove();
  }
}

/** @returns rows a second. @throws Error when the ledger does not hold: what was measured was not the work then */
async function verified({ ledger }: Consent, { rounds, rows }: { rounds: number; rows: number }): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    const { links, faults } = await ledger.verify();
    rates.push(links / ((performance.now() - begun) / 1000));
    if (links !== rows || faults.length > 0) throw new Error(`the ledger does not hold: ${links} links, ${faults.join('; ')}`);
  }
  return median(rates);
}

/**
 * Asks as each page does, one customer after the other, all over the table.
 * @param changed how many of a customer's documents have changed. @returns the median in milliseconds
 */
async function gate(
  standings: Standings,
  { ids, times }: { ids: readonly string[]; times: number },
  changed: number,
): Promise<number> {
  const took: number[] = [];
  for (let at = 0; at < times; at += 1) {
    // 7919 is prime: it comes to every customer before it comes to one again.
    const id = ids[(at * 7919) % ids.length] ?? '';
    const begun = performance.now();
    const { superseded, hasOpen } = await standings.of(id);
    took.push(performance.now() - begun);
    if (superseded.length !== changed || !hasOpen) throw new Error('the gate did not find what was agreed to');
  }
  return median(took);
}

// A second process for database.contract.ts: adds one to a row a number of times, reading before it writes.
import { systemClock } from '../../src/platform/clock.ts';
import { openDatabase } from '../../src/platform/database/database.ts';

const [url = '', key = '', times = '0'] = process.argv.slice(2);
const database = await openDatabase(url, systemClock);
for (let i = 0; i < Number(times); i += 1) {
  await database.write(async (tx) => {
    const { hits } = await tx.selectFrom('counters').select('hits').where('key', '=', key).forUpdate().executeTakeFirstOrThrow();
    await tx
      .updateTable('counters')
      .set({ hits: hits + 1 })
      .where('key', '=', key)
      .execute();
  });
}
await database.close();

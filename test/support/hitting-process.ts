// A second process for counters.contract.ts: makes hits one after the other and says what each was told.
import { systemClock } from '../../src/platform/clock.ts';
import { databaseCounters } from '../../src/platform/counters/database-counters.ts';
import { openDatabase } from '../../src/platform/database/database.ts';

const [url = '', key = '', times = '0'] = process.argv.slice(2);
const connection = await openDatabase(url, systemClock);
const counters = databaseCounters(connection, systemClock);
const counts: number[] = [];
for (let i = 0; i < Number(times); i += 1) counts.push((await counters.hit(key, 3_600_000)).count);
process.send?.(counts);
await connection.close();

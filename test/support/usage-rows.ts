// Days of usage as pages have to show them: a quarter of a year that grows, with a gap, and the largest folders; and one day alone.
import { day as dayMilliseconds } from '../../src/platform/clock.ts';
import type { TestPanel } from './panel.ts';

const megabyte = 1024 ** 2;
/** The server was away. */
const gap = { from: 52, to: 49 };
/** Then a folder was deleted. */
const cleared = 40;

export async function writeUsage(
  house: TestPanel,
  names: { readonly customer: string; readonly troubled: string },
): Promise<void> {
  const { connection, sites } = house.panel.doors;
  const now = house.clock.now();
  const dayOf = (ago: number) => new Date(now + 9 * 3_600_000 - ago * dayMilliseconds).toISOString().slice(0, 10);
  const customer = await sites.byName(names.customer);
  const troubled = await sites.byName(names.troubled);
  const row = (site: typeof customer, ago: number, bytes: number) => ({
    ...{
      site_id: site.id,
      day: dayOf(ago),
      customer_id: site.customerId,
      bytes,
      files: 150 + (90 - ago),
      quota_bytes: site.quotaBytes,
    },
    ...{ database_bytes: (180 - ago) * megabyte, backup_bytes: 14 * bytes, counted_at: now - ago * dayMilliseconds },
  });
  const share = (ago: number) => (ago > cleared ? 0.3 + (90 - ago) * 0.011 : 0.22 + (cleared - ago) * 0.015);
  const agos = Array.from({ length: 90 }, (_, at) => 89 - at).filter((ago) => ago > gap.from || ago < gap.to);
  const folders = [
    ['www/data', 0.61],
    ['www/data/file', 0.44],
    ['www/data/editor', 0.12],
    ['trash', 0.08],
    ['www/wp-content', 0.06],
    ['www/wp-content/uploads', 0.05],
    ['www/2026년 가을 동네 사진 공모전에 들어온 사진 모음', 0.02],
    ['www/img', 0.01],
  ] as const;
  const large = folders.map(([path, part], at) => ({
    ...{ site_id: customer.id, place: at + 1, customer_id: customer.customerId, path },
    ...{ bytes: Math.round(part * customer.quotaBytes), files: 200 - at * 20 },
  }));
  await connection.write(async (tx) => {
    await tx.deleteFrom('usage_days').where('site_id', 'in', [customer.id, troubled.id]).execute();
    await tx.deleteFrom('usage_folders').where('site_id', '=', customer.id).execute();
    const days = agos.map((ago) => row(customer, ago, Math.round(share(ago) * customer.quotaBytes)));
    await tx
      .insertInto('usage_days')
      .values([...days, row(troubled, 0, troubled.usedBytes)])
      .execute();
    await tx.insertInto('usage_folders').values(large).execute();
  });
}

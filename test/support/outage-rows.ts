// Outages as pages have to show them: one that data was brought back after, one too short for money, one with maintenance in it, one that lasts.
import { day, hour, minute } from '../../src/platform/clock.ts';
import type { TestPanel } from './panel.ts';

const operator = { kind: 'operator' } as const;

/** @param name of the site that they were at */
export async function writeOutages(house: TestPanel, name: string): Promise<void> {
  const { connection, outages, clock } = house.panel.doors;
  const now = clock.now();
  // Nothing of these is the customer's before the site was open.
  await connection.write((tx) =>
    tx
      .updateTable('sites')
      .set({ opened_at: now - 90 * day })
      .where('name', '=', name)
      .execute(),
  );
  const { server } = await connection.db
    .selectFrom('sites')
    .innerJoin('servers', 'servers.id', 'sites.server_id')
    .select('servers.name as server')
    .where('sites.name', '=', name)
    .executeTakeFirstOrThrow();
  const record = (ago: number, length: number | null, cause: string, restored = false) => {
    const startedAt = now - ago;
    const endedAt = length === null ? null : startedAt + length;
    return outages.add({ server, sites: [name], startedAt, endedAt, restored, cause }, operator);
  };
  await record(
    40 * day,
    300 * hour,
    '저장 장치 두 개가 같은 날 고장 나 서버의 모든 자료를 장기 백업에서 다시 만들었습니다',
    true,
  );
  await record(12 * day, 4 * hour + 10 * minute, '전원 장치의 고장', true);
  await record(11 * day, 42 * minute, '네트워크 장비의 재시작');
  const { id } = await record(5 * day, 9 * hour, '데이터베이스 서버의 교체');
  const startedAt = now - 5 * day;
  const announced = { announcedAt: startedAt - 8 * day, note: '11월 9일에 이메일로 알린 점검입니다.' };
  await outages.exclude(id, { because: 'maintenance', startedAt, endedAt: startedAt + 4 * hour, ...announced }, operator);
  await record(25 * minute, null, '웹 서버가 응답하지 않아 확인하고 있습니다');
}

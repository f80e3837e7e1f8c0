// The figures an operator's Prometheus reads: named as its conventions ask, true, and nobody else's business.
import { execFileSync, spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hour } from '../../src/platform/clock.ts';
import { heardLog } from '../support/heard-log.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
beforeEach(async () => {
  panel = await startPanel();
});
afterEach(() => panel.close());

type Value = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** A scrape as Prometheus reads it. Figures of the database are shared for 5 s, so that each test scrapes once, or waits. */
async function scrape(): Promise<{ text: string; values: Value[] }> {
  const { text } = await new Visitor(panel).get('/metrics').expect(200);
  const values = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return {
        name,
        labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, k = '', v = '']) => [k, v])),
        value: Number(value),
      };
    });
  return { text, values };
}

const of = (values: readonly Value[], name: string) =>
  Object.fromEntries(
    values.filter((one) => one.name === name).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );

test('tell of requests, sign-ins, uploads, backups, jobs and letters what happened', async () => {
  const visitor = new Visitor(panel);
  const site = await visitor.arrive('count@example.com');
  await visitor.upload(site, [
    { name: 'one.txt', body: 'one' },
    { name: 'two.txt', body: 'four' },
    { name: 'shell.php', body: '<?php' },
  ]);
  await visitor.submit(`/sites/${site}/backups`, {});
  await panel.work();
  await visitor.submit('/dashboard', {}, '/logout');
  expect((await visitor.logIn('count@example.com', { password: 'wrong-one-12' })).status).toBe(422);
  await visitor.logIn('count@example.com');
  const late = new Visitor(panel);
  await late.signUp('later@example.com');

  const { values } = await scrape();
  expect(of(values, 'gotgan_sign_ins_total')).toEqual({ verification: 1, failed: 1, password: 1 });
  expect(of(values, 'gotgan_upload_files_total')).toEqual({ stored: 2, type_not_allowed: 1 });
  expect(of(values, 'gotgan_upload_stored_bytes_total')).toEqual({ '': 7 });
  expect(of(values, 'gotgan_backups_recent')).toMatchObject({ verified: 1 });
  expect(of(values, 'gotgan_sites')).toEqual({ '': 1 });
  expect(of(values, 'gotgan_sites_backup_overdue')).toEqual({ 26: 0, 50: 0 });
  expect(of(values, 'gotgan_job_runs_total')).toMatchObject({
    'backups.make done': 1,
    'backups.verify done': 1,
    'sites.open done': 1,
  });
  expect(of(values, 'gotgan_letters')).toEqual({ waiting: 1, failed: 0 });
  expect(of(values, 'gotgan_jobs')).toEqual({ due: 1, later: 0, running: 0, failed: 0 });
  expect(of(values, 'gotgan_jobs_in_lane')).toMatchObject({ 'short due': 1, 'medium due': 0, 'long running': 0 });
  expect(of(values, 'gotgan_password_hashing')).toEqual({ running: 0, waiting: 0 });
  expect(of(values, 'gotgan_database_up')).toEqual({ '': 1 });
  const posts = values.filter(({ name, labels }) => name.endsWith('request_duration_seconds_count') && labels.route === '/login');
  expect(posts.map(({ labels, value }) => [labels.method, labels.status, value]).sort()).toEqual([
    ['GET', '200', 2],
    ['POST', '303', 1],
    ['POST', '422', 1],
  ]);
  for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total'])
    expect(of(values, name)['']).toBeGreaterThanOrEqual(0);
});

test('tell of sites whose newest good backup is older than 26 and 50 hours, and not of young ones', async () => {
  const old = new Visitor(panel);
  const site = await old.arrive('old@example.com');
  await old.submit(`/sites/${site}/backups`, {});
  await panel.work();
  const { connection } = panel.panel.doors;
  await connection.write((tx) =>
    tx
      .updateTable('sites')
      .set({ opened_at: panel.clock.now() - 90 * hour })
      .execute(),
  );
  await connection.write((tx) =>
    tx
      .updateTable('backups')
      .set({ data_at: panel.clock.now() - 27 * hour })
      .execute(),
  );
  await new Visitor(panel).arrive('young@example.com');
  const { values } = await scrape();
  expect(of(values, 'gotgan_sites')).toEqual({ '': 2 });
  expect(of(values, 'gotgan_sites_backup_overdue')).toEqual({ 26: 1, 50: 0 });
});

test('tell how long the oldest job has waited, and what failed for good', async () => {
  const { connection, queue } = panel.panel.doors;
  await connection.write(async (tx) => {
    await queue.add(tx, 'sites.open', { siteId: 'a' });
    await queue.add(tx, 'sites.open', { siteId: 'b' }, { runAt: panel.clock.now() + 10 * hour });
  });
  panel.clock.advance(2 * hour);
  const { values } = await scrape();
  expect(of(values, 'gotgan_jobs')).toMatchObject({ due: 1, later: 1 });
  expect(of(values, 'gotgan_jobs_oldest_due_seconds')).toEqual({ '': expect.closeTo(7200, -1) });
});

test('leave out what a database that does not answer would have told, and say that it is down', async () => {
  const { log, lines } = heardLog();
  await panel.close();
  panel = await startPanel({ log });
  const { connection } = panel.panel.doors;
  await connection.write((tx) => tx.schema.alterTable('letters').renameTo('letters_gone').execute());
  const { values } = await scrape();
  await connection.write((tx) => tx.schema.alterTable('letters_gone').renameTo('letters').execute());
  expect(of(values, 'gotgan_database_up')).toEqual({ '': 0 });
  expect(of(values, 'gotgan_letters')).toEqual({});
  expect(of(values, 'gotgan_sites')).toEqual({});
  expect(of(values, 'gotgan_database_errors_total').refused).toBeGreaterThanOrEqual(1);
  expect(lines('the figures of the database could not be read')).toHaveLength(1);
});

describe('for whom', () => {
  test('nobody else: from outside and in another language there is no such page', async () => {
    const guest = new Visitor(panel);
    expect((await guest.get('/metrics')).status).toBe(200);
    expect((await guest.get('/en/metrics')).status).toBe(404);
    expect((await guest.get('/metrics').set('X-Forwarded-For', '203.0.113.9')).status).toBe(404);
    await panel.close();
    panel = await startPanel({ metricsAllow: '10.0.0.0/8' });
    const { status, text } = await new Visitor(panel).get('/metrics');
    expect([status, text.includes('gotgan_')]).toEqual([404, false]);
  });

  test('no session is made, and it is the text that Prometheus reads', async () => {
    const answer = await new Visitor(panel).get('/metrics');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});

describe('names and labels', () => {
  test('follow the conventions of Prometheus', async () => {
    const visitor = new Visitor(panel);
    await visitor.arrive('names@example.com');
    const { text } = await scrape();
    const types = [...text.matchAll(/^# TYPE (gotgan_\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
    expect(types.length).toBeGreaterThan(12);
    for (const { name, type } of types) {
      expect(name).toMatch(/^gotgan_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total'), `${name} is a ${type}`).toBe(type === 'counter');
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'));
      expect(name).not.toMatch(/milli|kilo|minutes|hours|_count$|_sum$|_bucket$/);
    }
  });

  test.skipIf(spawnSync('promtool', ['--version']).error)('promtool finds nothing to complain about', async () => {
    const { text } = await scrape();
    execFileSync('promtool', ['check', 'metrics'], { input: ours(text), stdio: ['pipe', 'pipe', 'pipe'] });
  });

  test('do not grow with people, sites, tokens or whatever strangers ask for', async () => {
    const guest = new Visitor(panel);
    const routes = async () =>
      (await scrape()).values.filter(({ name }) => name === 'gotgan_http_request_duration_seconds_count').length;
    await guest.get('/verify/a');
    await guest.get('/nowhere');
    await guest.agent.options('/x');
    const before = await routes();
    for (let i = 0; i < 50; i += 1) {
      await guest.get(`/verify/token-${i}`);
      await guest.get(`/sites/site-${i}/files/${i}`);
      await guest.get(`/nowhere-${i}?q=${i}`);
      await guest.agent.get(`/assets/${i}.css`);
    }
    await guest.agent.propfind('/x');
    panel.clock.advance(hour);
    await new Promise((resolve) => setTimeout(resolve, 5100));
    expect((await routes()) - before).toBeLessThanOrEqual(5);
  });
});

const ours = (text: string) =>
  text
    .split('\n')
    .filter((line) => /^(# \S+ )?gotgan_/.test(line))
    .concat('')
    .join('\n');

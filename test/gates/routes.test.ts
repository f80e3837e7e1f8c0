// The list of routes is trusted by the other gates, so it is shown here what it sees, and that it says what it cannot see.
import express from 'express';
import { describe, expect, test } from 'vitest';
import { differences, filled, namesOf, routesOf } from './routes.ts';

describe('the list of routes sees', () => {
  const open = { who: 'everyone' };
  const ok: express.RequestHandler = (_req, res) => void res.send('ok');

  test('a route that nobody wrote down, in a router of its own too', () => {
    const app = express();
    app.use(express.Router().get('/inside', ok).delete('/inside', ok));
    app.use(express.Router().all('/any', ok));
    expect(differences(namesOf(app), { 'GET /inside': open, 'GET /gone': open })).toEqual([
      'DELETE /inside is in the program, but nobody said who may enter it',
      '* /any is in the program, but nobody said who may enter it',
      'GET /gone is in the table, but not in the program',
    ]);
  });

  test('a handler that answers below a path', () => {
    const app = express();
    app.use('/debug', ok);
    expect(differences(namesOf(app), {})).toEqual(['USE /debug is in the program, but nobody said who may enter it']);
  });

  test('what it cannot look into, and says so', () => {
    expect(() => routesOf(express().use('/operator', express.Router().get('/', ok)))).toThrow('a router mounted at /operator');
    expect(() => routesOf(express().use('/operator', express().get('/', ok)))).toThrow('an app mounted at /operator');
    expect(() => routesOf(express().get(/debug/, ok))).toThrow('is no text');
  });

  test('parameters that nobody gave a value', () => {
    expect(filled('/sites/:site/files{/*path}', { site: 'a', path: 'www/b' })).toBe('/sites/a/files/www/b');
    expect(() => filled('/sites/:site', {})).toThrow('/sites/:site: nobody said what may stand for site');
  });
});

// The list of pages against the program: no route without a page, no page that is not what the list says.
import express, { Router } from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from './ask.ts';
import { noForms, noPages, pages } from './pages.ts';
import { type Route, routeOf, routesOf } from './routes.ts';
import { type Names, openWorlds, type Who, type Worlds } from './worlds.ts';

let worlds: Worlds;
beforeAll(async () => {
  worlds = await openWorlds();
});
afterAll(() => worlds?.close());

/** @returns routes of pages, and of forms, that the list knows nothing of */
function uncovered(routes: readonly Route[], names: Names): string[] {
  const shown = [...pages.map(({ path }) => routeOf(routes, 'GET', path(names))?.path), ...Object.keys(noPages)];
  const onPages = pages.map(({ path, sent }) => sent && routeOf(routes, 'POST', (sent.action ?? path)(names))?.path);
  const sent = [...onPages, ...Object.keys(noForms)];
  return routes
    .filter(({ method, path }) => !(method === 'GET' ? shown : sent).includes(path))
    .map(({ method, path }) => `${method} ${path}`);
}

test('every route that answers a page, and every form that is sent, stands in the list', () => {
  const routes = routesOf(worlds.house.panel.app);
  expect(routes.length).toBeGreaterThan(30);
  expect(uncovered(routes, worlds.names)).toEqual([]);
});

test('a route that nobody put on the list is named', () => {
  const app = express();
  app.use(Router().get('/planted', (_req, res) => void res.send('<h1>planted</h1>')));
  app.use(worlds.house.panel.app.router as Router);
  expect(uncovered(routesOf(app), worlds.names)).toEqual(['GET /planted']);
});

test('the names of pages are unique', () => {
  const names = pages.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('what the list calls no page answers none', async () => {
  const routes = routesOf(worlds.house.panel.app);
  for (const [route, { who, path, status = 200 }] of Object.entries(noPages)) {
    expect(routeOf(routes, 'GET', path(worlds.names))?.path).toBe(route);
    const answer = await (await worlds.enter(who)).get(path(worlds.names));
    expect([route, answer.status < 300 && /html/.test(answer.headers['content-type'] ?? '')]).toEqual([route, false]);
    expect([route, answer.status]).toEqual([route, answer.status === 303 ? 303 : status]);
  }
});

test.each(['ko', 'en'] as const)(
  'every page of the list answers as it says, with a title of its own, in language %s',
  async (language) => {
    const visitors = new Map<Who, ReturnType<Worlds['enter']>>();
    const faults: string[] = [];
    const routes = routesOf(worlds.house.panel.app);
    const titles = new Map<string, string>();
    for (const page of pages) {
      const { who, name, status = 200 } = page;
      const visitor = who === 'guest' ? worlds.enter(who, language) : (visitors.get(who) ?? worlds.enter(who, language));
      visitors.set(who, visitor);
      const answer = await ask(await visitor, page, worlds.names);
      const isPage = /^text\/html/.test(answer.type) && answer.text.includes(`<html lang="${language}"`);
      if (answer.status !== status || !isPage) faults.push(`${name}: ${answer.status} ${answer.type} instead of ${status}`);
      // Errors share their title; else two pages of one title are two states of one page.
      const title = /<title>([^<]*)</.exec(answer.text)?.[1] ?? '';
      const route = status < 400 ? (routeOf(routes, 'GET', answer.path)?.path ?? answer.path) : 'an error';
      const other = titles.get(title);
      if (other !== undefined && other !== route) faults.push(`${name}: "${title}" is the title of ${other} and of ${route}`);
      titles.set(title, route);
    }
    expect(faults).toEqual([]);
  },
);

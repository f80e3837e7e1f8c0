// The routes of the program, read from Express itself: what a list of pages, or of guards, must cover. What is not here cannot be reached.
import type { Express } from 'express';

export type Route = { readonly method: string; readonly path: string; matches(path: string): boolean };

/** What is used of a layer of Express 5's router. */
type Layer = {
  readonly name: string;
  /** as it was given: a text, a RegExp, or a list of them */
  readonly rawPath: unknown;
  readonly matchers: readonly ((path: string) => unknown)[];
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
};

const stackOf = (app: Pick<Express, 'router'>) => (app.router as unknown as { stack: readonly Layer[] }).stack;

/**
 * @returns every route in the order in which Express asks them; `.all()` as the method `*`. HEAD, which follows GET, is left out.
 * @throws Error where the list could miss something: a router or an app below a path, a path that is not one text
 */
export function routesOf(app: Pick<Express, 'router'>): Route[] {
  return walk(stackOf(app));
}

/** @returns the paths below which a handler answers everything, such as `/assets` */
export function mountsOf(app: Pick<Express, 'router'>): string[] {
  const mounts = layersOf(stackOf(app)).filter(({ route, rawPath }) => !route && rawPath !== '/');
  return [...new Set(mounts.map(({ rawPath }) => String(rawPath)))];
}

function walk(stack: readonly Layer[]): Route[] {
  return layersOf(stack)
    .filter(({ route }) => route)
    .flatMap(({ route, rawPath, matchers }) => {
      if (typeof rawPath !== 'string') throw new Error(`${rawPath} is no text: nobody can say which addresses it covers`);
      const matches = (path: string) => matchers.some((match) => match(path));
      const methods = Object.keys(route?.methods ?? {}).map((method) => (method === '_all' ? '*' : method.toUpperCase()));
      return methods.map((method) => ({ method, path: rawPath, matches }));
    });
}

/** Layers that are no routers, those inside of routers included. */
function layersOf(stack: readonly Layer[]): Layer[] {
  return stack.flatMap((layer): Layer[] => {
    const { name, rawPath, route, handle } = layer;
    if (name === 'mounted_app') throw new Error(`routes of an app mounted at ${rawPath} cannot be told`);
    if (route || !handle.stack) return [layer];
    if (rawPath !== '/') throw new Error(`routes of a router mounted at ${rawPath} cannot be told: mount it at /`);
    return layersOf(handle.stack);
  });
}

/** @returns the route that answers this path (without language, with or without query) */
export function routeOf(routes: readonly Route[], method: string, path: string): Route | undefined {
  const plain = path.replace(/\?.*$/, '');
  return routes.find((route) => route.method === method && matches(route, plain));
}

function matches(route: Route, path: string): boolean {
  try {
    return route.matches(path);
  } catch {
    // an address whose percent-encoding cannot be read belongs to no route
    return false;
  }
}

/** @returns names as tables have them: `GET /plans/:slug`, and `USE /assets` for a handler below a path */
export function namesOf(app: Pick<Express, 'router'>): string[] {
  return [...routesOf(app).map(({ method, path }) => `${method} ${path}`), ...mountsOf(app).map((path) => `USE ${path}`)];
}

/** @returns what stands in one of the two lists only, each as a sentence */
export function differences(names: readonly string[], table: Readonly<Record<string, unknown>>): string[] {
  return [
    ...names.filter((name) => !(name in table)).map((name) => `${name} is in the program, but nobody said who may enter it`),
    ...Object.keys(table)
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is in the table, but not in the program`),
  ];
}

/** @returns the pattern with its parameters filled in. @throws Error for a parameter that has no value */
export function filled(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/\{\/\*(\w+)\}/g, '/*$1').replace(/[:*](\w+)/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${path}: nobody said what may stand for ${name}`);
    return value;
  });
}

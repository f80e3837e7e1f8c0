// What the gates use of the published grader, which carries no types of its own.
declare module '@mdn/mdn-http-observatory/src/constants.js' {
  import type { Output, Requests } from '@mdn/mdn-http-observatory/src/types.js';

  export const ALL_TESTS: readonly ((requests: Requests) => Output)[];
}

declare module '@mdn/mdn-http-observatory/src/types.js' {
  type Answer = {
    readonly status: number;
    readonly statusText: string;
    readonly headers: object;
    readonly request: { readonly headers: object };
    readonly config: object;
    readonly data: string;
    /** the certificate could be verified */
    readonly verified: boolean;
    readonly httpEquiv: Map<string, string[]>;
  };

  export type Output = { readonly result: string | null; readonly pass: boolean };

  export class Requests {
    constructor(hostname: string);
    resources: { path: string | null };
    responses: { auto: Answer | null; cors: Answer | null; http: Answer | null; https: Answer | null };
    session: { readonly url: URL; readonly jar: { setCookieSync(cookie: string, url: string): unknown } } | null;
  }
}

declare module '@mdn/mdn-http-observatory/src/grader/grader.js' {
  export function getGradeForScore(score: number): { readonly score: number; readonly grade: string };
  export function getScoreModifier(result: string): number;
}

declare module '@mdn/mdn-http-observatory/src/grader/charts.js' {
  export const MINIMUM_SCORE_FOR_EXTRA_CREDIT: number;
}

declare module '@mdn/mdn-http-observatory/src/retriever/session.js' {
  import type { Requests } from '@mdn/mdn-http-observatory/src/types.js';

  export class Session {
    constructor(url: URL);
    readonly url: URL;
    readonly jar: NonNullable<Requests['session']>['jar'];
  }
}

declare module '@mdn/mdn-http-observatory/src/retriever/utils.js' {
  export function parseHttpEquivHeaders(html: string, baseUrl: string): Map<string, string[]>;
}

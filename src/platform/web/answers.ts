// The one place that turns an error into a page, or into problem+json (RFC 9457) where the client asks for JSON.
import type { ErrorRequestHandler, Request } from 'express';
import { databaseFault } from '../database/faults.ts';
import { badRequest, conflict, Invalid, PanelError, tooLarge } from '../errors.ts';
import type { Log } from '../log.ts';
import { asPageAgain } from './headers.ts';

/** @returns the error a person may see; undefined means: a bug */
function forPerson(error: unknown): PanelError | undefined {
  if (error instanceof PanelError) return error;
  const fault = databaseFault(error);
  if (fault instanceof PanelError) return fault;
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return tooLarge();
  // What the parsers of addresses and bodies refuse: unparsable URL, broken encoding, aborted request.
  if (error instanceof URIError || (typeof status === 'number' && status >= 400 && status < 500)) return badRequest();
  return status === 409 ? conflict() : undefined;
}

export function answerErrors(log: Log): ErrorRequestHandler {
  return async (error, req, res, next) => {
    const known = forPerson(error);
    const status = known?.status ?? 500;
    const requestId = req.visit?.requestId ?? '';
    if (!known) log.error({ requestId, method: req.method, err: error }, 'bug');
    else if (status >= 500) log.warn({ requestId, key: known.key, err: error }, 'refused');
    if (res.headersSent || !req.visit) return next(error);
    asPageAgain(res);
    const key = known?.key ?? 'error.bug';
    if (req.visit.wantsJson) {
      res
        .status(status)
        .type('application/problem+json')
        .send(JSON.stringify(problem(req, status, key, known)));
      return;
    }
    const { words } = req.visit;
    const shown = res.page(
      'error',
      {
        title: words.t(`error.title.${titleOf(status)}`),
        sentence: words.t(key, known?.parameters),
        status,
        requestId,
        // The form is not on this page: no reason can lead to its field.
        ...(known instanceof Invalid && { faults: { '': Object.values(known.fields).flat() } }),
      },
      status,
    );
    // A page that cannot be rendered either must not end with Express's own answer, which prints the stack.
    await shown.catch((fault) => {
      log.error({ requestId, err: fault }, 'bug');
      res
        .status(500)
        .type('text')
        .send(`${words.t('error.bug')}\n${requestId}\n`);
    });
  };
}

const titled = [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503];
const titleOf = (status: number) => (titled.includes(status) ? status : 500);

function problem(req: Request, status: number, key: string, error: PanelError | undefined) {
  const { words, requestId } = req.visit;
  const errors =
    error instanceof Invalid
      ? Object.entries(error.fields).flatMap(([field, list]) =>
          list.map((fault) => ({ field, detail: words.t(fault.key, fault.parameters) })),
        )
      : undefined;
  const title = words.t(`error.title.${titleOf(status)}`);
  return {
    type: 'about:blank',
    status,
    title,
    detail: words.t(key, error?.parameters),
    code: key,
    instance: requestId,
    ...(errors && { errors }),
  };
}

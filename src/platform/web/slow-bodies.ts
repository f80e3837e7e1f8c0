// Ends requests whose body dribbles in: Node's own limit is per server only and would cut long uploads (architecture §9).
import type { RequestHandler } from 'express';
import { isChange } from './origin.ts';

const ordinarySeconds = 30;
const lookSeconds = 10;
const minimumBytesPerSecond = 4096;

/** @param isUpload tells the routes on which a body may take long but must keep moving */
export function endSlowBodies(isUpload: (path: string) => boolean): RequestHandler {
  return (req, _res, next) => {
    if (!isChange(req.method) || req.complete) return next();
    const end = () => req.socket.destroy();
    let before = req.socket.bytesRead;
    const timer = isUpload(req.path)
      ? setInterval(() => {
          const now = req.socket.bytesRead;
          if (now - before < minimumBytesPerSecond * lookSeconds && !req.complete) end();
          before = now;
        }, lookSeconds * 1000)
      : setTimeout(end, ordinarySeconds * 1000);
    timer.unref();
    const stop = () => clearInterval(timer);
    req.once('end', stop).once('close', stop);
    next();
  };
}

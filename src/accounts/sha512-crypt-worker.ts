// The thread of one SHA-512 crypt: hundreds of thousands of rounds would stop the event loop.
import { parentPort, workerData } from 'node:worker_threads';
import { sha512Crypt } from './sha512-crypt.ts';

parentPort?.postMessage(sha512Crypt(workerData));

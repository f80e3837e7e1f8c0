// A stranger's program: own views, own error handler, own body parsers and own session, with panels mounted in it. Runs where the package is installed.
import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import express from 'express';
import session from 'express-session';
import { createPanel } from 'gotgan';

const { port, panels: wanted } = JSON.parse(process.argv[2]);
const panels = [];
const stops = [];

const app = express();
app.set('views', new URL('./views', import.meta.url).pathname);
app.set('view engine', 'ejs');
app.set('query parser', 'extended');
app.set('trust proxy', true);
app.locals.brand = { name: 'A HOST' };
app.use(express.json());
app.use(express.urlencoded({ extended: true }));
app.use(session({ name: 'host.sid', secret: 'the secret of the host', resave: false, saveUninitialized: true }));
app.use((req, res, next) => {
  req.session.seen = (req.session.seen ?? 0) + 1;
  res.locals.title = 'a title of the host';
  next();
});
for (const { mount, ...options } of wanted) {
  const panel = await createPanel({ publicUrl: `http://127.0.0.1:${port}${mount}`, logLevel: 'error', ...options });
  panels.push(panel);
  app.use(mount, panel.app);
}
app.get('/', (req, res) => res.render('front', { seen: req.session.seen, keys: Object.keys(req.session) }));
app.post('/form', (req, res) => res.json({ body: req.body, seen: req.session.seen }));
app.get('/broken', () => {
  throw new Error('a bug of the host');
});
app.use((_req, res) => res.status(404).send('the host knows no such page'));
app.use((error, _req, res, _next) => res.status(500).send(`the host says: ${error.message}`));

const server = createServer(app);
server.requestTimeout = 0;

/** What the test asks for over the channel. */
const acts = {
  // In turn: of two panels on one database the first writes the letters, and their links lead to it.
  workOnce: async () => {
    for (const panel of panels) await panel.workOnce();
  },
  work: async () => {
    const stop = new AbortController();
    const ended = Promise.all(panels.map((panel) => panel.work({ signal: stop.signal })));
    stops.push(async () => {
      stop.abort();
      await ended;
    });
  },
  stopWork: () => Promise.all(stops.splice(0).map((stop) => stop())),
  close: async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await Promise.all(panels.map((panel) => panel.close()));
    process.disconnect();
  },
};

process.on('message', async ({ id, act }) => {
  const answer = await acts[act]().then(
    (value) => ({ value }),
    (error) => ({ error: error.stack }),
  );
  if (process.connected) process.send({ id, ...answer });
});
server.listen(port, '127.0.0.1', () => {
  process.send({ listening: true });
  // Most hosts are killed, and would keep nothing of it.
  flushCompileCache();
});

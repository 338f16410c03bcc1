// MLflow's own pages, from the `build` folder of its wheel, in front of a tracking server: what is not a file of the
// pages is forwarded.
//   node server.mjs BUILD_FOLDER SERVER_URL [PORT]
import { createServer, request } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const types = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm',
};

/** Starts serving; answers with the address and a function that stops. */
export async function servePages(build, tracking, port = 0) {
  const target = new URL(tracking);

  async function file(path, response) {
    const body = await readFile(join(build, normalize(`/${path}`))).catch(() => undefined);
    if (!body) return false;
    response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream' }).end(body);
    return true;
  }

  function forward(incoming, response) {
    // The tracking server checks names and origins; the pages stand in for its own.
    const headers = { ...incoming.headers, host: target.host };
    if (headers.origin) headers.origin = target.origin;
    const outgoing = request(new URL(incoming.url, target), { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer(async (incoming, response) => {
    const path = new URL(incoming.url, 'http://pages').pathname;
    if (path === '/') return file('index.html', response);
    if (path.startsWith('/static-files/') && (await file(decodeURIComponent(path.slice(14)), response))) return;
    forward(incoming, response);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { address: `http://127.0.0.1:${server.address().port}`, stop };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [build, tracking, port] = process.argv.slice(2);
  const { address } = await servePages(build, tracking, Number(port ?? 5001));
  console.log(`${address} in front of ${tracking}`);
}

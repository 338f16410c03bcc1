// The built page in front of any tracking server, for developing and testing the page on its own:
//   node serve.mjs SERVER_URL [PORT]
import { createServer, request } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const server = new URL(process.argv[2] ?? 'http://127.0.0.1:5000');
const port = Number(process.argv[3] ?? 5173);
const dist = fileURLToPath(new URL('../../ui/dist/', import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

async function page(path, response) {
  const file = path === '/' ? 'index.html' : normalize(path).replace(/^\/+/, '');
  const body = await readFile(join(dist, file)).catch(() => undefined);
  if (!body) return false;
  response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' }).end(body);
  return true;
}

function forward(incoming, response) {
  // The tracking server checks where a change comes from; the page stands in for its own origin.
  const headers = { ...incoming.headers, host: server.host };
  if (headers.origin) headers.origin = server.origin;
  const outgoing = request(new URL(incoming.url, server), { method: incoming.method, headers }, (answer) => {
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

createServer(async (incoming, response) => {
  const path = new URL(incoming.url, 'http://page').pathname;
  if (incoming.method === 'GET' && (path === '/' || path.startsWith('/assets/'))) {
    if (await page(path, response)) return;
  }
  forward(incoming, response);
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port} in front of ${server.origin}`));

/**
 * The floor: a bare `node:http` server that answers every request with the same bytes. Argument: the port; the body comes as a file
 * whose name is the second argument.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, file] = process.argv.slice(2);
const body = readFileSync(file ?? '');
createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}).listen(Number(port), '127.0.0.1');

/**
 * What Express adds: an Express 5 application as the relay's is made, without entity tags and its own header, that answers `/` and `/answer` with a
 * JSON text from a route. Arguments: the port, the file with the body.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import express from 'express';

const [port, file] = process.argv.slice(2);
const body = readFileSync(file ?? '');
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get(['/', '/answer'], (_request, response) => {
  response.type('json').send(body);
});
createServer((request: IncomingMessage, response: ServerResponse) => {
  app(request as express.Request, response as express.Response);
}).listen(Number(port), '127.0.0.1');

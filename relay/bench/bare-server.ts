/**
 * The floor: a bare `node:http` server (`node:https` where the variables TLS_CERT and TLS_KEY name files) that reads what it gets and answers every request with the same bytes. Arguments: the port, the
 * file with the body, the status of answers to anything but `/` (200 when absent).
 */
import { readFileSync } from 'node:fs';
import { bareServer } from './bare-listener.ts';

const [port, file, status = '200'] = process.argv.slice(2);
const body = readFileSync(file ?? '');
bareServer((request, response) => {
  const answer = () => {
    response.writeHead(request.url === '/' ? 200 : Number(status), {
      'Content-Type': 'application/json',
      ...(status === '304' ? {} : { 'Content-Length': body.length }),
    });
    if (status === '304') response.end();
    else response.end(body);
  };
  if (request.method === 'GET') {
    answer();
  } else {
    request.resume();
    request.on('end', answer);
  }
}).listen(Number(port), '127.0.0.1');

import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodePart, parseTarget, splitTarget } from './path.ts';
import { sendEmpty, sendText } from './reply.ts';

/** What a handler is told about the request beside the request itself. */
export interface RouteMatch<R extends Route = Route> {
  readonly route: R;
  /** Values of the pattern's parameters, in its order, decoded. */
  readonly params: readonly string[];
  /** Raw query, without the question mark. */
  readonly query: string;
}

/** Answers a request. */
export type Handler = (request: IncomingMessage, response: ServerResponse, match: RouteMatch) => void;

/** One method on one path. */
export interface Route {
  readonly method: string;
  /** Segments starting with `:` are parameters and match anything but nothing; `:name.gif` asks for that ending. */
  readonly path: string;
  /** Short stable name, for metrics. */
  readonly name: string;
  readonly handler: Handler;
  /**
   * Clients put its path together carelessly: slashes between its segments may be doubled, one may stand at the end, and the value of a parameter
   * at the end may have slashes in it, encoded or not.
   */
  readonly careless?: true;
}

/** A path with all its methods. */
interface Endpoint {
  readonly methods: Map<string, Route>;
}

/** A node of the tree of path segments. */
interface Node {
  readonly literal: Map<string, Node>;
  param: Node | undefined;
  /** Parameters with a fixed ending. */
  readonly suffixed: { readonly suffix: string; readonly node: Node }[];
  endpoint: Endpoint | undefined;
}

/** Finds the route of a request. */
export interface Router {
  /** Answers the request: by its route, with 400, 301 or 405 as contract 1.1 says, or by `unknown` for an unknown path. */
  dispatch(request: IncomingMessage, response: ServerResponse): void;
}

/** Hooks of {@link createRouter}. */
export interface RouterOptions {
  /** Answers a path that is not in the table. */
  unknown(request: IncomingMessage, response: ServerResponse): void;
  /** Called before the handler. */
  matched?(route: Route, response: ServerResponse): void;
}

/**
 * A router for the SDK endpoints with the exact rules of ld-relay (contract 1.1), which Express's differ from: trailing
 * slash 404, double slash 301, HEAD is not GET, methods of a known path 405 without a body.
 */
export function createRouter(routes: readonly Route[], { unknown, matched }: RouterOptions): Router {
  const root = newNode();
  for (const route of routes) insert(root, route.path.slice(1).split('/')).methods.set(route.method, route);
  const careless = carelessPaths(root, routes);

  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    { methods }: Endpoint,
    params: string[],
    query: string,
  ): void {
    const route = methods.get(request.method ?? '');
    if (route === undefined) {
      sendEmpty(response, 405, ['Allow', [...methods.keys()].join(', ')]);
      return;
    }
    matched?.(route, response);
    route.handler(request, response, { route, params, query });
  }

  /** False when it is not the path of a careless route either. */
  function answerCareless(request: IncomingMessage, response: ServerResponse): boolean {
    const { path, query } = splitTarget(request.url ?? '/');
    for (const { pattern, endpoint } of careless) {
      const found = pattern.exec(path);
      if (found === null) continue;
      const params = found.slice(1).map((value) => decodePart(value ?? ''));
      if (!params.every((value) => value !== undefined)) return false;
      answer(request, response, endpoint, params, query);
      return true;
    }
    return false;
  }

  return {
    dispatch(request, response) {
      const target = parseTarget(request.url ?? '/');
      if ('problem' in target) {
        if (target.problem === 'malformed') sendText(response, 400, '400 Bad Request: malformed escape in the path');
        else if (!answerCareless(request, response)) {
          response.writeHead(301, ['Location', target.location, 'Content-Length', '0']).end();
        }
        return;
      }
      const params: string[] = [];
      const endpoint = find(root, target.path, 1, params);
      if (endpoint !== undefined) answer(request, response, endpoint, params, target.query);
      else if (!answerCareless(request, response)) unknown(request, response);
    },
  };
}

/** What is tried where a path leads nowhere, or would be redirected. */
interface CarelessPath {
  readonly pattern: RegExp;
  readonly endpoint: Endpoint;
}

function carelessPaths(root: Node, routes: readonly Route[]): CarelessPath[] {
  const paths = new Set(routes.filter(({ careless }) => careless).map(({ path }) => path));
  return [...paths].map((path) => {
    const segments = path.slice(1).split('/');
    const parts = segments.map((segment, index) => {
      if (!segment.startsWith(':')) return segment;
      return index === segments.length - 1 ? '([^]+)' : '([^/]+)';
    });
    const end = segments.at(-1)?.startsWith(':') ? '' : '/*';
    return { pattern: new RegExp(`^/+${parts.join('/+')}${end}$`), endpoint: insert(root, segments) };
  });
}

function newNode(): Node {
  return { literal: new Map(), param: undefined, suffixed: [], endpoint: undefined };
}

function insert(root: Node, segments: readonly string[]): Endpoint {
  let node = root;
  for (const segment of segments) {
    if (!segment.startsWith(':')) {
      let next = node.literal.get(segment);
      if (next === undefined) {
        next = newNode();
        node.literal.set(segment, next);
      }
      node = next;
      continue;
    }
    const dot = segment.indexOf('.');
    if (dot < 0) {
      node.param ??= newNode();
      node = node.param;
      continue;
    }
    const suffix = segment.slice(dot);
    let entry = node.suffixed.find((one) => one.suffix === suffix);
    if (entry === undefined) {
      entry = { suffix, node: newNode() };
      node.suffixed.push(entry);
    }
    node = entry.node;
  }
  node.endpoint ??= { methods: new Map() };
  return node.endpoint;
}

/** Literal segments win over parameters; what leads nowhere is tried the other way. */
function find(node: Node, path: string, from: number, params: string[]): Endpoint | undefined {
  const slash = path.indexOf('/', from);
  const last = slash < 0;
  const segment = last ? path.slice(from) : path.slice(from, slash);
  // Where there is nothing to find, a context of hundreds of characters need not be hashed.
  const literal = node.literal.size === 0 ? undefined : node.literal.get(segment);
  if (literal !== undefined) {
    const endpoint = last ? literal.endpoint : find(literal, path, slash + 1, params);
    if (endpoint !== undefined) return endpoint;
  }
  if (segment === '') return undefined;
  for (const { suffix, node: next } of node.suffixed) {
    if (!segment.endsWith(suffix) || segment.length === suffix.length) continue;
    params.push(segment.slice(0, -suffix.length));
    const endpoint = last ? next.endpoint : find(next, path, slash + 1, params);
    if (endpoint !== undefined) return endpoint;
    params.pop();
  }
  if (node.param === undefined) return undefined;
  params.push(segment);
  const endpoint = last ? node.param.endpoint : find(node.param, path, slash + 1, params);
  if (endpoint === undefined) params.pop();
  return endpoint;
}

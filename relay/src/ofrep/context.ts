import { type Context, ContextError, parseContext } from '../dialects/launchdarkly/model/context.ts';

/** Error codes of OFREP 0.3.0. */
export type ErrorCode = 'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL';

/** A request that cannot be evaluated: `code` and `message` go to the client. */
export class OfrepError extends Error {
  override readonly name = 'OfrepError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type Members = Readonly<Record<string, unknown>>;

/**
 * The context of a request body `{"context": {"targetingKey": …}}`. `targetingKey` is the key, `kind` the kind (`user`
 * without one), everything else an attribute. With `kind: "multi"` each other member is a context of its own.
 *
 * @throws {OfrepError} with the code that OFREP has for what is wrong
 */
export function parseOfrepContext(body: string): Context {
  const request = parse(body);
  if (!isObject(request)) throw new OfrepError('PARSE_ERROR', 'the body must be a JSON object with a "context"');
  const { context } = request;
  if (!isObject(context)) throw new OfrepError('INVALID_CONTEXT', '"context" must be an object');
  try {
    return parseContext(JSON.stringify(toLaunchDarkly(context)));
  } catch (error) {
    if (error instanceof OfrepError) throw error;
    if (error instanceof ContextError) throw new OfrepError('INVALID_CONTEXT', error.message, { cause: error });
    if (error instanceof RangeError) throw new OfrepError('INVALID_CONTEXT', 'the context is nested too deeply');
    throw error;
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new OfrepError('PARSE_ERROR', 'the body is not valid JSON', { cause: error });
  }
}

function toLaunchDarkly(context: Members): Members {
  if (context.kind !== 'multi') return keyed(context, 'user');
  const { targetingKey: _, ...members } = context;
  const multi = emptyMembers();
  for (const [kind, member] of Object.entries(members)) multi[kind] = isObject(member) ? keyed(member) : member;
  return multi;
}

/** With `targetingKey`, or else `key`, as the key; and with a kind where it has none and one is given. */
function keyed(context: Members, kind?: string): Members {
  const key = context.targetingKey ?? context.key;
  if (typeof key !== 'string' || key === '') {
    throw new OfrepError('TARGETING_KEY_MISSING', '"targetingKey" must be a string that is not empty');
  }
  const result = emptyMembers();
  if (kind !== undefined) result.kind = kind;
  // One pass: a copy of an object with very many names takes its time.
  for (const name of Object.keys(context)) if (name !== 'targetingKey') result[name] = context[name];
  result.key = key;
  return result;
}

/** Names come from the request: they must not meet the members that every object has. */
function emptyMembers(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

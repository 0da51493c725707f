import type { JsonObject } from '../json/json.ts';
import type { Channel, StreamClient } from '../streams/channel.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { NotFound } from './registry.ts';

/** Why a flag has its value, in words that every dialect has. */
export type EvaluationReason = 'STATIC' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'UNKNOWN';

/** What one flag is for one context. */
export type Evaluation =
  | {
      readonly failure?: undefined;
      /** JSON text of the value; undefined: the application's default applies. */
      readonly valueJson: string | undefined;
      /** Name of the variation; undefined when none was chosen. */
      readonly variant: string | undefined;
      readonly reason: EvaluationReason;
      readonly version: number;
    }
  /** The flag cannot be evaluated: it is broken, the context lacks a key, or something else. */
  | { readonly failure: 'flag' | 'key' | 'other' };

/**
 * What is wrong with a request to evaluate: `context` and `key` (the context, its key), `forbidden` (the client may not ask for
 * this context), `no-data` (there is nothing to evaluate yet), `too-costly` and `busy` (it would cost the others too much, or does
 * so now).
 */
export type EvaluationProblem = 'context' | 'key' | 'forbidden' | 'no-data' | 'too-costly' | 'busy';

/** A request that is not evaluated. `message` goes to the client. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  readonly problem: EvaluationProblem;

  constructor(problem: EvaluationProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/** An evaluation for one context, on the data of one moment. Whatever it throws is an {@link EvaluationError}. */
export interface Evaluator {
  /** One flag; undefined when there is none that the client may see. */
  one(key: string): Evaluation | undefined;
  /**
   * Every flag that the client may see, in the order of the keys. What takes long is done in turns with others.
   * @param wanted false: the client has gone, and the rest is not evaluated
   */
  each(visit: (key: string, evaluation: Evaluation) => void, wanted: () => boolean): void | Promise<void>;
}

/** The streams that tell clients of no dialect when an environment is to be evaluated again. */
export interface ChangeStreams {
  /** They end with the credential that opened them, and with the environment. */
  readonly channel: Channel;
  /** Names the data that are served now: the same in every relay that has the same; undefined without data. @throws StoreError */
  version(): Promise<string | undefined>;
  /**
   * Calls `listener` for everything that changes from now on, for as long as the environment lives, once requests are answered with it.
   * The function that it is given names the data then; undefined: something else than the data changed.
   */
  watch(listener: (version: (() => string) | undefined) => void): void;
}

/** An environment as one client sees it. */
export interface EvaluationSession {
  readonly logger: Logger;
  /** Who opened it, for streams. */
  readonly client: StreamClient;
  /**
   * Stands for the credential where a client can send none, as in the URL of an `EventSource`: the same in every relay, and the credential
   * cannot be told from it. Evaluates nothing.
   */
  readonly address: string;
  readonly changes: ChangeStreams;
  /** Headers of every answer, names and values in turn: what the dialect says of the environment to each of its clients. */
  readonly headers: readonly string[];
  /** Whose the memory is that its requests take: the environment. */
  readonly owner: object;
  /** It was opened with a credential that is no secret, such as that of a page. */
  readonly isPublic: boolean;
  /** Origins and request headers that pages may ask with; empty = any origin. The same object as long as they are the same. */
  readonly cors: { readonly allowedOrigins: readonly string[]; readonly allowedHeaders: readonly string[] };
  /**
   * Begins an evaluation.
   * @param context members as OpenFeature names them: `targetingKey` is the key
   * @param chars length of the request's text
   * @param proof what the client sent along to show that it may ask for this context
   * @throws {EvaluationError}, or StoreError
   */
  evaluator(context: JsonObject, chars: number, proof: string): Promise<Evaluator>;
}

/** Evaluations for clients of no dialect, such as those of OFREP. */
export interface Evaluations {
  /** Opens an environment by a credential of whichever kind. @param variant what tells environments with the same credential apart */
  open(credential: string, variant: string): EvaluationSession | NotFound;
  /** The same by {@link EvaluationSession.address}. */
  openAt(address: string, variant: string): EvaluationSession | NotFound;
  /** Request headers that pages may send to any environment: a preflight does not say to which one. */
  allowedHeaders(): Iterable<string>;
}

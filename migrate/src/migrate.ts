import { apiVersion, kind, parseRelayProxy, type RelayProxyManifest } from '@flagrelay/crds';
import type { Conversion, Surroundings } from './convert.ts';
import { environmentsOf } from './environments.ts';
import { type Input, readInput, type Sources } from './input.ts';
import { lostOptions } from './lost-options.ts';
import { autoConfigOf, offlineOf } from './modes.ts';
import { originOfField } from './origin-of-field.ts';
import { merge, type Part } from './part.ts';
import { proxyVariablesOf } from './proxy-variables.ts';
import { createReport, type Note, type Report } from './report.ts';
import { createSecretKeeper, type SecretKeeper } from './secrets.ts';
import { storeOf } from './store.ts';
import { trafficOf } from './traffic.ts';
import { upstreamOf } from './upstream.ts';
import { MigrateError } from './variables.ts';

/** What is migrated, and how the result is to be called. */
export interface MigrateOptions {
  readonly sources: Sources;
  /** Name of the RelayProxy; without it that of `part`, or `relay`. */
  readonly name?: string;
  readonly namespace?: string;
  readonly surroundings: Surroundings;
  /** What is known beside the configuration of the ld-relay: from values of its chart. Its notes are in `report`. */
  readonly part?: Part;
  readonly report?: Report;
  /** Said beside mistakes. */
  readonly hint?: string;
  /** Where a field of `part` is from, for messages. */
  readonly originOfPart?: (path: string) => string | undefined;
}

/** A RelayProxy that does what the ld-relay did, and what there is to say about it. */
export interface Migrated {
  readonly relayProxy: RelayProxyManifest;
  readonly secrets: SecretKeeper;
  readonly notes: readonly Note[];
  /** Variables that no ld-relay knows. */
  readonly unknown: readonly string[];
}

const USUAL_NAME = 'relay';

/**
 * Makes a RelayProxy of an ld-relay's configuration, checked by the parser of the API. The same input gives the same result.
 * @throws {MigrateError} when the configuration has mistakes, or the API would refuse the result
 */
export function migrate(options: MigrateOptions): Migrated {
  const report = options.report ?? createReport();
  const input = readInput(options.sources, report, options.hint);
  const name = options.name ?? options.part?.metadata?.name ?? USUAL_NAME;
  const secrets = createSecretKeeper(`${name}-keys`);
  const conversion: Conversion = { ...input, name, report, secrets, surroundings: options.surroundings };
  lostOptions(input, report);
  const { metadata, spec } = merge([
    {
      spec: {
        ...environmentsOf(conversion),
        ...autoConfigOf(conversion),
        ...offlineOf(conversion),
        ...storeOf(conversion),
        ...upstreamOf(conversion),
        ...trafficOf(conversion),
      },
    },
    { spec: proxyVariablesOf(conversion) },
    options.part ?? {},
  ]);
  const { namespace } = options;
  const relayProxy = {
    apiVersion,
    kind,
    metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) },
    spec: spec ?? {},
  } as RelayProxyManifest;
  check(relayProxy, input, options);
  return { relayProxy, secrets, notes: report.notes, unknown: input.unknown };
}

function check(relayProxy: RelayProxyManifest, input: Input, options: MigrateOptions): void {
  const result = parseRelayProxy(relayProxy);
  if (result.ok) return;
  throw new MigrateError(
    result.problems.map(({ path, message }) => {
      const origin = originOfField(path, input) ?? options.originOfPart?.(path);
      return `${origin === undefined ? '' : `${origin}: `}the RelayProxy would be refused: ${path}: ${message}`;
    }),
  );
}

import { init, type LDClient } from '@launchdarkly/node-server-sdk';
import { KEYS } from '../../src/testing/relay.ts';

/** A flag that an SDK saw going back to an older version. */
export interface StepBack {
  readonly client: number;
  readonly flag: string;
  readonly from: number;
  readonly to: number;
  /** How long until it saw the version again, in ms; undefined while it has not. */
  ms: number | undefined;
}

/** Official SDKs that watch flags whose value is their version. */
export interface WatchingClients extends AsyncDisposable {
  readonly stepsBack: readonly StepBack[];
  /** Messages of the SDKs that say that one has given up. */
  readonly givenUp: readonly string[];
  readonly evaluations: number;
  /** Ids of the custom events that were tracked. */
  readonly tracked: readonly string[];
  /** Looks at every flag of every SDK, and tracks one event each. */
  look(): Promise<void>;
  /** The versions that each SDK sees now. */
  values(): Promise<number[][]>;
  flush(): Promise<void>;
}

/** Starts `count` SDKs against `url` and waits until they are initialised. */
export async function watchFlags(url: string, flags: readonly string[], count: number): Promise<WatchingClients> {
  const stepsBack: StepBack[] = [];
  const givenUp: string[] = [];
  const tracked: string[] = [];
  let evaluations = 0;
  const clients: { readonly sdk: LDClient; readonly newest: Map<string, number>; readonly open: Map<string, Open> }[] =
    [];
  const note = (message: string): void => {
    if (/permanent|give up|will not retry|no further/i.test(message)) givenUp.push(message);
  };
  for (let index = 0; index < count; index++) {
    const sdk = init(KEYS.sdk, {
      baseUri: url,
      streamUri: url,
      eventsUri: url,
      flushInterval: 1,
      streamInitialReconnectDelay: 0.2,
      diagnosticOptOut: true,
      logger: { debug() {}, info() {}, warn: note, error: note },
    });
    const client = { sdk, newest: new Map<string, number>(), open: new Map<string, Open>() };
    clients.push(client);
    sdk.on('update', ({ key }: { key: string }) => void see(index, key));
  }
  await Promise.all(clients.map(({ sdk }) => sdk.waitForInitialization({ timeout: 30 })));

  async function see(index: number, flag: string): Promise<number> {
    const { sdk, newest, open } = clients[index]!;
    const value = Number(await sdk.variation(flag, { kind: 'user', key: `u${index}` }, -1));
    evaluations += 1;
    const before = newest.get(flag) ?? 0;
    const current = open.get(flag);
    if (value < before) {
      if (current === undefined) {
        const step: StepBack = { client: index, flag, from: before, to: value, ms: undefined };
        stepsBack.push(step);
        open.set(flag, { step, since: performance.now() });
      }
      return value;
    }
    newest.set(flag, value);
    if (current !== undefined) current.step.ms = performance.now() - current.since;
    open.delete(flag);
    return value;
  }
  const values = (): Promise<number[][]> =>
    Promise.all(clients.map((_, index) => Promise.all(flags.map((flag) => see(index, flag)))));

  return {
    stepsBack,
    givenUp,
    tracked,
    get evaluations() {
      return evaluations;
    },
    values,
    async look() {
      await values();
      for (const [index, { sdk }] of clients.entries()) {
        const id = `${index}-${tracked.length}`;
        tracked.push(id);
        sdk.track('seen', { kind: 'user', key: `u${index}` }, { id });
      }
    },
    async flush() {
      await Promise.all(clients.map(({ sdk }) => sdk.flush()));
    },
    [Symbol.asyncDispose]: async () => {
      for (const { sdk } of clients) sdk.close();
    },
  };
}

interface Open {
  readonly step: StepBack;
  readonly since: number;
}

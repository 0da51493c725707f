import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataSet, Item, ItemKind } from '../../src/data/data.ts';
import type { Dialect, Serving } from '../../src/dialects/dialect.ts';
import type { Definition } from '../../src/environment/definition.ts';
import type { Environment } from '../../src/environment/environment.ts';
import type { Outlet } from '../../src/environment/outlet.ts';
import type { Registry } from '../../src/environment/registry.ts';
import { watchFiles } from '../../src/files/watch.ts';
import { openStream } from '../../src/http/open-stream.ts';
import { sendEmpty, sendJson } from '../../src/http/reply.ts';
import type { Handler } from '../../src/http/router.ts';
import type { Channel } from '../../src/streams/channel.ts';
import { event } from '../../src/streams/sse.ts';

/** A dialect as small as can be, which is like no real one: keys come hashed, items have members of their own, data come from a file. */
interface Toggles {
  readonly definition: Definition & { readonly keyHash: string; readonly file: string };
  readonly compiled: { readonly data: DataSet; readonly text: string };
  readonly outlet: Outlet<Toggles['compiled']> & { readonly channel: Channel };
}

function itemOf(kind: ItemKind, key: string, json: string): Item {
  const { v, gone = false } = JSON.parse(json) as { v: number; gone?: boolean };
  return { kind, key, version: v, deleted: gone, json };
}

function parse(text: string): DataSet {
  const { flags = {} } = JSON.parse(text) as { flags?: object };
  const items = Object.entries(flags).map(([key, value]) => itemOf('flags', key, JSON.stringify(value)));
  return { flags: new Map(items.map((item) => [item.key, item])), segments: new Map() };
}

/** The environments of `TOGGLES`: `NAME=KEY=FILE,…`. A file holds `{flags}`, or `{patch: {KEY: ITEM}}`. */
export const toggles: Dialect<Toggles> = {
  name: 'toggles',
  codec: {
    defaultPrefix: 'toggles',
    keys: { flags: 'switches', segments: 'groups' },
    encode: (item) => item.json,
    decode: itemOf,
    parse,
  },
  rules: {
    digest: (_scope, value) => hash('sha256', value),
    nameOf: () => 'key',
    credentials: ({ keyHash }) => [{ scope: 'app', digest: keyHash }],
    keys: ({ keyHash }) => [{ scope: 'app', digest: keyHash }],
    expiries: () => [],
    variant: () => '',
    source: ({ file }) => file,
    succession: () => ({ grace: true, message: 'another file' }),
    identity: ({ keyHash }) => keyHash,
    keysFromFiles: () => undefined,
  },
  compile: (data) => ({
    data,
    text: JSON.stringify(
      [...data.flags.values()].filter((one) => !one.deleted).map(({ key, version }) => [key, version]),
    ),
  }),
  createFeeds: async () => ({
    definitions: {
      start: async (sink) =>
        sink.replace(
          (process.env.TOGGLES ?? '').split(',').map((one) => {
            const [name = '', key = '', file = ''] = one.split('=');
            return { id: name, name, keyHash: hash('sha256', key), file };
          }),
        ),
      close: async () => {},
    },
    createSource({ file }) {
      let stop = (): void => {};
      let look = async (): Promise<void> => {};
      return {
        start(sink) {
          look = async () => {
            const text = await readFile(file, 'utf8').catch(() => undefined);
            if (text === undefined)
              return sink.link('INTERRUPTED', { kind: 'NETWORK_ERROR', time: 1, message: 'no file' });
            const patch = Object.entries((JSON.parse(text) as { patch?: object }).patch ?? {});
            for (const [key, value] of patch) await sink.upsert(itemOf('flags', key, JSON.stringify(value)));
            if (patch.length === 0) await sink.put(parse(text));
            sink.link('VALID');
          };
          const watch = watchFiles([file], () => void look(), 50);
          stop = () => watch.close();
          void look();
        },
        restart: () => void look(),
        close: async () => stop(),
      };
    },
  }),
  openOutlet(_environment, _deps, hub) {
    const channel = hub.createChannel('toggles');
    return {
      channel,
      get streams() {
        return channel.size;
      },
      loaded: () => {},
      put: ({ text }, since) => channel.publish(event('all', text), since),
      changed: (item, _data, since) => channel.publish(event('one', item.json), since),
      revoked: (credential) => channel.revoke(credential),
      noticed: () => {},
      close: async () => channel.close(),
    };
  },
  serve: async ({ registry, streams }) => serving(registry, streams.takeover),
};

async function textOf(environment: Environment<Toggles>): Promise<string> {
  return (await environment.read())?.text ?? 'null';
}

function serving(registry: Registry<Toggles>, takeover: Parameters<typeof openStream>[0]): Serving {
  const withKey =
    (
      use: (
        ...args: [...Parameters<Handler>, found: Extract<ReturnType<typeof registry.lookup>, { found: true }>]
      ) => void,
    ): Handler =>
    (request, response, match) => {
      const lookup = registry.lookup('app', request.headers.authorization ?? '', '');
      if (lookup.found) use(request, response, match, lookup);
      else sendEmpty(response, lookup.reason === 'unknown' ? 401 : 503);
    };
  return {
    routes: [
      {
        method: 'GET',
        path: '/toggles',
        name: 'toggles',
        handler: withKey((_request, response, _match, { environment }) => {
          void textOf(environment).then((text) => sendJson(response, 200, text));
        }),
      },
      {
        method: 'GET',
        path: '/toggles/stream',
        name: 'toggles_stream',
        handler: withKey((request, response, _match, { environment, credential }) =>
          openStream(takeover, request, response, [], true, (connection) => {
            const client = { credential, platform: 'app' };
            void textOf(environment).then((text) =>
              environment.outlet.channel.add(connection, client, event('all', text)),
            );
          }),
        ),
      },
      {
        method: 'GET',
        path: '/health',
        name: 'health',
        handler: (_request, response) =>
          sendJson(response, 200, JSON.stringify([...registry.environments()].map(({ id, link }) => [id, link.state]))),
      },
    ],
    ownPaths: ['/health'],
    memory: () => ({}),
    hurry: () => {},
    flush: async () => {},
    close: async () => {},
  };
}

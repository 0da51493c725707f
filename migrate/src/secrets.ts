import type { SecretKey } from './variables.ts';

/** How credentials are handed out. */
export type SecretsMode = 'manifests' | 'placeholders' | 'omit';

/** A Secret as a manifest. */
export interface SecretManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly type: string;
  readonly stringData: Readonly<Record<string, string>>;
}

/** Where credentials go that are not in a Secret yet. */
export interface SecretKeeper {
  /** Keeps a value under a key of the one Secret that is made; a key that is taken by another value gets a number. */
  put(key: string, value: string): SecretKey;
  /** Makes a reference to a key that nobody has the value of; somebody has to put it in. */
  reserve(key: string): SecretKey;
  /** Keeps a certificate with its key in a Secret of its own. */
  putTls(name: string, certificate: string, key: string): void;
  /** Keys by the name of their Secret, of those that are made. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  /** The Secrets that are made, in the order of their names. */
  manifests(mode: SecretsMode, namespace: string | undefined): SecretManifest[];
}

/** What stands for a value in a manifest that has none. */
const PLACEHOLDER = 'REPLACE-ME';

/** An empty keeper; `name` is the name of the Secret with the keys. */
export function createSecretKeeper(name: string): SecretKeeper {
  const secrets = new Map<string, { type: string; data: Map<string, string> }>();
  const taken = new Set<string>();
  const free = (wanted: string): string => {
    const base = wanted.replace(/[^-._a-zA-Z0-9]/g, '-');
    let key = base;
    for (let count = 2; taken.has(key); count += 1) key = `${base}-${count}`;
    taken.add(key);
    return key;
  };
  return {
    put(wanted, value) {
      const secret = secrets.get(name) ?? { type: 'Opaque', data: new Map<string, string>() };
      secrets.set(name, secret);
      const key = free(wanted);
      secret.data.set(key, value);
      return { name, key };
    },
    reserve: (wanted) => ({ name, key: free(wanted) }),
    putTls(tlsName, certificate, key) {
      const data = new Map([
        ['tls.crt', certificate],
        ['tls.key', key],
      ]);
      secrets.set(tlsName, { type: 'kubernetes.io/tls', data });
    },
    get made() {
      return new Map([...secrets].map(([secret, { data }]) => [secret, [...data.keys()]]));
    },
    manifests(mode, namespace) {
      if (mode === 'omit') return [];
      return [...secrets]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([secret, { type, data }]) => ({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: secret, ...(namespace === undefined ? {} : { namespace }) },
          type,
          stringData: Object.fromEntries(
            [...data].map(([key, value]) => [key, mode === 'placeholders' ? PLACEHOLDER : value]),
          ),
        }));
    },
  };
}

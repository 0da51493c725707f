import { OPTIONS, type Option } from '@flagrelay/relay/config';
import { MIGRATE_USAGE } from '../src/command-line.ts';
import { VALUE_ROWS } from '../src/helm/rows.ts';
import { idOf, rowOf } from '../src/option-rows.ts';

const INTRODUCTION = `# From ld-relay to a RelayProxy

<!-- Made by relay/tools/docs.ts from the tables that \`flagrelay migrate\` uses. Do not edit. -->

\`flagrelay migrate\` reads what an ld-relay is configured with (its file, its environment variables, or the values of its Helm
chart) and prints a \`RelayProxy\` with the Secrets that it needs. Nothing is lost in silence: its report names each option that has
no counterpart, why, and what to do instead.

\`\`\`
${MIGRATE_USAGE}\`\`\`

From a checkout it is \`npx flagrelay migrate …\` after \`npm ci\`; the image of the relay has it too:

\`\`\`sh
docker run --rm -i ghcr.io/flagrelay/relay migrate --config - < ld-relay.conf > relayproxy.yaml
\`\`\`

## From the chart launchdarkly/ld-relay-helm

1. Take the values and, where they name one, the Secret with variables:

   \`\`\`sh
   helm get values my-relay --output yaml > values.yaml
   kubectl get secret my-relay-env --output yaml > secret.yaml      # relay.envFromSecret
   npx flagrelay migrate --values values.yaml --env secret.yaml --name relay > relayproxy.yaml
   \`\`\`

2. Read the report, change the manifest where it says so, and apply it **beside** the old release: \`kubectl apply -f relayproxy.yaml\`.
   References to Secrets stay references to the same Secrets; keys that were in the values are now in a Secret.
3. Wait for it: \`kubectl wait relayproxy relay --for=condition=Ready\`.
4. Point SDKs to \`http://relay.NAMESPACE:8030\`, and uninstall the old release when its last stream is gone.

To keep the old address, call the RelayProxy as the old Service is called (\`--name\`) and let it take over what the chart has made
under the names that it needs, one object after the other:

\`\`\`sh
kubectl annotate configmap my-relay-config flagrelay.dev/adopt=true     # its keys stay in it, for the old pods
kubectl apply -f relayproxy.yaml
kubectl rollout status deployment/my-relay-relay                        # the new pods have data; the Service leads to the old ones
helm upgrade my-relay launchdarkly/ld-relay --reuse-values --set-string 'service.annotations.helm\\.sh/resource-policy=keep'
kubectl annotate service my-relay flagrelay.dev/adopt=true              # from here on it leads to the new pods
kubectl wait relayproxy my-relay --for=condition=Ready
helm uninstall my-relay                                                 # the ConfigMap is made again at once
\`\`\`

Until the Service is taken over, the condition \`Reconciled\` is False with reason \`FieldConflict\` and names it. The operator looks at
objects of somebody else once a minute. SDKs reconnect by themselves. To go back, delete the RelayProxy and install the old release
again: nothing was changed in your Secrets, and a Redis keeps its layout.

## What is different by default

| | ld-relay and its chart | RelayProxy |
| --- | --- | --- |
| pods | 1 | 3, over zones, with a disruption budget |
| readiness | \`/status\`, which is 200 always | a pod without data takes no connections |
| a pod whose environments have no data after \`initTimeout\` | ends, unless \`ignoreConnectionErrors\` is on | stays, not ready, and goes on trying (\`upstream.onInitTimeout\`) |
| data from Redis | read again after 30 s | kept in memory forever, so that the loss of Redis is no outage (\`store.redis.cachePolicy\`) |
| keys | in environment variables, a change needs a restart | in files, a change takes effect by itself |
| prefix in the store of an environment without one | \`launchdarkly\` | the environment's name; \`migrate\` writes \`launchdarkly\` down |
| log | text | JSON lines |

What was set is kept, whatever the default.
`;

/** The page that says what becomes of each option of ld-relay and each value of its chart, as Markdown. */
export function migratingPage(): string {
  return [
    INTRODUCTION,
    '## Values of ld-relay-helm 3.10\n',
    `Fields are below \`spec\`, if they do not begin with \`metadata\`.\n`,
    table(
      ['Value', 'RelayProxy'],
      VALUE_ROWS.map((row) => [code(row.path), counterpart(row)]),
    ),
    '## Options of ld-relay\n',
    `Those of newer versions are among them, and those that only flagrelay's relay has (*).\n`,
    table(['Option', 'Variable', 'RelayProxy'], OPTIONS.map(optionCells)),
    '`HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` become `podTemplate.env`. `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured as Go programs honour them; the files that they name are to be mounted by `podTemplate.volumes`.\n',
  ].join('\n');
}

function optionCells(option: Option): string[] {
  const { section, key, env } = option;
  const variable = env === undefined ? '–' : code(env.endsWith('_') ? `${env}NAME` : env);
  const name = key === undefined ? '–' : code(`[${section}] ${key}`);
  const own = option.own === true ? ' *' : '';
  return [`${name}${own}`, variable, counterpart(rowOf(option), idOf(option).endsWith('File') && rowOf(option).field)];
}

interface Counterpart {
  readonly field?: string | undefined;
  readonly how?: string;
  readonly because?: string | undefined;
  readonly instead?: string;
}

function counterpart({ field, how, because, instead }: Counterpart, file: string | false | undefined = false): string {
  if (field === undefined) return `none: ${because}. Instead: ${instead}`;
  return `${code(field)}${how === undefined ? '' : `; ${how}`}${file ? '; content of the file' : ''}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('');
}

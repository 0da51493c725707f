import { parseArgs } from 'node:util';
import type { SecretsMode } from './secrets.ts';

/** What the command line of `migrate` asks for. */
export interface MigrateCommand {
  readonly help: boolean;
  /** File with ld-relay's INI. */
  readonly config?: string;
  /** Files with variables; `-` is standard input. */
  readonly env: readonly string[];
  readonly fromEnv: boolean;
  readonly values?: string;
  readonly service?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly output?: string;
  readonly secrets: SecretsMode;
}

/** A command line that is invalid. `message` is for the user. */
export class MigrateUsageError extends Error {
  override readonly name = 'MigrateUsageError';
}

/** What `migrate --help` prints. */
export const MIGRATE_USAGE = `flagrelay migrate [options]    turn what an ld-relay was configured with into a RelayProxy and Secrets

  --config FILE       its configuration file (ld-relay.conf)
  --env FILE          its environment variables, over the file: a .env file, a unit or EnvironmentFile of systemd, what
                      \`env\` prints, or YAML or JSON: docker-compose, an ECS task definition, a Deployment or Pod, a
                      ConfigMap, a Secret (its keys are then referred to, not copied). Repeatable; \${NAME} and $(NAME)
                      take their values from files given before, and from .env beside a docker-compose file
  --from-env          the variables of this process
  --values FILE       values of its Helm chart (launchdarkly/ld-relay-helm); --config and --env say what they refer to
                      FILE may be - for standard input

  --service NAME      which service or container, if the YAML has several
  --name NAME         name of the RelayProxy and its Service (relay, or the chart's)
  --namespace NAME    namespace of what is made
  --secrets MODE      manifests: Secrets with the credentials (default); placeholders: Secrets to be filled in; omit: none
  --output DIR        write a file for each manifest instead of printing them; those of Secrets for you alone

Manifests go to standard output, the report to standard error. It names every option that could not be taken over, and never a
credential. Exit code: 0 all was taken over; 3 there are manifests, and things to do or to know in the report; 2 a mistake in
the input or the command line, nothing was written; 1 a file could not be written.
`;

const MODES: readonly SecretsMode[] = ['manifests', 'placeholders', 'omit'];

/** Reads the arguments after `migrate`. Throws {@link MigrateUsageError}. */
export function parseMigrateCommand(argv: readonly string[]): MigrateCommand {
  const { values } = parse(argv);
  const { secrets = 'manifests', config, service, name, namespace, output } = values;
  if (!MODES.includes(secrets as SecretsMode))
    throw new MigrateUsageError(`--secrets must be one of ${MODES.join(', ')}`);
  const env = values.env ?? [];
  const fromEnv = values['from-env'] === true;
  const help = values.help === true;
  if (!help && config === undefined && env.length === 0 && !fromEnv && values.values === undefined) {
    throw new MigrateUsageError('nothing to migrate: give --config, --env, --from-env or --values; see --help');
  }
  if ([config, values.values, ...env].filter((file) => file === '-').length > 1) {
    throw new MigrateUsageError('only one file can be - (standard input)');
  }
  return {
    help,
    env,
    fromEnv,
    secrets: secrets as SecretsMode,
    ...given({ config, service, name, namespace, output, values: values.values }),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        config: text,
        env: { type: 'string', multiple: true },
        'from-env': flag,
        values: text,
        service: text,
        name: text,
        namespace: text,
        output: text,
        secrets: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new MigrateUsageError(`${error.message.split('. ')[0]}; see --help`);
  }
}

function given<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
